"""The staff's pages of policies, plans and a team's walls."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tenants import weighing
from tenants.forms.policies import typed_of
from tenants.models import AuditEntry, Namespace, Plan, Policy, Team, User
from tenants.rules import policy as rules
from tests.factories import GIB, MIB, make_policy, make_quota_request
from tests.signing_in import signed_in

RULES = rules.Policy(rules=(rules.Rule(name="Small", at_most={"cpu": 8000}), rules.Rule(name="All")))
NEW = "/policies/new"


@pytest.fixture
def desk(dave: User) -> Client:
    return signed_in(dave)


@pytest.fixture
def held(db: None) -> Policy:
    return make_policy(**rules.dump(RULES))


def typed(held: Policy, **changes: str) -> dict[str, Any]:
    """What the form of `held` sends, with changes ("rule_0_name" for “rule-0-name”)."""
    fields: dict[str, Any] = {name: values[0] for name, values in typed_of(rules.load(held.body)).lists()}
    newest = Policy.objects.order_by("-pk")[0].pk
    return fields | {"based_on": held.pk, "newest": newest} | changes


def test_policy_is_read_in_words(desk: Client, held: Policy) -> None:
    page = desk.get(reverse("policies")).content.decode()
    assert "CPU up to 8 cores" in page
    assert f"Version {held.number} holds" in page


def test_versions_plans_and_what_they_were_stand_in_lists(desk: Client, held: Policy, plan: Plan) -> None:
    make_policy(namespaces_max=3)
    Policy.objects.create(body={})
    page = desk.get(reverse("policies")).content.decode()
    assert all(f"<span>{words}</span>" in page for words in ("Was live", "Holds", "Draft"))
    Plan.objects.update(active=False)
    assert "Retired" in desk.get(reverse("plans")).content.decode()


def test_a_version_is_saved_from_the_form_and_put_live(desk: Client, held: Policy) -> None:
    answer = desk.post(NEW, typed(held, **{"rule-0-most_cpu": "16", "note": "More"}))
    draft = Policy.objects.order_by("-pk")[0]
    assert answer.headers["Location"] == reverse("policy", args=[draft.pk])
    assert (draft.note, draft.based_on, draft.live_at) == ("More", held, None)
    page = desk.get(reverse("policy", args=[draft.pk])).content.decode()
    assert "Small: CPU up to 16 cores: always → approved at once" in page
    desk.post(reverse("policy", args=[draft.pk]), {"holds": held.pk})
    assert weighing.current()[0] == draft


def test_nothing_typed_is_lost_where_something_is_wrong(desk: Client, held: Policy) -> None:
    page = desk.post(NEW, typed(held, **{"rule-0-most_cpu": "lots", "note": "More", "rule-1-name": "Rest"}))
    html = page.content.decode()
    assert 'value="lots"' in html
    assert 'value="Rest"' in html
    assert 'value="More"' in html
    assert 'id="id_rule-0-most_cpu-error"' in html
    assert Policy.objects.count() == 1


def test_rules_move_without_a_check(desk: Client, held: Policy) -> None:
    html = desk.post(NEW, typed(held, **{"rule-0-most_cpu": "lots", "do": "down:0"})).content.decode()
    assert html.index('value="All"') < html.index('value="Small"')
    assert 'value="lots"' in html
    assert "-error" not in html


def test_who_saves_after_another_is_told_and_saves_again(desk: Client, held: Policy, dave: User) -> None:
    form = typed(held, namespaces_max="7")
    other = Policy.objects.create(body={}, created_by=dave)
    page = desk.post(NEW, form)
    assert f"dave saved version {other.number} meanwhile" in page.content.decode()
    assert page.context["newest"] == other.pk
    assert desk.post(NEW, {**form, "newest": other.pk}).status_code == 302


def test_a_draft_shows_what_it_would_have_done(
    desk: Client, held: Policy, dave: User, alice: User, namespace: Namespace
) -> None:
    request = make_quota_request(namespace, alice, cpu=9000)
    kept = weighing.weigh(namespace, {"cpu": 9000}, None).kept
    type(request).objects.filter(pk=request.pk).update(**kept)
    draft = Policy.objects.create(body={"rules": []}, based_on=held)
    html = desk.get(reverse("policy", args=[draft.pk])).content.decode()
    assert "0 of 1" in html
    assert "no rule approves raises of CPU" in html
    assert reverse("quota_request", args=[request.pk]) in html


def test_what_went_live_meanwhile_is_told(desk: Client, held: Policy) -> None:
    draft = Policy.objects.create(body={}, based_on=held)
    make_policy(namespaces_max=3)
    page = desk.post(reverse("policy", args=[draft.pk]), {"holds": held.pk})
    assert "meanwhile" in page.content.decode()
    draft.refresh_from_db()
    assert draft.live_at is None


def test_only_who_signed_in_recently_puts_a_version_live(dave: User, held: Policy, settings: Any) -> None:
    draft = Policy.objects.create(body={}, based_on=held)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = signed_in(dave).post(reverse("policy", args=[draft.pk]), {"holds": held.pk})
    assert "reauthenticate" in answer.headers["Location"]
    draft.refresh_from_db()
    assert draft.live_at is None


def test_support_reads_without_a_button(sam: User, held: Policy) -> None:
    html = signed_in(sam).get(reverse("policies")).content.decode()
    assert "Small" in html
    assert reverse("policy_new") not in html


def test_a_plan_s_form_says_how_far_its_defaults_reach(desk: Client, namespace: Namespace) -> None:
    plan = namespace.plan
    page = desk.get(reverse("plan", args=[plan.name]))
    fields = {name: value for name, value in page.context["form"].initial.items() if name != "active"}
    answer = desk.post(page.request["PATH_INFO"], {**fields, "active": "on", "default_limit_memory": "512 MiB"})
    assert answer.status_code == 302
    assert "Its container defaults go to 1 namespace." in desk.get(reverse("plans")).content.decode()
    plan.refresh_from_db()
    assert (plan.default_limit_memory, plan.memory) == (512 * MIB, 8 * GIB)


def test_a_team_s_ceiling_is_set_and_told_where_it_is_below_what_is_granted(
    desk: Client, team: Team, namespace: Namespace
) -> None:
    address = reverse("staff_team_quota", args=[team.slug])
    desk.post(address, {"ceiling_memory": "4 GiB", "labels": "env=prod", "namespaces_max": ""})
    team.refresh_from_db()
    assert (team.ceilings, team.labels, team.namespaces_max) == ({"memory": 4 * GIB}, {"env": "prod"}, None)
    html = desk.get(address).content.decode()
    assert "over its ceiling" in html
    assert 'value="4 GiB"' in html


def test_a_label_that_is_none_comes_back_with_words(desk: Client, team: Team) -> None:
    html = desk.post(reverse("staff_team_quota", args=[team.slug]), {"labels": "prod"}).content.decode()
    assert 'value="prod"' in html
    assert "a name and a value" in html


def test_what_staff_change_reads_as_words_in_the_audit_log(desk: Client, team: Team, held: Policy) -> None:
    address = reverse("staff_team_quota", args=[team.slug])
    desk.post(address, {"ceiling_memory": "4 GiB", "labels": "", "namespaces_max": ""})
    entry = AuditEntry.objects.get(action="team.quota")
    html = desk.get(reverse("audit_entry", args=[entry.pk])).content.decode()
    assert "Set labels and ceilings of team Payments" in html
    assert "Ceiling: memory" in html
