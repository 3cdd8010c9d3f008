"""Many wishes at once about quota: one valid path, one limit, one line each in the log, and none lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError

import pytest
from django.db import connections, transaction
from django.db.models import Model
from django.db.models.signals import pre_save
from django.utils import timezone

from tenants import expiry, granting
from tenants.errors import DomainError
from tenants.models import (
    App,
    AuditEntry,
    Grant,
    Namespace,
    Notice,
    Operation,
    Plan,
    QuotaRequest,
    QuotaWant,
    Team,
    User,
    Volume,
)
from tenants.models.granting import DECIDED, State
from tenants.rules.granting import MOVES, Move
from tenants.rules.policy import Rule
from tenants.services import apps, lowering, quota_decisions, quota_requests, volumes
from tests.factories import GIB, make_namespace, make_spec
from tests.quota.conftest import Ask, Live
from tests.services.test_races import MANY, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

WISHES, THREADS = 200, 40


def crowd(verbs: list[Callable[[], object]]) -> Counter[str]:
    """200 wishes, the verbs in turn, forty at a time: how often each ended how."""
    ready = Barrier(THREADS, timeout=60)

    def run(number: int) -> str:
        if number < THREADS:
            ready.wait()
        try:
            verbs[number % len(verbs)]()
        except DomainError as error:
            return error.code
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(THREADS) as pool:
        return Counter(pool.map(run, range(WISHES)))


@contextmanager
def meeting(*models: type[Model]) -> Iterator[None]:
    """Two that are about to write one of `models` go on together; whom the other's lock holds up is not waited for."""
    ready = Barrier(2)

    def meet(**_: object) -> None:
        with suppress(BrokenBarrierError):
            ready.wait(timeout=1)

    for model in models:
        pre_save.connect(meet, sender=model)
    try:
        yield
    finally:
        for model in models:
            pre_save.disconnect(meet, sender=model)


def wishes(alice: User, dave: User, request: QuotaRequest) -> list[Callable[[], object]]:
    """All that may be done to one request; the clock comes after its last day."""

    def decide(by: Move) -> Callable[[], object]:
        return lambda: quota_decisions.decide(actor=dave, request=request, revision=1, by=by, text="So be it")

    return [
        lambda: quota_requests.submit(actor=alice, request=request),
        decide(Move.APPROVE),
        decide(Move.REJECT),
        lambda: quota_requests.withdraw(actor=alice, request=request),
        lambda: expiry.close(timezone.localdate() + timedelta(days=30)),
    ]


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("sent", "first"), [(False, 0), (True, 0), (True, 1)])
def test_one_request_takes_one_path(
    sent: bool, first: int, alice: User, dave: User, namespace: Namespace, ask: Ask
) -> None:
    """`first` of the wishes is let go first: by 1 the approval, which the others then race."""
    request = ask(send=sent, until=timezone.localdate() + timedelta(days=7))
    verbs = wishes(alice, dave, request)
    ends = crowd(verbs[first:] + verbs[:first])
    assert set(ends) <= {"done", "state", "decided", "not_found", "invalid"}
    request.refresh_from_db()
    namespace.refresh_from_db()
    state = State.DRAFT
    steps = list(request.steps.all())
    for step in steps:
        assert step.old == state
        state = MOVES[Move(step.by)][state]
        assert state == (step.new or step.old)
    assert state == request.state
    assert state not in (State.DRAFT, State.SUBMITTED)
    lines = AuditEntry.objects.filter(target_noun="quota_request").exclude(action="quota.draft")
    assert Counter(lines.values_list("action", flat=True)) == Counter(f"quota.{step.by}" for step in steps)
    given = request.state in DECIDED
    assert namespace.limits["memory"] == (12 * GIB if given else 8 * GIB)
    assert Grant.objects.count() == Operation.objects.count() == namespace.generation - 1 == int(given)
    assert QuotaWant.objects.get().open is given


