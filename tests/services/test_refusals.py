"""Who is turned away at the door leaves a line in the audit log; whoever knocks without end does not fill it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from portal.settings import accounts
from tenants.errors import TooMany
from tenants.models import AuditEntry, Team, User
from tenants.selectors import changes
from tenants.services import invitations, refusals

pytestmark = pytest.mark.django_db
CANARY = "berth_canary0123456789"


@pytest.fixture(autouse=True)
def _counted_from_nothing() -> None:
    cache.clear()


def knock(text: str = CANARY, address: str = "192.0.2.7") -> Any:
    return Client(REMOTE_ADDR=address).get("/api/v1/me", headers={"authorization": f"Bearer {text}"})


def test_a_token_that_does_not_work_leaves_a_line_with_the_address_and_nothing_of_the_token() -> None:
    assert knock().status_code == 401
    line = AuditEntry.objects.get()
    assert (line.action, line.outcome, line.door, line.address) == ("token.use", "denied", "api", "192.0.2.7")
    assert (line.actor, line.actor_name) == (None, "somebody")
    assert "canary" not in str(vars(line))
    assert changes.deed(line) == "Came with a token that does not work"


def test_one_address_has_a_line_a_minute_and_another_its_own() -> None:
    for text in ("berth_a", "berth_b", "berth_c"):
        knock(text)
    assert AuditEntry.objects.count() == 1
    knock(address="192.0.2.8")
    assert AuditEntry.objects.count() == 2


def test_addresses_without_end_do_not_fill_the_log() -> None:
    for number in range(refusals.MOST + 10):
        refusals.token(network=f"10.0.0.{number}")
    assert AuditEntry.objects.count() == refusals.MOST
    assert AuditEntry.objects.latest("pk").detail == "and others within this minute, which are not told of"


def test_the_limit_of_tokens_leaves_a_line_of_its_own(settings: Settings) -> None:
    settings.FAILED_TOKENS_RATE = "2/min"
    assert [knock().status_code for _ in range(5)] == [401, 401, 429, 429, 429]
    assert [line.action for line in AuditEntry.objects.order_by("pk")] == ["token.use", "limit.hold"]
    assert changes.deed(AuditEntry.objects.latest("pk")) == "Was slowed down by the limit of tokens that do not work"


def test_the_limit_of_a_name_that_is_guessed_leaves_one_line_without_name_or_password(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = accounts.LIMITS
    for _ in range(13):
        Client().post("/accounts/login/", {"login": "canary-name", "password": "canary-password"})
    line = AuditEntry.objects.get(action="limit.hold")
    assert line.target == "limit of sign-in"
    assert "canary" not in str([vars(entry) for entry in AuditEntry.objects.all()])


def test_the_limit_of_a_page_leaves_one_line(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = accounts.LIMITS
    wish = {"email": "x@example.com", "username": "x", "password1": "1", "password2": "2"}
    codes = [Client().post("/accounts/signup/", wish).status_code for _ in range(23)]
    assert codes[-2:] == [429, 429]
    assert AuditEntry.objects.get(action="limit.hold").target == "limit of sign-up"


def test_the_limit_of_invitations_names_who_and_the_team(alice: User, team: Team, settings: Settings) -> None:
    settings.INVITATIONS_PER_HOUR = 1
    invitations.invite(actor=alice, team=team, people=["a@example.com"], role="viewer")
    for _ in range(2):
        with pytest.raises(TooMany):
            invitations.invite(actor=alice, team=team, people=["b@example.com"], role="viewer")
    line = AuditEntry.objects.get(action="limit.hold")
    assert (line.actor, line.team_slug, line.target) == (alice, "payments", "limit of invitations")
