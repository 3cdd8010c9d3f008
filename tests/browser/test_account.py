"""One's own account in a browser: second factors, passkeys, sessions, the time zone, and how its pages look."""

from __future__ import annotations

import re
import time
from typing import Any

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitors
from tests.browser.demo import Demo
from tests.browser.looking import look_over

SECRET = "correct horse battery"
REFUSING = "() => { navigator.credentials.get = async () => { throw new DOMException('', 'NotAllowedError'); }; }"
PAGES = {
    "/settings/": "Profile",
    "/accounts/email/": "Your addresses",
    "/accounts/password/change/": "Change your password",
    "/accounts/2fa/": "Authenticator app",
    "/accounts/2fa/totp/activate/": "Set up an authenticator app",
    "/accounts/2fa/webauthn/": "Passkeys",
    "/accounts/2fa/webauthn/add/": "Add a passkey",
    "/settings/sessions/": "Where you are signed in",
    "/settings/tokens/": "Your tokens",
    "/settings/delete/": "Delete your account",
    "/accounts/reauthenticate/": "Is it you?",
    "/accounts/logout/": "Sign out?",
}
ENTRANCES = {
    "/accounts/login/": "Sign in to Berth",
    "/accounts/signup/": "Create an account",
    "/accounts/password/reset/": "A new password",
    "/accounts/password/reset/done/": "Look into your mail",
    "/accounts/password/reset/key/1-none/": "This link is too old",
    "/accounts/password/reset/key/done/": "The password is set",
    "/accounts/confirm-email/": "Look into your mail",
    "/accounts/confirm-email/none/": "This link is too old",
    "/accounts/inactive/": "This account is suspended",
}


def newcomer(page: Page, demo: Demo, name: str) -> None:
    """Somebody new, signed in. At localhost: browsers let no address without a name have passkeys."""
    site = demo.address.replace("127.0.0.1", "localhost")
    page.goto(f"{site}/accounts/signup/")
    page.get_by_label("E-mail").fill(f"{name}@berth.example")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(SECRET)
    page.get_by_label("The password again").fill(SECRET)
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/confirm-email/")
    link = re.search(r"https?://\S+/accounts/confirm-email/\S+/", demo.mail(f"{name}@berth.example"))
    assert link
    page.goto(link[0])
    page.get_by_role("button", name="Confirm this address").click()
    page.goto(f"{site}/accounts/login/")
    sign_in(page, name)
    page.wait_for_url(f"{site}/")


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("User name or e-mail").fill(name)
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("button", name="Sign in", exact=True).click()


def go(page: Page, path: str) -> None:
    """Another page of the site that the page is of."""
    page.goto(re.sub(r"^(https?://[^/]+).*", rf"\1{path}", page.url))


def sign_out(page: Page) -> None:
    go(page, "/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/")


