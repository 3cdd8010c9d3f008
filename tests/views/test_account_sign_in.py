"""Sign-in, sign-up and forgotten passwords: what they answer, and what they do not tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from portal.settings import accounts
from tenants.models import AuditEntry, Letter, User
from tenants.operations.seal import unseal
from tenants.sign_in.adapters import MISMATCH
from tests import factories
from tests.views.cost import HASH, cost

SIGN_IN, SIGN_UP, RESET = "/accounts/login/", "/accounts/signup/", "/accounts/password/reset/"


@pytest.fixture
def nell(db: None) -> User:
    """Somebody whose address is confirmed, and whom nobody tried to be."""
    cache.clear()
    user = factories.make_user("nell")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def limits(settings: Any) -> None:
    """The limits of production, counted from nothing."""
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = accounts.ACCOUNT_RATE_LIMITS


def sign_in(client: Client, login: str, password: str = factories.PASSWORD, **headers: str) -> Any:
    return client.post(SIGN_IN, {"login": login, "password": password}, headers=headers)


def new(name: str, **fields: str) -> dict[str, str]:
    secret = "correct horse battery"
    return {"email": f"{name}@new.example", "username": name, "password1": secret, "password2": secret, **fields}


def mails() -> list[dict[str, Any]]:
    letters = Letter.objects.order_by("created_at")
    return [{"to": letter.to, "kind": letter.kind, **unseal(letter.pk, letter.sealed)} for letter in letters]


# -- who gets in -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["nell", "NELL", "nell@payments.example", "Nell@Payments.Example", " nell "])
def test_one_signs_in_by_name_or_address(nell: User, client: Client, login: str) -> None:
    assert sign_in(client, login).headers["Location"] == "/"
    assert AuditEntry.objects.get(action="account.sign_in").actor == nell


def test_a_user_name_that_is_another_s_address_opens_nothing_of_theirs(nell: User, client: Client) -> None:
    factories.make_user("thief")
    User.objects.filter(username="thief").update(username=nell.email)
    assert sign_in(client, nell.email).headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(nell.pk)


def test_a_new_name_has_no_at_sign(client: Client, db: None) -> None:
    answer = client.post(SIGN_UP, new("nell", username="nell@new.example"))
    assert "A user name has no @" in answer.content.decode()


def test_an_address_that_is_not_confirmed_does_not_sign_in(client: Client, db: None) -> None:
    factories.make_user("fresh")
    assert sign_in(client, "fresh").headers["Location"] == "/accounts/confirm-email/"
    assert mails()[0]["kind"] == "email_confirmation"


def test_a_very_long_name_is_refused_in_words(client: Client, db: None) -> None:
    assert "at most 254 characters" in sign_in(client, "x" * 5000).content.decode()


def test_who_is_suspended_is_told_why_after_the_right_password_alone(nell: User, client: Client) -> None:
    User.objects.filter(pk=nell.pk).update(is_active=False, suspended_reason="Unpaid <b>bills</b>")
    wrong = sign_in(client, "nell", "wrong").content.decode()
    assert MISMATCH in wrong
    assert "Unpaid" not in wrong
    right = sign_in(client, "nell")
    assert right.status_code == 403
    assert "Unpaid &lt;b&gt;bills&lt;/b&gt;" in right.content.decode()
    assert "_auth_user_id" not in client.session


# -- nobody learns which address has an account ------------------------------------------------------------------------


def told(answer: Any, *names: str) -> tuple[int, str, str]:
    """What an answer tells: status, where to, and its words without what was typed and the form's token."""
    text = answer.content.decode()
    for name in (*names, answer.wsgi_request.META.get("CSRF_COOKIE", "-")):
        text = text.replace(name, "")
    kept = [line for line in text.splitlines() if "csrfmiddlewaretoken" not in line]
    return answer.status_code, answer.headers.get("Location", ""), "\n".join(kept)


def test_sign_in_answers_alike_for_known_and_unknown(nell: User) -> None:
    for known, unknown in ((nell.email, "none@payments.example"), ("nell", "none")):
        answers = {told(sign_in(Client(), login, "wrong"), known, unknown) for login in (known, unknown)}
        assert len(answers) == 1


