"""Django's admin: domain objects to look at, nothing that guards an account."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from portal import seed
from tenants.admin import HIDDEN
from tenants.models import ApiToken, App, Letter, Operation, Plan, Team, User
from tests import factories
from tests.signing_in import signed_in

MODELS = list(apps.get_app_config("tenants").get_models())
NAMES = [model.__name__ for model in MODELS]
pytestmark = pytest.mark.django_db


@pytest.fixture
def root(db: None) -> User:
    return factories.make_user("root", is_staff=True, is_superuser=True)


@pytest.fixture
def as_root(root: User) -> Client:
    return signed_in(root)


def address(model: type[Model], page: str, *pk: object) -> str:
    return reverse(f"admin:tenants_{model._meta.model_name}_{page}", args=pk)


def still(row: dict[str, object]) -> dict[str, object]:
    """Without what a visit itself writes."""
    return {name: value for name, value in row.items() if name not in {"last_login", "seen_at"}}


def test_it_has_all_domain_objects_and_nothing_else() -> None:
    assert {model for model in apps.get_models() if admin.site.is_registered(model)} == set(MODELS)
    assert not admin.site.is_registered(Authenticator)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens_for_a_superuser(as_root: Client, app_row: App, model: type[Model]) -> None:
    assert as_root.get(address(model, "changelist"), {"q": "check"}).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=NAMES)
def test_nothing_is_added(as_root: Client, model: type[Model]) -> None:
    assert as_root.get(address(model, "add")).status_code == 403
    assert as_root.post(address(model, "add"), {}).status_code == 403


@pytest.mark.parametrize("model", [Team, User, App, Plan], ids=lambda model: model.__name__)
def test_nothing_is_changed_or_deleted(as_root: Client, app_row: App, model: type[Model]) -> None:
    row = model.objects.first()
    before = list(model.objects.values())
    assert as_root.get(address(model, "change", row.pk)).status_code == 200
    assert as_root.post(address(model, "change", row.pk), {"name": "Other", "is_superuser": "on"}).status_code == 403
    assert as_root.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    as_root.post(address(model, "changelist"), chosen)
    assert [still(row) for row in model.objects.values()] == [still(row) for row in before]


def test_all_permissions_of_the_world_change_nothing(app_row: App) -> None:
    clerk = factories.make_user("clerk", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    assert signed_in(clerk).post(address(Team, "change", app_row.team.pk), {"name": "Other"}).status_code == 403
    assert Team.objects.get(pk=app_row.team.pk).name == "Payments"


def test_digests_passwords_and_sealed_values_are_on_no_page(as_root: Client, alice: User, app_row: App) -> None:
    ApiToken.objects.create(user=alice, name="ci", prefix="berth_x", digest="d1gest" * 8, expires_at=alice.date_joined)
    Letter.objects.create(to="a@example.com", kind="invitation", sealed=b"sealed-letter")
    factories.make_operation(app_row, "app.apply", sealed=b"sealed-value")
    for model in (User, ApiToken, Letter, Operation):
        html = as_root.get(address(model, "change", model.objects.exclude(pk=None).first().pk)).content.decode()
        for word in ("d1gest", "sealed-", "md5$", *(f'field-{name}"' for name in HIDDEN)):
            assert word not in html, (model, word)


def test_ones_password_is_changed_where_all_change_theirs(as_root: Client) -> None:
    assert as_root.get("/admin/password_change/").headers["Location"] == reverse("account_change_password")


def test_nobody_of_the_example_opens_it(db: None) -> None:
    """Staff of the site have pages of their own; the admin would be an empty one for them."""
    assert not any(user.is_staff or user.is_superuser for user in seed.cast().values())
