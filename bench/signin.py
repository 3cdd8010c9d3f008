"""From sending the sign-in form until the home page is there, beside Django's own admin on the same database.

Both through Django's test client with the password hashing of production: a hash is most of either.
"""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import global_settings
from django.contrib.admin import AdminSite
from django.core.cache import cache
from django.test import Client, override_settings
from django.urls import path

from bench.pages import MANY, SomeSite
from bench.rows import Row, ms, quantile
from tenants.models import User
from tests import factories

ROUNDS = 20
LIMIT = 1.5
PEER = {
    "ROOT_URLCONF": "bench.signin",
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
    "MIDDLEWARE": [
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
}

_peer = AdminSite("peer")
_peer.register(User)
urlpatterns = [path("admin/", _peer.urls)]


def rows() -> list[Row]:
    """alice, who owns three teams of a thousand, and an administrator of the peer, in turn."""
    with (
        TemporaryDirectory() as folder,
        override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS),
        SomeSite(Path(folder), MANY).open(),
    ):
        alice = User.objects.get(username="alice")
        factories.confirm_address(alice)
        root = factories.make_user("root", is_staff=True, is_superuser=True)
        for user in (alice, root):
            user.set_password(factories.PASSWORD)
            user.save()
        ours, peer = [], []
        for turn in range(ROUNDS + 1):
            cache.clear()
            found = _ours("alice"), _theirs("root")
            if turn:  # the first warms up
                ours.append(found[0])
                peer.append(found[1])
    mine, plain = statistics.median(ours), statistics.median(peer)
    return [
        Row(
            f"sign-in form → home page, median; p95 of {ROUNDS} (peer: Django's admin)",
            f"{ms(mine)}; {ms(quantile(ours, 0.95))}",
            f"{ms(plain)}; {ms(quantile(peer, 0.95))}",
            f"{mine / plain:.2f}",
            f"≤ {LIMIT} ×",
            mine / plain <= LIMIT,
        )
    ]


def _ours(who: str) -> float:
    return _seconds("/accounts/login/", {"login": who, "password": factories.PASSWORD}, "/")


def _theirs(who: str) -> float:
    with override_settings(**PEER):
        return _seconds("/admin/login/?next=/admin/", {"username": who, "password": factories.PASSWORD}, "/admin/")


def _seconds(form: str, fields: dict[str, str], home: str) -> float:
    """From a browser that has the form. Raises RuntimeError where it does not lead to `home`."""
    client = Client(enforce_csrf_checks=True)
    client.get(form)
    fields = fields | {"csrfmiddlewaretoken": client.cookies["csrftoken"].value}
    begun = time.perf_counter()
    answer = client.post(form, fields, follow=True)
    took = time.perf_counter() - begun
    if answer.status_code != 200 or answer.request["PATH_INFO"] != home:
        raise RuntimeError(f"{form} leads to {answer.request['PATH_INFO']}: {answer.status_code}")
    return took
