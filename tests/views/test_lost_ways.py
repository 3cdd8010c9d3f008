"""Second factors that are lost, asked for, or the only way: each page on the way says what to do next."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import call_command
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from tenants.models import User
from tests import factories
from tests.signing_in import OWNER_OF_RECORDS, prove, signed_in
from tests.views.test_account import TOTP, code_of, turn_on

pytestmark = pytest.mark.django_db
CONTACT = "help@harbor.example"
DELETE = "/settings/delete/"


@pytest.fixture(autouse=True)
def _asked(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset({"owners", "staff"})
    settings.SUPPORT_CONTACT = CONTACT


@pytest.fixture
def sam(sam: User) -> User:
    """Staff, of whom a second factor is asked."""
    factories.confirm_address(sam)
    return sam


def credential() -> dict[str, Any]:
    """What a browser sends of a new passkey (WebAuthn Level 2, 5.2.1)."""
    public = ES256.from_cryptography_key(ec.generate_private_key(ec.SECP256R1()).public_key())
    key = AttestedCredentialData.create(Aaguid.NONE, b"passkey", public)
    flags = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV | AuthenticatorData.FLAG.AT
    data = AuthenticatorData.create(hashlib.sha256(b"testserver").digest(), flags, 0, key)
    told = CollectedClientData.create("webauthn.create", b"challenge", "https://testserver")
    response = {
        "clientDataJSON": websafe_encode(told),
        "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
    }
    name = websafe_encode(b"passkey")
    return {"id": name, "rawId": name, "type": "public-key", "response": response, "clientExtensionResults": {}}


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.headers)
    return answer.content.decode()


def password(client: Client) -> str:
    answer = client.post("/accounts/login/", {"login": "sam", "password": factories.PASSWORD})
    return str(answer.headers["Location"])


def test_who_lost_the_app_and_the_codes_is_led_back_in(
    sam: User, client: Client, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    turn_on(signed_in(sam))
    Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    assert password(client) == "/accounts/2fa/authenticate/"
    told = page(client, "/accounts/2fa/authenticate/")
    assert "All of them lost? Ask the people who run this site" in told
    assert f'href="mailto:{CONTACT}"' in told
    with django_capture_on_commit_callbacks(execute=True):
        call_command("reset_second_factor", "sam", reason="Lost the telephone; seen in person", verbosity=0)
    fresh = Client()
    assert password(fresh) == "/"
    assert fresh.get("/").headers["Location"] == "/accounts/2fa/"
    assert "This site asks you for a second factor" in page(fresh, "/accounts/2fa/")
    turn_on(fresh)
    assert fresh.get("/").status_code == 200


def test_who_used_up_the_codes_is_told_and_makes_new_ones(sam: User) -> None:
    client = signed_in(sam)
    turn_on(client)
    Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES).delete()
    assert "None left" in page(client, "/accounts/2fa/")
    assert client.post("/accounts/2fa/recovery-codes/generate/").status_code == 302
    assert "None left" not in page(client, "/accounts/2fa/")


def test_an_account_with_a_passkey_alone_proves_itself_by_it(sam: User) -> None:
    sam.set_unusable_password()
    sam.save()
    Authenticator.objects.create(
        user=sam, type=Authenticator.Type.WEBAUTHN, data={"name": "Key", "credential": credential()}
    )
    client = signed_in(sam, ago=16 * 60)
    way = client.get(DELETE).headers["Location"]
    assert way == "/accounts/2fa/webauthn/reauthenticate/?next=%2Fsettings%2Fdelete%2F"
    told = page(client, way)
    assert "Use a passkey" in told
    assert "Nothing of this at hand? Ask the people who run this site" in told
    assert CONTACT in told


def by_organization(client: Client, user: User, *, ago: float = 0) -> None:
    prove(client, user)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "socialaccount", "at": time.time() - ago}]
    assert session[OWNER_OF_RECORDS] == str(user.pk)
    session.save()


def test_who_signs_in_by_the_organization_alone_sets_one_up_and_proves_it_by_code(sam: User) -> None:
    sam.set_unusable_password()
    sam.save()
    client = signed_in(sam)
    by_organization(client, sam, ago=16 * 60)
    assert client.get("/").headers["Location"] == "/accounts/2fa/"
    assert "This site asks you for a second factor" in page(client, "/accounts/2fa/")
    assert client.get(TOTP).headers["Location"].startswith("/accounts/login/?next=")
    client = signed_in(sam)
    by_organization(client, sam)
    key = turn_on(client)
    assert client.get("/").status_code == 200
    by_organization(client, sam, ago=16 * 60)
    way = client.get(DELETE).headers["Location"]
    assert way.startswith("/accounts/2fa/reauthenticate/?next=")
    assert "Is it you?" in page(client, way)
    done = client.post(way, {"code": code_of(key), "next": DELETE})
    assert done.headers["Location"] == DELETE


def test_who_signs_in_by_the_organization_alone_signs_in_again_to_set_a_password(bob: User) -> None:
    bob.set_unusable_password()
    bob.save()
    client = signed_in(bob)
    by_organization(client, bob, ago=16 * 60)
    wish = {"password1": "harbour wall seven", "password2": "harbour wall seven"}
    assert client.post("/accounts/password/set/", wish).headers["Location"].startswith("/accounts/login/?next=")
    bob.refresh_from_db()
    assert not bob.has_usable_password()
    client = signed_in(bob)
    by_organization(client, bob)
    client.post("/accounts/password/set/", wish)
    bob.refresh_from_db()
    assert bob.has_usable_password()
