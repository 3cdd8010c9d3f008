"""Whoever locks rows locks them in the one order of docs/architecture.md, Locks, which keeps wishes from deadlocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from tenants.models import Namespace, Team, User
from tenants.rules.granting import Move
from tenants.services import (
    accounts,
    apps,
    joining,
    lowering,
    members,
    namespaces,
    plans,
    quota_decisions,
    quota_requests,
    secrets,
    teams,
    transfers,
)
from tests.factories import GIB, make_app, make_policy, make_quota_request, make_spec

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

ORDER = (
    {"plan"},
    {"namespace"},
    {"app", "volume", "secret", "quotarequest"},
    {"team"},
    {"membership", "invitation", "joinrequest", "transfer"},
    {"user"},
    {"clusterstate"},
)
LOCKED = re.compile(r'FROM "tenants_(\w+)".* FOR (?:NO KEY )?UPDATE(?! SKIP LOCKED)', re.DOTALL)

Locks = list[tuple[str, str]]


@contextmanager
def locks() -> Iterator[Locks]:
    """Tables and what was asked of them, of each statement that locks rows, as they come."""
    found: Locks = []

    def see(run: Callable[..., Any], sql: str, params: Any, *more: Any) -> Any:
        if match := LOCKED.search(sql):
            found.append((match[1], str(params)))
        return run(sql, params, *more)

    with connection.execute_wrapper(see):
        yield found


def out_of_order(found: Locks) -> list[str]:
    """Tables that are locked after one that comes later; what is locked once more is held already.

    What a request asks for is locked by whoever holds the request.
    """
    ranks = {table: rank for rank, tables in enumerate(ORDER) for table in tables}
    seen: set[tuple[str, str]] = set()
    highest, wrong = 0, []
    for table, about in found:
        if (table, about) in seen or table == "quotawant":
            continue
        seen.add((table, about))
        if ranks[table] < highest:
            wrong.append(table)
        highest = max(highest, ranks[table])
    return wrong


@pytest.fixture
def people(request: pytest.FixtureRequest) -> dict[str, User]:
    return {name: request.getfixturevalue(name) for name in ("alice", "andy", "bob", "erin", "dave")}


Verb = Callable[[dict[str, User], Namespace], object]
VERBS: dict[str, Verb] = {
    "create": lambda who, place: namespaces.create_namespace(
        actor=who["alice"], team=place.team, name="other", plan=place.plan
    ),
    "delete": lambda who, place: namespaces.delete_namespace(actor=who["alice"], namespace=place, confirm=place.name),
    "delete team": lambda who, place: teams.delete_team(actor=who["alice"], team=place.team, confirm=place.team.slug),
    "app": lambda who, place: apps.create_app(actor=who["bob"], namespace=place, name="shop", spec=make_spec()),
    "delete app": lambda who, place: apps.delete_app(actor=who["bob"], app=make_app(place), confirm="checkout"),
    "secret": lambda who, place: secrets.set_secret(actor=who["bob"], namespace=place, name="db", values={"A": "b"}),
    "draft": lambda who, place: quota_requests.draft(
        actor=who["alice"], namespace=place, wants={"memory": 12 * GIB}, reason="So", until=None
    ),
    "edit": lambda who, place: quota_requests.edit(
        actor=who["alice"],
        request=make_quota_request(place, who["alice"]),
        wants={"memory": 13 * GIB},
        reason="So",
        until=None,
    ),
    "withdraw": lambda who, place: quota_requests.withdraw(
        actor=who["alice"], request=make_quota_request(place, who["alice"])
    ),
    "comment": lambda who, place: quota_requests.comment(
        actor=who["alice"], request=make_quota_request(place, who["alice"]), text="Hm"
    ),
    "approve": lambda who, place: quota_decisions.decide(
        actor=who["dave"], request=make_quota_request(place, who["alice"]), revision=1, by=Move.APPROVE
    ),
    "lower": lambda who, place: lowering.lower(actor=who["alice"], namespace=place, wants={"pods": 12}),
    "plan": lambda who, place: plans.save_plan(actor=who["dave"], plan=place.plan, default_request_cpu=60),
    "role": lambda who, place: members.change_role(
        actor=who["alice"], membership=place.team.memberships.get(user=who["bob"]), role="viewer"
    ),
    "leave": lambda who, place: accounts.leave_site(actor=who["bob"], confirm="bob"),
    "ask to join": lambda who, place: joining.ask(actor=who["erin"], team=place.team, message="Let me in"),
    "transfer": lambda who, place: transfers.offer(actor=who["alice"], team=place.team, to="andy"),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_verb_locks_in_the_one_order(verb: Verb, people: dict[str, User], namespace: Namespace) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no rows.")
    Team.objects.update(discoverable=True)
    make_policy()
    with locks() as found:
        verb(people, namespace)
    assert found
    assert out_of_order(found) == []


def test_an_order_that_is_not_kept_is_seen() -> None:
    assert out_of_order([("namespace", "1"), ("team", "1"), ("namespace", "2")]) == ["namespace"]
    assert out_of_order([("namespace", "1"), ("team", "1"), ("namespace", "1")]) == []
