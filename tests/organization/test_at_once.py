"""First sign-ins that come at once: one account, and everybody is signed in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.signals import pre_social_login
from django.db import connections
from django.db.models.signals import pre_save
from django.test import Client

from tenants.models import AuditEntry, User
from tenants.sign_in.adapters import OrganizationAdapter
from tenants.sign_in.sessions import SessionStore
from tests.oidc_provider import Provider
from tests.organization.conftest import Visitor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@contextmanager
def together(signal: Any, sender: Any = None) -> Iterator[None]:
    """Two that get as far as `signal` go on together; where the first holds a lock then, it does not wait for long."""
    ready = Barrier(2)

    def meet(**_: Any) -> None:
        with suppress(BrokenBarrierError):
            ready.wait(timeout=3 if sender else 60)

    signal.connect(meet, sender=sender)
    try:
        yield
    finally:
        signal.disconnect(meet, sender=sender)


def both(*steps: Callable[[], Any]) -> list[Any]:
    """Each in a thread of its own, let go together; what they answer."""
    ready = Barrier(len(steps), timeout=30)

    def run(step: Callable[[], Any]) -> Any:
        try:
            ready.wait()
            return step()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


@pytest.mark.parametrize(("signal", "sender"), [(pre_social_login, None), (pre_save, User), (pre_save, EmailAddress)])
def test_two_tabs_make_one_account(visitor: Visitor, signal: Any, sender: Any) -> None:
    other = Visitor(Client())
    ways = [one.answer(one.leave(), "nina") for one in (visitor, other)]
    with together(signal, sender):
        answers = both(lambda: visitor.back(ways[0]), lambda: other.back(ways[1]))
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [(302, "/")] * 2
    assert visitor.signed_in
    assert other.signed_in
    assert User.objects.get().username == "nina"
    assert SocialAccount.objects.count() == EmailAddress.objects.count() == 1
    assert AuditEntry.objects.filter(action="account.create").count() == 1
    assert AuditEntry.objects.filter(action="account.sign_in").count() == 2


def test_two_tabs_of_one_browser_make_one_account(visitor: Visitor) -> None:
    visitor.client.get("/accounts/login/")
    other = Visitor(Client())
    first = visitor.leave()
    other.client.cookies["sessionid"] = visitor.client.cookies["sessionid"].value
    ways = [visitor.answer(first, "nina"), visitor.answer(other.leave(), "nina")]
    with together(pre_social_login):
        answers = both(lambda: visitor.back(ways[0]), lambda: other.back(ways[1]))
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [(302, "/")] * 2
    assert User.objects.count() == 1


def test_who_was_signed_up_in_another_tab_meanwhile_is_signed_in(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.client.get("/accounts/login/")
    other = Visitor(Client())
    first = visitor.leave()
    other.client.cookies["sessionid"] = visitor.client.cookies["sessionid"].value
    ways = [visitor.answer(first, "nina"), visitor.answer(other.leave(), "nina")]
    is_open = OrganizationAdapter.is_open_for_signup
    answers = []

    def the_other_first(*asked: Any) -> bool:
        monkeypatch.undo()
        found = is_open(*asked)
        answers.append(other.back(ways[1]))
        return found

    monkeypatch.setattr(OrganizationAdapter, "is_open_for_signup", the_other_first)
    answers.append(visitor.back(ways[0]))
    assert [(answer.status_code, answer.headers["Location"]) for answer in answers] == [(302, "/")] * 2
    assert visitor.signed_in
    assert other.signed_in
    assert User.objects.count() == 1


def test_a_tab_whose_session_another_signed_in_with_is_led_on(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.client.get("/accounts/login/")
    way = visitor.answer(visitor.leave(), "nina")
    save = SessionStore.save

    def signed_in_elsewhere(session: SessionStore, must_create: bool = False) -> None:
        monkeypatch.undo()
        session.delete(session.session_key)
        save(session, must_create)

    monkeypatch.setattr(SessionStore, "save", signed_in_elsewhere)
    answer = visitor.back(way)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/")
    assert "sessionid" not in answer.cookies


def test_two_people_of_one_name_get_an_account_each(visitor: Visitor, provider: Provider) -> None:
    provider.people["other"] = {"email": "nina@elsewhere.example", "email_verified": True, "groups": []}
    other = Visitor(Client())
    ways = [visitor.answer(visitor.leave(), "nina"), other.answer(other.leave(), "other")]
    with together(pre_save, User):
        answers = both(lambda: visitor.back(ways[0]), lambda: other.back(ways[1]))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert User.objects.count() == SocialAccount.objects.count() == EmailAddress.objects.count() == 2


def test_a_sign_up_form_sent_twice_makes_one_account(db: None) -> None:
    wish = {"username": "zoe", "email": "zoe@example.com", "password1": "harbour seven", "password2": "harbour seven"}
    with together(pre_save, User):
        answers = both(*[lambda: Client().post("/accounts/signup/", wish)] * 2)
    assert [answer.status_code for answer in answers] in ([302, 302], [302, 200], [200, 302])
    assert User.objects.get().username == "zoe"


def test_an_account_that_two_tabs_connect_is_connected_once(visitor: Visitor, django_user_model: type[User]) -> None:
    nina = django_user_model.objects.create_user("nina", "nina@harbor.example", "harbour seven")
    EmailAddress.objects.create(user=nina, email=nina.email, verified=True, primary=True)
    other = Visitor(Client())
    ways = [one.answer(one.leave(), "nina") for one in (visitor, other)]
    with together(pre_save, SocialAccount):
        answers = both(lambda: visitor.back(ways[0]), lambda: other.back(ways[1]))
    assert {answer.status_code for answer in answers} == {302}
    assert [visitor.signed_in, other.signed_in].count(True) >= 1
    assert SocialAccount.objects.get().user == nina
    assert {answer.headers["Location"] for answer in answers} <= {"/", "/accounts/login/"}


def test_an_account_that_another_tab_connected_meanwhile_is_no_longer_new(alice: User) -> None:
    EmailAddress.objects.create(user=alice, email="alice@harbor.example", verified=True, primary=True)
    there = SocialAccount.objects.create(user=alice, provider="harbor", uid="sub-of-alice")
    mine = SocialLogin(
        account=SocialAccount(provider="harbor", uid="sub-of-alice"),
        email_addresses=[EmailAddress(email="alice@harbor.example", verified=True)],
    )
    assert OrganizationAdapter().authenticate_by_email(mine) == (alice, "")
    assert mine.account == there
