"""A provider that answers, Berth set to it, and people's browsers on the way there and back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import LazySettings
from django.http import HttpResponse
from django.test import Client

from portal.settings.organization import organization
from tests import oidc_provider
from tests.oidc_provider import Provider

BACK = "http://127.0.0.1:8000/accounts/oidc/harbor/login/callback/"
GROUPS = {
    "payments-devs": {"team": "payments", "role": "developer"},
    "payments-owners": {"team": "payments", "role": "owner"},
    "ledger-viewers": {"team": "ledgers", "role": "viewer"},
}


@pytest.fixture(scope="package")
def _provider() -> Iterator[Provider]:
    with oidc_provider.running() as provider:
        provider.redirect_uris.add(BACK)
        yield provider


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    """Knows nina, whose address it says is confirmed."""
    _provider.fault = ""
    _provider.asked.clear()
    _provider.people = {"nina": {"email": "nina@harbor.example", "email_verified": True, "groups": []}}
    return _provider


@pytest.fixture
def configure(settings: LazySettings, monkeypatch: pytest.MonkeyPatch, provider: Provider) -> Callable[..., None]:
    """`configure(trust_email=True)`: Berth with the provider; upper-case names are variables of the environment."""

    def apply(**more: Any) -> None:
        variables = {name: more.pop(name) for name in list(more) if name.isupper()}
        monkeypatch.setenv("BERTH_OIDC", json.dumps([provider.settings(**more)]))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        for name, value in organization(plain_http=True).items():
            setattr(settings, name, value)

    settings.SITE_URL = "http://127.0.0.1:8000"
    apply(trust_email=True, groups=GROUPS)
    return apply


class _Refresh(HTMLParser):
    address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "meta" and found.get("http-equiv") == "refresh":
            self.address = str(found["content"]).partition("url=")[2]


@dataclass
class Visitor:
    """A browser at Berth, and beside it one at the provider."""

    client: Client

    def leave(self, **form: str) -> str:
        """Starts a sign-in; answers where the page leads on to."""
        answer = self.client.post("/accounts/oidc/harbor/login/", form)
        assert answer.status_code == 200, answer.content.decode()
        parser = _Refresh()
        parser.feed(answer.content.decode())
        return parser.address

    def answer(self, address: str, person: str) -> str:
        """Signs in at the provider; answers where it leads back to."""
        given = requests.post(address, data={"person": person, "answer": "yes"}, allow_redirects=False, timeout=10)
        assert given.status_code == 303, given.text
        return given.headers["Location"]

    def back(self, address: str) -> HttpResponse:
        """Comes back; answers Berth's first answer."""
        there = urlsplit(address)
        return self.client.get(f"{there.path}?{there.query}")

    def sign_in(self, person: str = "nina", **form: str) -> HttpResponse:
        return self.back(self.answer(self.leave(**form), person))

    @property
    def signed_in(self) -> bool:
        return "_auth_user_id" in self.client.session


@pytest.fixture
def visitor(configure: Callable[..., None], db: None) -> Visitor:
    return Visitor(Client())