def test_reset_answers_alike_and_mails_both(nell: User) -> None:
    answers = {told(Client().post(RESET, {"email": email})) for email in (nell.email, "none@payments.example")}
    assert len(answers) == 1
    assert [(mail["to"], mail["kind"]) for mail in mails()] == [
        (nell.email, "password_reset_key"),
        ("none@payments.example", "unknown_account"),
    ]


def test_sign_up_answers_alike_and_mails_both(nell: User) -> None:
    answers = {told(Client().post(SIGN_UP, new("nelly", email=email))) for email in (nell.email, "nelly@new.example")}
    assert answers == {(302, "/accounts/confirm-email/", "")}
    assert {mail["to"]: mail["kind"] for mail in mails()} == {
        nell.email: "account_already_exists",
        "nelly@new.example": "email_confirmation_signup",
    }
    assert User.objects.filter(username="nelly").count() == 1


def test_sign_up_with_a_known_address_makes_nothing(nell: User, client: Client) -> None:
    client.post(SIGN_UP, new("double", email=nell.email))
    assert not User.objects.filter(username="double").exists()
    assert EmailAddress.objects.count() == 1


def test_an_address_that_somebody_merely_added_does_not_lock_its_owner_out(nell: User, client: Client) -> None:
    EmailAddress.objects.create(user=nell, email="owner@new.example")
    client.post(SIGN_UP, new("owner"))
    assert User.objects.filter(username="owner").exists()


ASKS: dict[str, Callable[[str], Any]] = {
    "sign-in by address": lambda who: sign_in(Client(), f"{who}@payments.example", "wrong"),
    "sign-in by name": lambda who: sign_in(Client(), who, "wrong"),
    "reset": lambda who: Client().post(RESET, {"email": f"{who}@payments.example"}),
    "sign-up": lambda who: Client().post(SIGN_UP, new(f"{who}x", email=f"{who}@payments.example")),
}
KEPT = Counter({"INSERT account_emailaddress": 1, "INSERT tenants_auditentry": 1})
"""What a new account keeps, beside its own row, which is written and taken back for a known address."""


def known_and_unknown(door: str) -> list[Counter[str]]:
    """What each costs once the process has loaded what it loads once."""
    ask = ASKS[door]
    ask("first")
    return [cost(lambda who=who: ask(who)) for who in ("nell", "none")]  # type: ignore[misc]


@pytest.mark.parametrize("door", ["sign-in by address", "sign-in by name", "reset"])
def test_the_cost_of_an_answer_tells_nothing(nell: User, door: str) -> None:
    known, unknown = known_and_unknown(door)
    assert known == unknown


def test_sign_up_costs_a_known_address_all_but_the_rows_that_it_keeps(nell: User) -> None:
    """Those are a few statements; hash, mail and pages, which take an answer's time, are the same."""
    known, unknown = known_and_unknown("sign-up")
    assert known["INSERT tenants_letter"] == known["INSERT tenants_user"] == 1
    more = {what: times for what, times in (unknown - known).items() if not what.startswith("SELECT ")}
    assert more == KEPT
    assert set(known - unknown) == {"SAVEPOINT", "ROLLBACK", "RELEASE"}
    assert abs(known.total() - unknown.total()) <= 3


@pytest.mark.parametrize("door", ["sign-in by address", "sign-in by name", "sign-up"])
def test_known_and_unknown_cost_one_hash(nell: User, door: str) -> None:
    """What takes a quarter of a second with production's hashes happens once, whoever is named."""
    assert [spent[HASH] for spent in known_and_unknown(door)] == [1, 1]


# -- what is written down ------------------------------------------------------------------------------------


def lines(**wanted: Any) -> list[tuple[str, str, str]]:
    found = AuditEntry.objects.filter(action="account.sign_in", **wanted).order_by("pk")
    return [(entry.actor_name, entry.target, entry.detail) for entry in found]


