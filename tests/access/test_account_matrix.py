"""Each form of one's own account × each of the cast: it changes one's own account and nobody else's.

They are allauth's: addresses, passwords, second factors, what an account is connected with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction
from django.urls import reverse

from tenants.models import AuditEntry, User
from tests import factories
from tests.access.cast import CAST, SIGNED_IN
from tests.access.conftest import World, make_world
from tests.access.routes import NAMED
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
VICTIM = "victor"
NEW = "a new harbour wall"


@dataclass(frozen=True)
class Form:
    """`status`: of who is signed in; others are sent to sign in. `own`: what it changes, of one's own account."""

    name: str
    body: dict[str, str] = field(default_factory=dict)
    status: int = 302
    own: bool = False
    label: str = ""


FORMS = [
    Form("account_email", {"action_add": "", "email": "more@example.com"}, own=True, label="add"),
    Form("account_email", {"action_primary": "", "email": "<address>"}, label="another's main one"),
    Form("account_email", {"action_remove": "", "email": "<address>"}, label="another's away"),
    Form("account_email", {"action_send": "", "email": "<address>"}, label="another's once more"),
    Form(
        "account_change_password",
        {"oldpassword": factories.PASSWORD, "password1": NEW, "password2": NEW},
        own=True,
    ),
    Form("account_set_password", {"password1": NEW, "password2": NEW}),
    Form("account_reauthenticate", {"password": factories.PASSWORD}),
    Form("mfa_activate_totp", {"code": "000000"}, 200),
    Form("mfa_deactivate_totp", status=404),
    Form("mfa_generate_recovery_codes", status=200),
    Form("mfa_add_webauthn", {"name": "Key", "credential": "{}"}, 200),
    Form("mfa_remove_webauthn", status=404, label="another's"),
    Form("mfa_edit_webauthn", {"name": "Mine"}, 404, label="another's"),
    Form("socialaccount_connections", {"account": "<account>"}, 200, label="another's"),
]


@dataclass
class Account:
    """Whose account it is not, with one of everything."""

    address: str
    factor: int
    connected: int

    @classmethod
    def make(cls) -> Account:
        victor = factories.make_user(VICTIM)
        address = EmailAddress.objects.create(user=victor, email=victor.email, verified=True, primary=True)
        EmailAddress.objects.create(user=victor, email="spare@victor.example", verified=True)
        factor = Authenticator.objects.create(user=victor, type=Authenticator.Type.WEBAUTHN, data={"name": "Key"})
        connected = SocialAccount.objects.create(user=victor, provider="harbor", uid="victor")
        return cls(address.email, factor.pk, connected.pk)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        made = make_world()
        for person in set(made.people.values()) - {made.people["erin"]}:
            factories.confirm_address(person)
        yield made
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def account(world: World, django_db_blocker: Any) -> Account:
    with django_db_blocker.unblock():
        return Account.make()


def kept(user: User) -> list[Any]:
    """All of an account that these forms could change."""
    own = {"user_id": user.pk}
    rows = (EmailAddress.objects, Authenticator.objects, SocialAccount.objects)
    return [
        list(User.objects.filter(pk=user.pk).values("password", "email")),
        *(list(m.filter(**own).values()) for m in rows),
    ]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.name} {form.label}".strip())
def test_a_form_changes_ones_own_account_alone(world: World, account: Account, form: Form) -> None:
    known = {"<address>": account.address, "<account>": str(account.connected)}
    body = {key: known.get(value, value) for key, value in form.body.items()}
    address = reverse(form.name, kwargs=dict.fromkeys(NAMED[form.name].keys, account.factor))
    people = {**world.people, VICTIM: User.objects.get(username=VICTIM)}
    found: dict[str, int] = {}
    for who in CAST:
        with transaction.atomic():
            before = {name: kept(user) for name, user in people.items()}
            lines = AuditEntry.objects.exclude(outcome="denied").count()
            browser = signed_in(people[who]) if who in SIGNED_IN.split() else world.browsers[who]
            answer = browser.post(address, body)
            found[who] = answer.status_code
            changed = {name for name, user in people.items() if kept(user) != before[name]}
            assert changed == ({who} if form.own and who in SIGNED_IN.split() else set()), who
            if who not in SIGNED_IN.split():
                assert answer.headers["Location"].startswith("/accounts/login/"), who
                assert AuditEntry.objects.exclude(outcome="denied").count() == lines, who
            transaction.set_rollback(True)
    assert found == dict.fromkeys(SIGNED_IN.split(), form.status) | {"nobody": 302, "zoe": 302}