def test_observers_that_end_a_raise_at_once_end_it_once(dave: User, namespace: Namespace, ask: Ask) -> None:
    """A leader that lost its lease may still be at it."""
    request = ask(until=timezone.localdate() + timedelta(days=7))
    quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE)
    with transaction.atomic():
        granting.confirmed(Namespace.objects.get())
    over = timezone.localdate() - timedelta(days=1)
    Grant.objects.update(until=over)
    QuotaRequest.objects.update(granted_until=over)
    Namespace.objects.update(used_at=timezone.now())
    assert at_once(lambda _: expiry.expire()) == {"done": MANY}
    namespace.refresh_from_db()
    assert namespace.limits["memory"] == 8 * GIB
    assert AuditEntry.objects.filter(action="quota.go_back").count() == 1
    assert AuditEntry.objects.filter(action="quota.expire").count() == 1
    assert Grant.objects.filter(cause="expired").count() == 1
    assert Notice.objects.filter(kind="quota.ended", person__username="alice").count() == 1


def test_room_is_given_back_or_taken_by_an_app_and_never_both(alice: User, namespace: Namespace) -> None:
    with meeting(Namespace, App):
        ends = at_once(
            lambda number: (
                lowering.lower(actor=alice, namespace=namespace, wants={"memory": 2 * GIB}, confirmed=True)
                if number
                else apps.create_app(actor=alice, namespace=namespace, name="shop", spec=make_spec(memory=3 * GIB))
            ),
            times=2,
        )
    assert ends in ({"done": 1, "invalid": 1}, {"done": 1, "quota_exceeded": 1})


def test_one_request_is_open_for_a_resource(alice: User, andy: User, ask: Ask) -> None:
    drafts = [ask(send=False, by=(alice, andy)[number % 2]) for number in range(MANY)]

    def submit(number: int) -> None:
        quota_requests.submit(actor=(alice, andy)[number % 2], request=drafts[number])

    assert at_once(submit) == {"done": 1, "open": MANY - 1}
    assert QuotaRequest.objects.open().count() == QuotaWant.objects.filter(open=True).count() == 1


def test_last_of_a_teams_ceiling_is_given_once(alice: User, team: Team, plan: Plan, live: Live) -> None:
    places = [make_namespace(team, f"place-{number}", plan=plan) for number in range(4)]
    live(rules=(Rule(name="All"),), ceilings={"memory": 36 * GIB})

    def ask_for(number: int) -> None:
        quota_requests.ask(actor=alice, namespace=places[number], wants={"memory": 12 * GIB}, reason="The sale")

    assert at_once(ask_for, times=4) == {"done": 1, "ceiling": 3}
    assert sum(place.limits["memory"] for place in Namespace.objects.all()) == 36 * GIB


def test_raise_is_extended_once(alice: User, andy: User, dave: User, ask: Ask) -> None:
    raised = ask(until=timezone.localdate() + timedelta(days=7))
    quota_decisions.decide(actor=dave, request=raised, revision=1, by=Move.APPROVE)
    QuotaRequest.objects.update(state=State.APPLIED)
    QuotaWant.objects.update(open=False)
    ends = at_once(lambda number: quota_requests.extend(actor=(alice, andy)[number % 2], request=raised))
    assert ends == {"done": 1, "open": MANY - 1}


def test_storage_is_given_back_or_taken_and_never_both(alice: User, namespace: Namespace) -> None:
    with meeting(Namespace, Volume):
        ends = at_once(
            lambda number: (
                lowering.lower(actor=alice, namespace=namespace, wants={"storage": 20 * GIB})
                if number
                else volumes.create_volume(actor=alice, namespace=namespace, name="data", size=30 * GIB)
            ),
            times=2,
        )
    assert ends in ({"done": 1, "invalid": 1}, {"done": 1, "quota_exceeded": 1})


def test_approval_and_change_end_with_what_was_seen(alice: User, dave: User, namespace: Namespace, ask: Ask) -> None:
    """The approver sees 12 GiB; alice asks for 16 in that moment."""
    request = ask()
    ends = at_once(
        lambda number: (
            quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE)
            if number
            else quota_requests.edit(
                actor=alice, request=request, wants={"memory": 16 * GIB}, reason="More", until=None
            )
        ),
        times=2,
    )
    assert ends in ({"done": 1, "changed": 1}, {"done": 1, "state": 1})
    namespace.refresh_from_db()
    assert namespace.limits["memory"] in (8 * GIB, 12 * GIB)
