"""What a session holds is Berth's to read: not that of whoever has a copy of the database."""

from __future__ import annotations

import base64
import json
import re

from django.contrib.sessions.models import Session
from django.test import Client
from pytest_django import Settings

from tenants.models import User
from tests.signing_in import signed_in

TOTP = "/accounts/2fa/totp/activate/"


def stored() -> str:
    """All that the database has of sessions, and what is readable in it by base64."""
    rows = list(Session.objects.values_list("session_data", flat=True))
    plain = [base64.urlsafe_b64decode(part + "==").decode("latin-1") for row in rows for part in row.split(":")]
    return "\n".join([*rows, *plain])


def test_the_seed_of_an_app_is_not_readable_before_it_is_confirmed(alice: User) -> None:
    client = signed_in(alice)
    seed = re.search(r'id="totp-key">(\w+)<', client.get(TOTP).content.decode())
    assert seed is not None
    assert seed[1] in json.dumps(dict(client.session))
    assert seed[1] not in stored()
    assert "totp" not in stored()


def test_a_session_that_was_written_by_hand_is_nobodys(alice: User, as_bob: Client) -> None:
    alices, bobs = signed_in(alice).session, as_bob.session
    assert as_bob.get("/settings/").status_code == 200
    Session.objects.filter(pk=bobs.session_key).update(session_data=bobs.encode({})[:-4] + "AAA=")
    assert as_bob.get("/settings/").status_code == 302
    assert alices.session_key in Session.objects.values_list("pk", flat=True)


def test_with_another_key_everybody_signs_in_again(as_bob: Client, settings: Settings) -> None:
    settings.SEAL_KEY = "another key, fifty characters or more, of the site's own"
    assert as_bob.get("/settings/").status_code == 302