def test_a_wrong_password_is_written_down_once_a_minute(nell: User) -> None:
    for _ in range(3):
        sign_in(Client(), "nell", "wrong")
    assert lines(outcome="denied") == [("somebody", "user nell", "wrong password")]


def test_a_name_that_is_nobody_s_is_not_kept(nell: User) -> None:
    sign_in(Client(), "my-own-password", "wrong")
    assert lines() == [("somebody", "account that is not there", "wrong password")]


def test_a_suspended_person_who_comes_back_is_written_down(nell: User) -> None:
    User.objects.update(is_active=False)
    sign_in(Client(), "nell")
    assert lines() == [("somebody", "user nell", "suspended")]


def test_who_is_asked_again_and_gives_a_wrong_password_is_named(nell: User, client: Client) -> None:
    client.force_login(nell)
    client.post("/accounts/reauthenticate/", {"password": "wrong"})
    assert lines(outcome="denied") == [("nell", "user nell", "wrong password")]


def test_signing_out_is_written_down(nell: User, client: Client) -> None:
    client.force_login(nell)
    client.post("/accounts/logout/")
    assert AuditEntry.objects.get(action="account.sign_out").actor == nell


# -- limits --------------------------------------------------------------------------------------------------


def test_a_name_is_guessed_ten_times_in_five_minutes(nell: User, limits: None) -> None:
    answers = [sign_in(Client(REMOTE_ADDR=f"192.0.2.{n}"), "nell", "wrong").content.decode() for n in range(11)]
    assert [MISMATCH in answer for answer in answers] == [True] * 10 + [False]
    assert "wait five minutes" in answers[-1]


@pytest.mark.parametrize("path", [SIGN_UP, RESET])
def test_an_address_is_slowed_down_whatever_it_says_of_itself(path: str, limits: None, db: None) -> None:
    """A forged X-Forwarded-For changes nothing."""
    codes = []
    for n in range(21):
        fields = {"email": f"none{n}@payments.example"} if path == RESET else {}
        codes.append(Client().post(path, fields, headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code)
    assert 429 not in codes[:20]
    assert codes[20] == 429


def test_behind_a_proxy_each_client_has_its_own_limit(limits: None, settings: Any, db: None) -> None:
    settings.TRUSTED_PROXIES = 1
    forged = [Client().post(SIGN_UP, headers={"X-Forwarded-For": f"192.0.2.{n}, 198.51.100.1"}) for n in range(21)]
    other = Client().post(SIGN_UP, headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.2"})
    assert (forged[20].status_code, other.status_code) == (429, 200)


def test_who_is_slowed_down_is_told_for_how_long(limits: None, db: None) -> None:
    answers = [Client().post(SIGN_UP) for _ in range(21)]
    assert answers[-1].headers["Retry-After"] == "60"
    assert "Wait a minute" in answers[-1].content.decode()


# -- mails ---------------------------------------------------------------------------------------------------


def test_mails_lead_to_the_site_whatever_host_was_asked(nell: User, settings: Any) -> None:
    settings.SITE_URL = "https://berth.example"
    settings.ALLOWED_HOSTS = ["*"]
    Client().post(RESET, {"email": nell.email}, headers={"Host": "evil.example"})
    mail = mails()[0]
    assert "https://berth.example/accounts/password/reset/key/" in mail["text"]
    assert "evil" not in mail["text"] + mail["html"] + mail["subject"]


def test_a_new_password_by_mail_ends_sessions_and_works_once(nell: User, client: Client) -> None:
    elsewhere = Client()
    sign_in(elsewhere, "nell")
    client.post(RESET, {"email": nell.email})
    link = next(word for word in mails()[0]["text"].split() if "/reset/key/" in word).partition("/accounts")[2]
    form = client.get(f"/accounts{link}", follow=True)
    action = form.redirect_chain[-1][0]
    done = client.post(action, {"password1": "quite another one", "password2": "quite another one"})
    assert done.headers["Location"] == "/accounts/password/reset/key/done/"
    assert elsewhere.get("/settings/").status_code == 302
    assert sign_in(Client(), "nell", "quite another one").headers["Location"] == "/"
    assert "too old" in Client().get(f"/accounts{link}").content.decode()
