"""Everything that may be done about quota, in every order: what must hold after each step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tenants import expiry, granting
from tenants.errors import DomainError
from tenants.models import AuditEntry, Grant, Namespace, Operation, Policy, QuotaRequest, QuotaWant, User
from tenants.models.granting import DECIDED, OPEN, State
from tenants.rules import policy as rules
from tenants.rules.granting import MOVES, Move
from tenants.rules.policy import Rule
from tenants.services import lowering, quota_decisions, quota_requests
from tests.factories import make_member, make_namespace, make_team, make_user

RESOURCES = ("pods", "claims")
CEILINGS = {"pods": 60, "claims": 30}
TWO_PERSONS = {"pods": 50}
AMOUNTS = st.sampled_from([22, 30, 45, 12, 55, 3, 62])
WANTS = st.dictionaries(st.sampled_from(RESOURCES), AMOUNTS, min_size=1)
DAYS = st.sampled_from([None, 4, 12, 0])
DECISIONS = (Move.APPROVE, Move.APPROVE_PART, Move.ASK_CHANGES, Move.REJECT)
PICK = st.integers(min_value=0, max_value=30)


def _of_state(*states: str) -> Callable[[Any], bool]:
    """Whether a request stands so: a walk of refusals alone finds little."""
    return lambda _: QuotaRequest.objects.filter(state__in=states).exists()


def _runs(_: Any) -> bool:
    return Grant.objects.running().exists()


class Quota(RuleBasedStateMachine):
    """One namespace of 20 pods and 5 volumes; two who ask, two who decide; days that pass."""

    def __init__(self) -> None:
        super().__init__()
        self.undone = ExitStack()
        self.undone.enter_context(transaction.atomic())
        self.today = timezone.localdate()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.close()

    @initialize(small=st.integers(min_value=0, max_value=40))
    def begin(self, small: int) -> None:
        """A rule approves up to `small` pods."""
        self.askers = [make_user("alice"), make_user("andy")]
        self.deciders = [make_user(name, staff_role="approver") for name in ("dave", "dora")]
        team = make_team("payments", owner=self.askers[0])
        make_member(team, self.askers[1], "admin")
        self.place = make_namespace(team)
        self.planned = dict(self.place.limits)
        body = rules.Policy(
            rules=(Rule(name="Small", at_most={"pods": small}),), ceilings=CEILINGS, two_persons=TWO_PERSONS
        )
        Policy.objects.create(body=rules.dump(body), live_at=timezone.now())

    # -- what may be done ------------------------------------------------------------------------------

    @rule(wants=WANTS, days=DAYS, who=PICK, send=st.booleans())
    def asks(self, wants: dict[str, int], days: int | None, who: int, send: bool) -> None:
        verb = quota_requests.ask if send else quota_requests.draft
        until = self._day(days)
        self._try(verb, actor=self._of(self.askers, who), namespace=self.place, wants=wants, reason="So", until=until)

    @rule(name=st.sampled_from(RESOURCES), more=st.integers(1, 20), days=DAYS, who=PICK)
    def asks_for_what_may_be_given(self, name: str, more: int, days: int | None, who: int) -> None:
        wants = {name: Namespace.objects.get().limits[name] + more}
        verb: dict[str, Any] = {"wants": wants, "reason": "So", "until": self._day(days)}
        self._try(quota_requests.ask, actor=self._of(self.askers, who), namespace=self.place, **verb)

    @precondition(_of_state(State.SUBMITTED))
    @rule(who=PICK)
    def approves_what_waits(self, who: int) -> None:
        request = self._request(0, QuotaRequest.objects.filter(state=State.SUBMITTED))
        if request is not None:
            verb: dict[str, Any] = {"request": request, "revision": request.revision, "by": Move.APPROVE}
            self._try(quota_decisions.decide, actor=self._of(self.deciders, who), **verb)

    @precondition(_of_state(*OPEN, State.DRAFT))
    @rule(which=PICK, wants=WANTS, days=DAYS, who=PICK)
    def edits(self, which: int, wants: dict[str, int], days: int | None, who: int) -> None:
        self._on(quota_requests.edit, which, who, wants=wants, reason="Else", until=self._day(days))

    @precondition(_of_state(State.DRAFT, State.CHANGES_ASKED))
    @rule(which=PICK, who=PICK)
    def submits(self, which: int, who: int) -> None:
        self._on(quota_requests.submit, which, who)

    @precondition(_of_state(*OPEN, State.DRAFT))
    @rule(which=PICK, who=PICK)
    def withdraws(self, which: int, who: int) -> None:
        self._on(quota_requests.withdraw, which, who)

    @precondition(_runs)
    @rule(which=PICK, who=PICK)
    def extends(self, which: int, who: int) -> None:
        self._on(quota_requests.extend, which, who)

    @precondition(_of_state(*OPEN, State.DRAFT))
    @rule(which=PICK, who=PICK, text=st.just("Hm"))
    def comments(self, which: int, who: int, text: str) -> None:
        self._on(quota_requests.comment, which, who, text=text)

    @precondition(_of_state(State.SUBMITTED))
    @rule(which=PICK, who=PICK, by=st.sampled_from(DECISIONS), granted=WANTS, days=DAYS, late=st.booleans())
    def decides(self, which: int, who: int, by: Move, granted: dict[str, int], days: int | None, late: bool) -> None:
        """Mostly about what waits, and `late` on what was asked before it was changed."""
        request = self._request(which, QuotaRequest.objects.filter(state=State.SUBMITTED)) or self._request(which)
        if request is not None:
            decider = self._of(self.deciders, who)
            revision = max(1, request.revision - late)
            verb: dict[str, Any] = {"revision": revision, "by": by, "text": "So be it"}
            if by in quota_decisions.APPROVALS:
                verb["until"] = self._day(days)
            if by is Move.APPROVE_PART:
                verb["granted"] = granted
            self._try(quota_decisions.decide, actor=decider, request=request, **verb)

    @precondition(_of_state(*DECIDED))
    @rule()
    def cluster_confirms(self) -> None:
        granting.confirmed(Namespace.objects.get())

    @precondition(_of_state(*DECIDED))
    @rule()
    def cluster_refuses(self) -> None:
        granting.delayed(Namespace.objects.get(), "it does not like it")

    @rule(wants=WANTS, who=PICK)
    def lowers(self, wants: dict[str, int], who: int) -> None:
        self._try(lowering.lower, actor=self._of(self.askers, who), namespace=self.place, wants=wants)

    @rule(pods=AMOUNTS, claims=AMOUNTS)
    def is_used(self, pods: int, claims: int) -> None:
        """The cluster lets nobody use more than the limits."""
        limits = Namespace.objects.get().limits
        used = {"pods": min(pods, limits["pods"]), "claims": min(claims, limits["claims"])}
        Namespace.objects.update(usage=used, used_at=timezone.now())

    @rule(days=st.integers(min_value=0, max_value=9))
    def days_pass(self, days: int) -> None:
        """Rows grow older: that is the same as a clock that goes on, to whoever reads them."""
        for rows, fields in (
            (QuotaRequest.objects.all(), ("until", "granted_until")),
            (Grant.objects.all(), ("until",)),
        ):
            for row in rows:
                for field in fields:
                    last: date | None = getattr(row, field)
                    setattr(row, field, last and last - timedelta(days=days))
                row.save(update_fields=fields)
        expiry.expire()

    # -- what must hold --------------------------------------------------------------------------------

    @invariant()
    def each_request_took_a_valid_path(self) -> None:
        for request in QuotaRequest.objects.prefetch_related("steps"):
            state = State.DRAFT
            for step in sorted(request.steps.all(), key=lambda step: step.pk):
                assert step.old == state, (request, step)
                state = MOVES[Move(step.by)][state]
            assert state == request.state

    @invariant()
    def each_step_has_its_line_in_the_audit_log(self) -> None:
        lines = AuditEntry.objects.filter(target_noun="quota_request", outcome="done").exclude(action="quota.draft")
        done: Counter[tuple[str, str]] = Counter(lines.values_list("target_id", "action"))
        steps = QuotaRequest.objects.filter(steps__isnull=False).values_list("pk", "steps__by")
        assert done == Counter((str(pk), f"quota.{by}") for pk, by in steps)

    @invariant()
    def limits_are_what_the_ledger_says(self) -> None:
        place = Namespace.objects.first()
        if place is None:
            return
        limits = dict(self.planned)
        for grant in Grant.objects.order_by("pk"):
            assert grant.old == limits[grant.resource]
            limits[grant.resource] = grant.new
        assert limits == place.limits
        assert Operation.objects.count() == place.generation - 1

    @invariant()
    def limits_stay_between_use_and_ceiling(self) -> None:
        place = Namespace.objects.first()
        for name in RESOURCES if place else ():
            assert place.usage.get(name, 0) <= place.limits[name] <= CEILINGS[name]

    @invariant()
    def one_request_is_open_for_a_resource(self) -> None:
        for request in QuotaRequest.objects.prefetch_related("wants"):
            assert {want.open for want in request.wants.all()} <= {request.state in OPEN}
        wanted = Counter(QuotaWant.objects.filter(open=True).values_list("resource", flat=True))
        assert all(count == 1 for count in wanted.values())

    @invariant()
    def what_runs_for_a_time_is_a_raise_with_a_way_back(self) -> None:
        running = list(Grant.objects.running().select_related("namespace"))
        assert len({grant.resource for grant in running}) == len(running)
        for grant in running:
            limit = Namespace.objects.get().limits[grant.resource]
            assert grant.back_to is not None
            assert grant.back_to < grant.new == limit

    @invariant()
    def nobody_decided_alone_above_the_size_for_two(self) -> None:
        for request in QuotaRequest.objects.filter(decided_by__isnull=False).prefetch_related("wants", "steps"):
            big = any((want.granted or 0) > TWO_PERSONS.get(want.resource, 99) for want in request.wants.all())
            if big and request.state in (State.APPROVED, State.PARTLY_APPROVED, State.APPLIED):
                deciders = {step.actor_id for step in request.steps.all() if step.by.startswith("approve")}
                assert len(deciders) == 2

    # --------------------------------------------------------------------------------------------------

    def _try(self, verb: Callable[..., object], **wish: Any) -> None:
        """What is refused leaves nothing behind: the invariants say so. In a transaction, as at a door."""
        for who in (*self.askers, *self.deciders):
            who.__dict__.pop("_roles", None)
        try:
            with transaction.atomic():
                verb(**wish)
        except DomainError:
            pass

    def _on(self, verb: Callable[..., object], which: int, who: int, **wish: Any) -> None:
        request = self._request(which)
        if request is not None:
            self._try(verb, actor=self._of(self.askers, who), request=request, **wish)

    def _request(self, which: int, among: QuerySet[QuotaRequest] | None = None) -> QuotaRequest | None:
        """One of those that are there, the newest most often."""
        found = list(
            (QuotaRequest.objects.all() if among is None else among).select_related("namespace__team").order_by("-pk")
        )
        return found[which % len(found)] if found else None

    def _of(self, people: list[User], which: int) -> User:
        return people[which % len(people)]

    def _day(self, days: int | None) -> date | None:
        return None if days is None else self.today + timedelta(days=days)


@pytest.mark.timeout(300)
@pytest.mark.django_db
def test_quota_in_every_order() -> None:
    """The same walks each time, and none is shortened when one fails: it takes seconds."""
    few = settings(
        max_examples=20,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Quota, settings=few)  # type: ignore[no-untyped-call]
