"""Sign-in through the organization in a browser: the first makes the account, groups come and go, sockets with them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import oidc_provider
from tests.browser import demo as demos
from tests.browser.conftest import Visitors
from tests.browser.looking import look_over
from tests.oidc_provider import Provider

GROUPS = {"payments-devs": {"team": "payments", "role": "developer"}}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with oidc_provider.running() as provider:
        provider.people["nina"] = {"email": "nina@harbor.example", "email_verified": True, "groups": ["payments-devs"]}
        yield provider


@pytest.fixture(scope="module")
def site(provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[demos.Demo]:
    """A demo of its own, which knows the provider."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BERTH_OIDC", json.dumps([provider.settings(trust_email=True, groups=GROUPS)]))
        with demos.running(tmp_path_factory.mktemp("organization"), "--bare") as site:
            provider.redirect_uris.add(f"{site.address}/accounts/oidc/harbor/login/callback/")
            yield site
            assert site.complaints() == []


@pytest.fixture
def people(chromium: Browser, site: demos.Demo) -> Iterator[Visitors]:
    visitors = Visitors(chromium, site.address)
    yield visitors
    complaints = visitors.leave()
    assert not complaints, "\n".join(complaints)


def sign_in(page: Page, person: str = "nina") -> None:
    """From the sign-in page, by way of the provider's own page."""
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with Harbor ID").click()
    page.get_by_role("heading", name="Harbor ID", exact=True).wait_for()
    page.get_by_label("Who").fill(person)
    page.get_by_role("button", name="Continue").click()


def test_groups_come_with_one_sign_in_and_go_with_the_next(people: Visitors, provider: Provider) -> None:
    first = people.stranger()
    sign_in(first)
    first.wait_for_url("**/")
    first.goto("/t/payments/")
    expect(first.get_by_role("heading", level=1)).to_contain_text("Payments")
    first.wait_for_function("() => document.documentElement.dataset.live === 'open'")
    people.watch(first).allow("/t/payments/")  # asks for the page again, which is not there for her any more
    provider.people["nina"]["groups"] = []
    second = people.stranger()
    sign_in(second)
    second.wait_for_url("**/")
    first.wait_for_function("() => document.documentElement.dataset.live === 'right-lost'")
    expect(first.get_by_role("heading", name="Payments")).to_have_count(0)
    provider.people["nina"]["groups"] = ["payments-devs"]


def test_members_page_says_why_a_role_is_fixed(people: Visitors) -> None:
    sign_in(nina := people.stranger())
    nina.wait_for_url("**/")
    alice = people("alice")
    alice.goto("/t/payments/members/")
    row = alice.get_by_role("row", name=re.compile("nina"))
    expect(row).to_contain_text("by group")
    expect(row.get_by_role("combobox")).to_have_count(0)


def test_who_goes_back_comes_to_the_sign_in(people: Visitors) -> None:
    page = people.stranger()
    page.goto("/accounts/login/")
    page.get_by_role("button", name="Sign in with Harbor ID").click()
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("heading", name="You are not signed in")).to_be_visible()


def test_its_pages_are_whole_at_all_widths(people: Visitors) -> None:
    page = people.stranger()
    page.goto("/accounts/login/")
    look_over(page)
    sign_in(page)
    page.wait_for_url("**/")
    page.goto("/accounts/organization/")
    expect(page.get_by_text("nina@harbor.example")).to_be_visible()
    look_over(page)
