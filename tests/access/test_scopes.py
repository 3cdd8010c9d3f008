"""A stolen token opens what its scopes say, at every call of the API: no call forgot to ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import transaction

from tenants import access
from tenants.models import ApiToken, AuditEntry
from tests.access.calls import CALLS
from tests.access.cast import Door
from tests.access.conftest import World, make_world
from tests.access.test_matrix import asked, ids

pytestmark = pytest.mark.django_db

# Calls by POST that change nothing; those for which any token will do: whose it is, and to end tokens; and those for
# which one scope is not enough: to read what only deciders see.
READING = {"api:preflight", "api:quota_weigh", "api:policy_try_out"}
ANY = {("GET", "api:me"), ("DELETE", "api:tokens"), ("DELETE", "api:token")}
SEVERAL = {"api:approvals", "api:approval"}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _no_attempt_counts() -> None:
    cache.clear()


def opened_by(world: World, door: Door, name: str) -> list[str]:
    """The scopes of which one alone opens the call to somebody whose role allows it."""
    found = []
    for scope in access.SCOPES:
        with transaction.atomic():
            ApiToken.objects.filter(user=world.people[name]).update(scopes=[scope])
            lines = AuditEntry.objects.exclude(outcome="denied").count()
            status = asked(world, door, name).status_code
            if 200 <= status < 300:
                found.append(scope)
            else:
                assert status in {403, 404}, (scope, status)
                assert AuditEntry.objects.exclude(outcome="denied").count() == lines, scope
            transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("door", [door for door in CALLS if door.may.split() and 200 <= door.status < 300], ids=ids)
def test_one_scope_opens_a_call_and_the_others_do_not(world: World, door: Door) -> None:
    scopes = opened_by(world, door, door.may.split()[0])
    if (door.method, door.name) in ANY:
        assert set(scopes) == set(access.SCOPES)
    elif door.method == "GET" and door.name in SEVERAL:
        assert scopes == []
    elif door.method == "GET" or door.name in READING:
        assert scopes in (["read"], ["account"])
    else:
        assert len(scopes) == 1
        assert scopes != ["read"]
