"""What groups of the organization give in teams, and take back at the next sign-in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.socialaccount.models import SocialAccount
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from tenants.errors import Conflict
from tenants.live.events import rights_group
from tenants.models import AuditEntry, JoinRequest, Membership, Notice, Team, User
from tenants.services import groups, members
from tests import factories
from tests.oidc_provider import Provider
from tests.organization.conftest import GROUPS, Visitor

pytestmark = pytest.mark.django_db
SLUGS = {name: (given["team"], given["role"]) for name, given in GROUPS.items()}


@pytest.fixture(autouse=True)
def _mapping(settings: LazySettings) -> None:
    settings.OIDC = {"harbor": {"groups": SLUGS}, "guests": {"groups": {"visitors": ("guests", "viewer")}}}


@pytest.fixture
def nina(db: None) -> User:
    return factories.make_user("nina")


def roles(user: User) -> dict[str, str]:
    return dict(Membership.objects.filter(user=user).values_list("team__slug", "role"))


def follow(user: User, *named: str) -> None:
    groups.follow(actor=user, provider="harbor", groups=named)


def test_a_group_gives_its_role_once(team: Team, nina: User) -> None:
    follow(nina, "payments-devs", "a group that gives nothing")
    follow(nina, "payments-devs")
    assert roles(nina) == {"payments": "developer"}
    assert Membership.objects.get(user=nina).by_group


def test_the_highest_role_of_several_groups_counts(team: Team, nina: User) -> None:
    follow(nina, "payments-devs", "payments-owners")
    assert roles(nina) == {"payments": "owner"}


def test_a_role_changes_with_the_groups(team: Team, nina: User) -> None:
    follow(nina, "payments-owners")
    follow(nina, "payments-devs")
    assert roles(nina) == {"payments": "developer"}


def test_what_no_group_gives_any_more_is_taken_back(team: Team, other_team: Team, nina: User) -> None:
    follow(nina, "payments-devs", "ledger-viewers")
    follow(nina, "ledger-viewers")
    assert roles(nina) == {"ledgers": "viewer"}


def test_what_the_settings_do_not_name_any_more_is_taken_back(team: Team, nina: User, settings: LazySettings) -> None:
    follow(nina, "payments-devs")
    settings.OIDC = {"harbor": {"groups": {}}}
    follow(nina, "payments-devs")
    assert roles(nina) == {}


def test_a_role_given_by_hand_stays(team: Team, nina: User) -> None:
    factories.make_member(team, nina, "viewer")
    follow(nina, "payments-devs")
    follow(nina)
    assert roles(nina) == {"payments": "viewer"}
    assert not Membership.objects.get(user=nina).by_group


def test_what_another_provider_gives_stays(nina: User) -> None:
    factories.make_team("guests", owner=factories.make_user("gus"))
    groups.follow(actor=nina, provider="guests", groups=["visitors"])
    follow(nina)
    assert roles(nina) == {"guests": "viewer"}


def test_groups_that_were_not_told_change_nothing(team: Team, nina: User) -> None:
    follow(nina, "payments-devs")
    groups.follow(actor=nina, provider="harbor", groups=None)
    assert roles(nina) == {"payments": "developer"}


def test_a_missing_team_is_ignored_and_reported(team: Team, nina: User, capsys: pytest.CaptureFixture[str]) -> None:
    follow(nina, "ledger-viewers")
    assert roles(nina) == {}
    call_command("check")
    told = capsys.readouterr().err
    assert "the group 'ledger-viewers' of 'harbor' names the team 'ledgers', which is not there" in told
    assert "payments" not in told


@pytest.mark.parametrize("column", ["suspended_at", "deleting_since"])
def test_rights_end_in_a_suspended_team_too(team: Team, nina: User, column: str) -> None:
    """In one that is being deleted nothing changes any more: it goes with all its members."""
    follow(nina, "payments-devs")
    Team.objects.filter(pk=team.pk).update(**{column: team.created_at})
    follow(nina)
    assert roles(nina) == ({} if column == "suspended_at" else {"payments": "developer"})


def test_the_last_owner_stays_and_support_is_told_once(nina: User, sam: User, dave: User) -> None:
    team = factories.make_team("payments")
    follow(nina, "payments-owners")
    follow(nina)
    follow(nina, "payments-devs")
    assert roles(nina) == {"payments": "owner"}
    notice = Notice.objects.get(kind="team.owner_kept")
    assert (notice.person, notice.team) == (sam, team)
    factories.make_member(team, factories.make_user("otto"), "owner")
    follow(nina)
    assert roles(nina) == {}


def test_each_change_has_a_line_of_the_sign_in(team: Team, nina: User) -> None:
    follow(nina, "payments-devs")
    follow(nina, "payments-owners")
    follow(nina)
    lines = AuditEntry.objects.filter(actor=nina, team=team).order_by("pk")
    assert [(line.action, line.door, line.changes[0]["old"], line.changes[0]["new"]) for line in lines] == [
        ("member.group_join", "sign-in", None, "developer"),
        ("member.group_change", "sign-in", "developer", "owner"),
        ("member.group_leave", "sign-in", "owner", None),
    ]


def test_sockets_hear_of_each_change(
    team: Team,
    nina: User,
    heard: Any,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    follow(nina, "payments-devs")
    messages = heard(rights_group(nina.pk))
    with django_capture_on_commit_callbacks(execute=True):
        follow(nina)
    assert {"type": "rights", "user": nina.pk, "team": team.pk} in messages()


def test_an_open_request_to_join_is_answered_by_the_group(team: Team, nina: User) -> None:
    factories.make_request(team, nina)
    follow(nina, "payments-devs")
    assert JoinRequest.objects.get().state == "accepted"


def test_a_member_by_group_is_not_changed_by_hand(team: Team, alice: User, nina: User) -> None:
    follow(nina, "payments-devs")
    with pytest.raises(Conflict) as caught:
        members.change_role(actor=alice, membership=Membership.objects.get(user=nina), role="viewer")
    assert caught.value.code == "by_group"


# -- with the provider ------------------------------------------------------------------------------------


def test_signing_in_gives_and_takes(
    team: Team, visitor: Visitor, provider: Provider, configure: Callable[..., None]
) -> None:
    provider.people["nina"]["groups"] = ["payments-devs"]
    visitor.sign_in()
    nina = User.objects.get(username="nina")
    assert roles(nina) == {"payments": "developer"}
    assert visitor.client.get("/t/payments/").status_code == 200
    provider.people["nina"]["groups"] = []
    Visitor(Client()).sign_in()
    assert visitor.client.get("/t/payments/").status_code == 404


def test_a_claim_that_is_not_there_means_no_groups(team: Team, visitor: Visitor, provider: Provider) -> None:
    provider.people["nina"]["groups"] = ["payments-devs"]
    visitor.sign_in()
    del provider.people["nina"]["groups"]
    Visitor(Client()).sign_in()
    assert roles(User.objects.get(username="nina")) == {}


def test_too_many_groups_to_tell_change_nothing(team: Team, visitor: Visitor, provider: Provider) -> None:
    """Entra names another place to ask instead of the claim."""
    provider.people["nina"]["groups"] = ["payments-devs"]
    visitor.sign_in()
    del provider.people["nina"]["groups"]
    provider.people["nina"]["_claim_names"] = {"groups": "src1"}
    Visitor(Client()).sign_in()
    assert roles(User.objects.get(username="nina")) == {"payments": "developer"}


def test_groups_come_by_the_claim_of_the_settings(
    team: Team, visitor: Visitor, provider: Provider, configure: Callable[..., None]
) -> None:
    configure(trust_email=True, groups=GROUPS, groups_claim="https://harbor.example/roles")
    provider.people["nina"] |= {"groups": ["payments-owners"], "https://harbor.example/roles": "payments-devs"}
    visitor.sign_in()
    assert roles(User.objects.get(username="nina")) == {"payments": "developer"}


def test_groups_count_after_the_second_factor_alone(team: Team, visitor: Visitor, provider: Provider) -> None:
    visitor.sign_in()
    nina = User.objects.get(username="nina")
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(nina, secret)
    assert Authenticator.objects.filter(user=nina).exists()
    provider.people["nina"]["groups"] = ["payments-devs"]
    other = Visitor(Client())
    assert other.sign_in()["Location"] == "/accounts/2fa/authenticate/"
    assert roles(nina) == {}
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    other.client.post("/accounts/2fa/authenticate/", {"code": code})
    assert other.signed_in
    assert roles(nina) == {"payments": "developer"}


def test_disconnecting_takes_back_what_groups_gave(team: Team, visitor: Visitor, provider: Provider) -> None:
    provider.people["nina"]["groups"] = ["payments-devs"]
    visitor.sign_in()
    nina = User.objects.get(username="nina")
    nina.set_password(factories.PASSWORD)
    nina.save()
    SocialAccount.objects.filter(user=nina).update(extra_data={})
    again = Visitor(Client())
    again.sign_in()
    again.client.post("/accounts/organization/", {"account": SocialAccount.objects.get(user=nina).pk})
    assert not SocialAccount.objects.exists()
    assert roles(nina) == {}
