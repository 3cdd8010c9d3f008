"""`manage.py set_staff_role`: the one way to become staff of the site."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tenants import access
from tenants.models import AuditEntry, Letter, User
from tests.factories import confirm_address

pytestmark = pytest.mark.django_db


def set_role(name: str, role: str) -> str:
    out = StringIO()
    call_command("set_staff_role", name, role, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(("role", "verb"), [("support", "people.suspend"), ("approver", "quota.decide")])
def test_a_role_is_given_and_taken(bob: User, role: str, verb: str) -> None:
    assert set_role("bob", role).startswith(f"bob: {role}.")
    assert access.can_site(User.objects.get(pk=bob.pk), verb)
    set_role("bob", "none")
    assert not User.objects.get(pk=bob.pk).is_site_staff


def test_the_log_has_it_and_they_are_told(bob: User) -> None:
    confirm_address(bob)
    set_role("bob", "support")
    line = AuditEntry.objects.get(action="person.staff_role")
    assert (line.actor, line.actor_name, line.target) == (None, "operator", "user bob")
    assert line.changes == [{"field": "staff_role", "old": "", "new": "support"}]
    assert Letter.objects.get().to == bob.email


@pytest.mark.parametrize(
    ("name", "role", "says"), [("bob", "king", "invalid choice"), ("nobody", "support", "no account")]
)
def test_a_role_and_an_account_are_needed(bob: User, name: str, role: str, says: str) -> None:
    with pytest.raises(CommandError, match=says):
        set_role(name, role)


def test_the_same_role_again_is_told_so(sam: User) -> None:
    with pytest.raises(CommandError, match="already"):
        set_role("sam", "support")
    assert not AuditEntry.objects.exists()