def code_of(key: str, step: int = 0) -> str:
    """What an authenticator app shows now, or `step` codes later: each is taken once."""
    return format_hotp_value(hotp_value(key, int(time.time()) // 30 + step))


def passkeys(page: Page) -> None:
    """A place for passkeys in this browser, which says yes to all that it is asked."""
    wire = page.context.new_cdp_session(page)
    wire.send("WebAuthn.enable")
    options: dict[str, Any] = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    options |= {"hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True}
    wire.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def test_an_app_and_a_recovery_code_sign_in(visit: Visitors, demo: Demo) -> None:
    page = visit.stranger()
    newcomer(page, demo, "toto")
    go(page, "/accounts/2fa/")
    page.get_by_role("link", name="Set up an app").click()
    key = page.locator("#totp-key").inner_text()
    expect(page.get_by_role("img", name="The key below as a QR code")).to_be_visible()
    page.get_by_label("The 6 digits that the app shows now").fill(code_of(key))
    page.get_by_role("button", name="Turn it on").click()
    page.wait_for_url("**/recovery-codes/")
    codes = page.locator("#recovery-codes").inner_text().split()
    look_over(page)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download").click()
    assert saved.value.path().read_text().split() == codes
    page.get_by_role("link", name="I kept them").click()
    expect(page.get_by_text("10 left")).to_be_visible()
    look_over(page)
    for answer in (code_of(key, 1), codes[0]):
        sign_out(page)
        sign_in(page, "toto")
        page.wait_for_url("**/2fa/authenticate/")
        look_over(page)
        page.get_by_label("Code from your app, or a recovery code").fill(answer)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile(r"//[^/]+/$"))
    go(page, "/accounts/2fa/")
    expect(page.get_by_text("9 left")).to_be_visible()


def test_a_passkey_signs_in_alone(visit: Visitors, demo: Demo) -> None:
    page = visit.stranger()
    newcomer(page, demo, "keyla")
    passkeys(page)
    go(page, "/accounts/2fa/")
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("telephone")
    page.get_by_label("Sign in with it alone, without the password").check()
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/recovery-codes/")
    go(page, "/accounts/2fa/")
    expect(page.get_by_role("link", name="Remove telephone")).to_be_visible()
    expect(page.get_by_text("signs in alone")).to_be_visible()
    look_over(page)
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(re.compile(r"//[^/]+/$"))
    go(page, "/settings/")
    expect(page.locator(".b-sub").first).to_have_text("keyla")


def test_a_passkey_is_the_second_factor_and_proves_again(visit: Visitors, demo: Demo) -> None:
    page = visit.stranger()
    newcomer(page, demo, "factor")
    passkeys(page)
    go(page, "/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Make the passkey").click()
    page.wait_for_url("**/recovery-codes/")
    sign_out(page)
    sign_in(page, "factor")
    page.wait_for_url("**/2fa/authenticate/")
    look_over(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(re.compile(r"//[^/]+/$"))
    go(page, "/accounts/2fa/webauthn/reauthenticate/?next=/settings/")
    look_over(page)
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url("**/settings/")


def test_a_passkey_that_is_not_there_is_told_in_words(visit: Visitors, demo: Demo) -> None:
    page = visit.stranger()
    page.goto(f"{demo.address.replace('127.0.0.1', 'localhost')}/accounts/login/")
    page.evaluate(REFUSING)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("[data-passkey-error]")).to_contain_text("No passkey was used")
    look_over(page)


def test_signing_out_elsewhere_ends_the_open_page_there(visit: Visitors, demo: Demo) -> None:
    here, there = visit.stranger(), visit.stranger()
    newcomer(here, demo, "twice")
    go(here, "/teams/new")
    here.get_by_label("Team name").fill("Two Places")
    here.get_by_role("button", name="Create team").click()
    here.wait_for_url("**/namespaces/new")
    there.goto(f"{demo.address.replace('127.0.0.1', 'localhost')}/accounts/login/?next=/t/two-places/")
    sign_in(there, "twice")
    there.wait_for_url("**/t/two-places/")
    there.wait_for_function("() => document.documentElement.dataset.live === 'open'")
    go(here, "/settings/sessions/")
    expect(here.get_by_role("row")).to_have_count(3)
    look_over(here)
    here.get_by_role("button", name="Sign out everywhere else").click()
    expect(here.get_by_text("Signed out of 1 other session.")).to_be_visible()
    there.wait_for_function("() => document.documentElement.dataset.live === 'signed-out'", timeout=2_000)
    there.reload()
    there.wait_for_url("**/accounts/login/**")


def test_times_are_in_the_zone_that_was_chosen(visit: Visitors, demo: Demo) -> None:
    page = visit.stranger()
    newcomer(page, demo, "zoned")
    go(page, "/settings/")
    page.get_by_label("Time zone").fill("asia/kolkata")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("Time zone")).to_have_value("Asia/Kolkata")
    go(page, "/settings/sessions/")
    expect(page.locator("main time").first).to_have_attribute("title", re.compile("IST|GMT\\+5:30"))


def test_account_pages_look_right(visit: Visitors) -> None:
    page = visit("bob")
    for path, heading in PAGES.items():
        page.goto(path)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        look_over(page)


def test_entrances_look_right(visit: Visitors) -> None:
    page = visit.stranger()
    for path, heading in ENTRANCES.items():
        page.goto(path)
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
        look_over(page)
