"""What the policy that holds says to wanted limits, from the rows as they are."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants import weighing
from tenants.models import ClusterState, Namespace, Policy, QuotaRequest, Sample, StaffRole, Team
from tenants.rules import policy as rules
from tenants.rules.granting import Move
from tenants.services import members, quota_decisions
from tests.factories import make_member, make_namespace, make_quota_request, make_team, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def live(**parts: object) -> Policy:
    return Policy.objects.create(body=rules.dump(rules.Policy(**parts)), live_at=timezone.now())  # type: ignore[arg-type]


@pytest.fixture
def team() -> Team:
    return make_team(owner=make_user("alice"))


@pytest.fixture
def place(team: Team) -> Namespace:
    return make_namespace(team)


def test_what_is_kept_of_a_request_gives_the_same_verdict_again(place: Namespace) -> None:
    policy = live(rules=(rules.Rule(name="Small", at_most={"cpu": 5000}),))
    kept = weighing.weigh(place, {"cpu": 4500}, None).kept
    request = QuotaRequest.objects.create(namespace=place, **kept)
    request.refresh_from_db()
    facts = rules.facts(request.facts["cpu"])
    assert request.policy == policy
    assert rules.judge(rules.load(policy.body), facts).approves
    assert request.verdict["cpu"]["rule"] == "Small"


def test_a_team_s_own_ceiling_goes_before_that_of_the_policy(place: Namespace, team: Team) -> None:
    live(ceilings={"cpu": 4000})
    assert weighing.weigh(place, {"cpu": 4500}, None).wall
    team.ceilings = {"cpu": 8000}
    team.save()
    place.refresh_from_db()
    assert weighing.weigh(place, {"cpu": 4500}, None).wall is None


def test_a_ceiling_holds_for_all_namespaces_of_the_team_together(place: Namespace, team: Team) -> None:
    make_namespace(team, "stage")
    live(ceilings={"cpu": 9000})
    assert weighing.weigh(place, {"cpu": 5000}, None).wall is None
    assert weighing.weigh(place, {"cpu": 5001}, None).wall


def test_the_last_day_of_a_raise_counts(place: Namespace) -> None:
    live(rules=(rules.Rule(name="A week", days_at_most=7),))
    today = timezone.localdate()
    assert weighing.weigh(place, {"cpu": 5000}, today + timedelta(days=6)).approves
    assert not weighing.weigh(place, {"cpu": 5000}, today + timedelta(days=7)).approves
    assert not weighing.weigh(place, {"cpu": 5000}, None).approves


def test_peak_is_the_most_that_was_used_or_reserved_in_two_weeks(place: Namespace, team: Team) -> None:
    place.usage = {"cpu": 300, "nvidia.com/gpu": 2}
    place.limits = {**place.limits, "nvidia.com/gpu": 8}
    for days, values in (
        (1, {"cpu": [1, 1200, 1500, 4000], "nvidia.com/gpu": [1, 1, 1, 8]}),
        (13, {"cpu": [1, 1400, 900, 4000], "memory": [7, 1 << 33, 0, 1 << 33]}),
        (15, {"cpu": [1, 3900, 3900, 4000]}),
    ):
        at = timezone.now() - timedelta(days=days)
        Sample.objects.create(team=team, namespace=place, place="dev", seconds=300, at=at, values=values)
    peaks = weighing.peaks_of(place)
    assert (peaks["cpu"], peaks["memory"], peaks["pods"], peaks["nvidia.com/gpu"]) == (1500, 1 << 33, 0, 2)
    assert weighing.peaks_of(place, ["cpu"]) == {"cpu": 1500}
    assert weighing.weigh(place, {"cpu": 5000}, None).facts[0].peak == 1500


def test_before_there_is_a_policy_nothing_is_approved_by_a_rule(place: Namespace) -> None:
    weighed = weighing.weigh(place, {"cpu": 4001}, None)
    assert weighed.policy is None
    assert not weighed.approves


def test_no_rule_gives_alone_what_takes_two_approvers(place: Namespace) -> None:
    live(rules=(rules.Rule(name="All"),), two_persons={"cpu": 5000})
    assert weighing.weigh(place, {"cpu": 5000}, None).approves
    found = weighing.weigh(place, {"cpu": 5001}, None).verdicts[0]
    assert (found.approves, found.why) == (False, "more than 5 cores takes two approvers")


@pytest.mark.parametrize("part", ["created_by", "live_by"])
def test_no_rule_approves_for_the_team_of_who_made_it(place: Namespace, team: Team, part: str) -> None:
    policy = live(rules=(rules.Rule(name="All"),))
    assert weighing.weigh(place, {"cpu": 5000}, None).approves
    Policy.objects.filter(pk=policy.pk).update(**{part: make_member(team, make_user("dave"), "viewer").user})
    found = weighing.weigh(place, {"cpu": 5000}, None).verdicts[0]
    assert (found.approves, found.why) == (False, "somebody of Payments made these rules")


def test_no_rule_approves_for_the_team_that_its_maker_left_lately(place: Namespace, team: Team) -> None:
    dave = make_user("dave", staff_role=StaffRole.APPROVER)
    Policy.objects.filter(pk=live(rules=(rules.Rule(name="All"),)).pk).update(created_by=dave)
    assert weighing.weigh(place, {"cpu": 5000}, None).approves
    members.remove_member(actor=dave, membership=make_member(team, dave, "viewer"))
    assert not weighing.weigh(place, {"cpu": 5000}, None).approves


def test_no_rule_grants_what_the_cluster_has_not(place: Namespace) -> None:
    live(rules=(rules.Rule(name="All"),))
    info = {"allocatable": {"cpu": place.limits["cpu"] + 1000}}
    ClusterState.objects.create(alias="default", since=timezone.now(), info=info)
    assert weighing.weigh(place, {"cpu": place.limits["cpu"] + 1000}, None).approves
    assert not weighing.weigh(place, {"cpu": place.limits["cpu"] + 1001}, None).approves


def test_no_rule_gives_for_longer_what_an_approver_gave_for_a_time(place: Namespace, team: Team) -> None:
    live(rules=(rules.Rule(name="All"),))
    until = timezone.localdate() + timedelta(days=7)
    request = make_quota_request(place, team.memberships.get().user, memory=12 << 30)
    dave = make_user("dave", staff_role=StaffRole.APPROVER)
    quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE, until=until)
    place.refresh_from_db()
    found = weighing.weigh(place, {"memory": 12 << 30}, until + timedelta(days=7)).verdicts[0]
    assert (found.approves, found.why) == (False, "an approver gave what it has now for a time")
    assert weighing.weigh(place, {"cpu": 5000}, None).approves
