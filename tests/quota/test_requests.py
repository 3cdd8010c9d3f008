"""What a team does with a request for more quota: who may, what is refused where, and who hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.errors import Conflict, DomainError, Forbidden, Gone, Invalid, NotFound
from tenants.models import AuditEntry, Namespace, Notice, Operation, Plan, QuotaRequest, Team, User
from tenants.rules.granting import Move
from tenants.rules.policy import Rule
from tenants.services import quota_decisions, quota_requests
from tests.factories import GIB, make_member, make_namespace, make_user
from tests.quota.conftest import Ask, Live

pytestmark = pytest.mark.django_db

ALL = (Rule(name="All"),)


def told() -> set[tuple[str, str]]:
    return set(Notice.objects.values_list("person__username", "kind"))


def approve(request: QuotaRequest, dave: User) -> QuotaRequest:
    return quota_decisions.decide(actor=dave, request=request, revision=request.revision, by=Move.APPROVE)


# -- who may, and what


@pytest.mark.parametrize(
    ("who", "error"), [("bob", Forbidden), ("carol", Forbidden), ("sam", Forbidden), ("erin", NotFound)]
)
def test_only_owners_and_admins_ask(
    who: str, error: type[DomainError], bob: User, carol: User, sam: User, erin: User, namespace: Namespace
) -> None:
    people = {person.username: person for person in (bob, carol, sam, erin)}
    with pytest.raises(error):
        quota_requests.draft(actor=people[who], namespace=namespace, wants={"cpu": 8000})


@pytest.mark.parametrize(
    ("wants", "field"),
    [
        ({"nvidia.com/gpu": 1}, "nvidia.com/gpu"),
        ({"cpu": -1}, "cpu"),
        ({"memory": 1 << 61}, "memory"),
        ({"pods": 1 << 40}, "pods"),
    ],
)
def test_what_no_quota_may_have_is_refused_at_its_field(
    wants: dict[str, int], field: str, alice: User, namespace: Namespace
) -> None:
    with pytest.raises(Invalid) as caught:
        quota_requests.draft(actor=alice, namespace=namespace, wants=wants)
    assert set(caught.value.fields) == {field}


def test_resource_of_the_policy_is_offered(alice: User, namespace: Namespace, live: Live, ask: Ask) -> None:
    live(extra=("nvidia.com/gpu",))
    request = ask(**{"nvidia.com/gpu": 1})
    want = request.wants.get()
    assert (want.resource, want.before, want.wanted) == ("nvidia.com/gpu", 0, 1)


# -- sending ---------------------------------------------------------------------------------------------


def test_what_no_rule_approves_waits_and_approvers_hear_of_it(dave: User, team: Team, ask: Ask) -> None:
    make_member(team, make_user("dora", staff_role="approver"), "viewer")
    request = ask()
    assert request.state == "submitted"
    assert told() == {("dave", "quota.asked")}
    assert Notice.objects.get().text == "memory from 8 GiB to 12 GiB\n\nThe sale"
    assert request.namespace.limits["memory"] == 8 * GIB


def test_what_a_rule_approves_is_on_its_way_at_once(dave: User, namespace: Namespace, live: Live, ask: Ask) -> None:
    policy = live(rules=(Rule(name="Small", raise_at_most=0.5), Rule(name="No", then="approver")))
    request = ask()
    namespace.refresh_from_db()
    assert (request.state, request.rule, request.policy, request.decided_by) == ("approved", "Small", policy, None)
    assert request.verdict["memory"]["why"] == "raise up to 50%"
    assert namespace.limits["memory"] == 12 * GIB
    assert Operation.objects.get().kind == "namespace.apply"
    assert not told()


def test_one_resource_that_no_rule_approves_leaves_all_to_an_approver(
    namespace: Namespace, live: Live, ask: Ask
) -> None:
    live(rules=(Rule(name="Memory", resources=("memory",)),))
    assert ask(memory=12 * GIB, cpu=8000).state == "submitted"
    namespace.refresh_from_db()
    assert namespace.limits["memory"] == 8 * GIB


def test_over_the_ceiling_is_an_error_at_the_field(live: Live, ask: Ask) -> None:
    live(rules=ALL, ceilings={"memory": 10 * GIB})
    with pytest.raises(Invalid) as caught:
        ask(memory=12 * GIB, cpu=8000)
    assert (caught.value.code, set(caught.value.fields)) == ("ceiling", {"memory"})
    assert QuotaRequest.objects.get().state == "draft"


@pytest.mark.parametrize(
    ("wants", "field", "words"),
    [
        ({}, "wants", "Ask for more"),
        ({"memory": 8 * GIB}, "memory", "It has 8 GiB already"),
        ({"memory": 4 * GIB}, "memory", "give some back"),
    ],
)
def test_request_asks_for_more(
    wants: dict[str, int], field: str, words: str, alice: User, namespace: Namespace
) -> None:
    draft = quota_requests.draft(actor=alice, namespace=namespace, wants=wants, reason="The sale")
    with pytest.raises(Invalid) as caught:
        quota_requests.submit(actor=alice, request=draft)
    assert list(caught.value.fields) == [field]
    assert words in caught.value.fields[field]


@pytest.mark.parametrize("days", [-1, 4000])
def test_last_day_is_one_to_come(days: int, ask: Ask) -> None:
    with pytest.raises(Invalid) as caught:
        ask(until=timezone.localdate() + timedelta(days=days))
    assert list(caught.value.fields) == ["until"]


def test_no_second_request_for_a_resource_while_one_is_open(ask: Ask) -> None:
    first = ask()
    with pytest.raises(Conflict) as caught:
        ask(memory=16 * GIB)
    assert (caught.value.code, set(caught.value.fields)) == ("open", {"memory"})
    assert f"Request {first.number}" in caught.value.message


def test_changed_request_takes_no_resource_of_another_that_is_open(ask: Ask, alice: User, dave: User) -> None:
    asked, other = ask(cpu=8000), ask()
    quota_decisions.decide(actor=dave, request=asked, revision=1, by=Move.ASK_CHANGES, text="Is it CPU?")
    with pytest.raises(Conflict) as caught:
        quota_requests.edit(actor=alice, request=asked, wants={"memory": 16 * GIB}, reason="The sale", until=None)
    assert f"Request {other.number}" in caught.value.fields["memory"]


def test_another_resource_is_asked_for_beside_it(ask: Ask) -> None:
    ask()
    assert ask(cpu=8000).state == "submitted"


def test_request_is_sent_once(alice: User, ask: Ask) -> None:
    with pytest.raises(Conflict) as caught:
        quota_requests.submit(actor=alice, request=ask())
    assert caught.value.code == "state"


def test_nothing_is_asked_for_in_a_namespace_that_goes(alice: User, namespace: Namespace, ask: Ask) -> None:
    request = ask(send=False)
    Namespace.objects.update(deleting_since=timezone.now())
    with pytest.raises(Gone):
        quota_requests.submit(actor=alice, request=request)


def test_nothing_is_asked_for_in_a_suspended_team(alice: User, ask: Ask) -> None:
    request = ask()
    Team.objects.update(suspended_at=timezone.now())
    for verb in (quota_requests.withdraw, quota_requests.submit):
        with pytest.raises(Forbidden):
            verb(actor=User.objects.get(pk=alice.pk), request=QuotaRequest.objects.get(pk=request.pk))


# -- changing, taking back -------------------------------------------------------------------------------


def test_changed_request_is_another_revision_and_is_weighed_again(
    alice: User, dave: User, live: Live, ask: Ask
) -> None:
    request = ask(memory=16 * GIB)
    QuotaRequest.objects.update(first_approval={"by": dave.pk})
    policy = live(ceilings={"memory": 20 * GIB})
    changed = quota_requests.edit(
        actor=alice, request=request, wants={"memory": 20 * GIB}, reason="A bigger sale", until=None
    )
    assert (changed.state, changed.revision, changed.first_approval, changed.policy) == ("submitted", 2, {}, policy)
    with pytest.raises(Invalid) as caught:
        quota_requests.edit(actor=alice, request=changed, wants={"memory": 21 * GIB}, reason="More", until=None)
    assert caught.value.code == "ceiling"


def test_change_that_a_rule_approves_is_approved(alice: User, live: Live, ask: Ask) -> None:
    live(rules=(Rule(name="Up to 10", at_most={"memory": 10 * GIB}),))
    request = ask()
    changed = quota_requests.edit(actor=alice, request=request, wants={"memory": 10 * GIB}, reason="Less", until=None)
    assert (changed.state, changed.rule) == ("approved", "Up to 10")


def test_colleague_changes_and_withdraws(andy: User, ask: Ask) -> None:
    request = quota_requests.edit(actor=andy, request=ask(), wants={"cpu": 8000}, reason="CPU", until=None)
    assert [want.resource for want in request.wants.all()] == ["cpu"]
    assert quota_requests.withdraw(actor=andy, request=request, text="Not needed").state == "withdrawn"
    assert told() >= {("alice", "quota.message")}
    assert ("andy", "quota.message") not in told()


def test_changes_that_are_asked_for_are_made_and_sent_again(alice: User, dave: User, ask: Ask) -> None:
    request = ask()
    quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.ASK_CHANGES, text="Less")
    quota_requests.edit(actor=alice, request=request, wants={"memory": 10 * GIB}, reason="Less", until=None)
    assert quota_requests.submit(actor=alice, request=request).state == "submitted"


def test_withdrawn_request_leaves_its_resource_free(alice: User, ask: Ask) -> None:
    quota_requests.withdraw(actor=alice, request=ask())
    assert ask().state == "submitted"


def test_decided_request_is_not_changed(alice: User, dave: User, ask: Ask) -> None:
    request = approve(ask(), dave)
    for verb in (quota_requests.withdraw, quota_requests.submit):
        with pytest.raises(Conflict) as caught:
            verb(actor=alice, request=request)
        assert caught.value.code == "state"


def test_each_step_has_its_line_in_the_thread_and_in_the_audit_log(alice: User, ask: Ask) -> None:
    request = ask()
    quota_requests.comment(actor=alice, request=request, text="Soon, please")
    quota_requests.withdraw(actor=alice, request=request)
    steps = [(step.by, step.old, step.new, step.text) for step in request.steps.all()]
    assert steps == [
        ("submit", "draft", "submitted", ""),
        ("comment", "submitted", "", "Soon, please"),
        ("withdraw", "submitted", "withdrawn", ""),
    ]
    lines = AuditEntry.objects.filter(target_noun="quota_request").values_list("action", flat=True)
    assert sorted(lines) == ["quota.comment", "quota.draft", "quota.submit", "quota.withdraw"]


# -- the thread ------------------------------------------------------------------------------------------


def test_comment_reaches_whoever_takes_part_and_not_its_author(alice: User, sam: User, dave: User, ask: Ask) -> None:
    request = ask()
    quota_requests.comment(actor=sam, request=request, text="Which app grows?")
    assert ("alice", "quota.message") in told()
    quota_requests.comment(actor=alice, request=request, text="checkout")
    assert {who for who, kind in told() if kind == "quota.message"} == {"alice", "sam"}
    assert Notice.objects.filter(person=alice).count() == 1


def test_developers_read_and_do_not_write(bob: User, ask: Ask) -> None:
    with pytest.raises(Forbidden):
        quota_requests.comment(actor=bob, request=ask(), text="Me too")


def test_nobody_comments_on_a_draft(alice: User, ask: Ask) -> None:
    with pytest.raises(Conflict):
        quota_requests.comment(actor=alice, request=ask(send=False), text="Hm")


def test_staff_do_not_comment_on_a_draft(sam: User, ask: Ask) -> None:
    with pytest.raises(DomainError):
        quota_requests.comment(actor=sam, request=ask(send=False), text="Hm")


# -- ceilings are about the team -------------------------------------------------------------------------


def test_ceiling_counts_all_namespaces(alice: User, team: Team, plan: Plan, live: Live, ask: Ask) -> None:
    make_namespace(team, "stage", plan=plan)
    live(rules=ALL, ceilings={"memory": 20 * GIB})
    assert ask(memory=12 * GIB).state == "approved"
    stage = Namespace.objects.get(name="stage")
    draft = quota_requests.draft(actor=alice, namespace=stage, wants={"memory": 9 * GIB}, reason="Stage")
    with pytest.raises(Invalid):
        quota_requests.submit(actor=alice, request=draft)
