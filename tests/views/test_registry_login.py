"""The login to a registry: registry, user and password are asked for, and it is chosen where images are named."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tenants import operations
from tenants.models import App, Namespace, Operation, Secret
from tests import factories

NEW = "/t/payments/n/dev/secrets/new"
CANARY = "canary: 5d41402a"
LOGIN = {
    "name": "registry",
    "type": "kubernetes.io/dockerconfigjson",
    "registry": "registry.example:5000",
    "user": "robot",
    "password": CANARY,
}


def auths() -> dict[str, Any]:
    """What the newest operation carries to the cluster."""
    operation = Operation.objects.latest("created_at")
    assert operation.sealed is not None
    values = operations.unseal(operation.pk, operation.sealed)["values"]
    found: dict[str, Any] = json.loads(values[".dockerconfigjson"])["auths"]
    return found


def test_a_login_is_made_of_registry_user_and_password(as_bob: Client, namespace: Namespace) -> None:
    answer = as_bob.post(NEW, LOGIN)
    assert answer.headers["Location"] == "/t/payments/n/dev/secrets/registry/"
    assert Secret.objects.get().type == "kubernetes.io/dockerconfigjson"
    found = auths()["registry.example:5000"]
    assert (found["username"], found["password"]) == ("robot", CANARY)
    assert CANARY not in as_bob.get("/t/payments/n/dev/secrets/registry/").content.decode()


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("registry", "", "Give the registry&#x27;s host"),
        ("registry", "https://registry.example", "Leave out"),
        ("user", "", "Give the user name"),
        ("user", "a:b", "no “:” in it"),
        ("password", "", "Give the password"),
    ],
)
def test_what_a_login_lacks_is_said_and_the_password_is_not_echoed(
    as_bob: Client, namespace: Namespace, field: str, typed: str, words: str
) -> None:
    html = as_bob.post(NEW, LOGIN | {field: typed}).content.decode()
    assert words in html
    assert f'href="#id_{field}">1 field needs a change' in html
    assert CANARY not in html
    assert not Secret.objects.exists()


def test_another_login_takes_the_place_of_the_first(as_bob: Client, namespace: Namespace) -> None:
    as_bob.post(NEW, LOGIN)
    as_bob.post("/t/payments/n/dev/secrets/registry/", LOGIN | {"password": "other"})
    assert Secret.objects.get().version == 2
    assert auths()["registry.example:5000"]["password"] == "other"


@pytest.mark.parametrize("page", ["apps/new", "apps/checkout/deploy/", "apps/checkout/configuration/"])
def test_a_login_can_be_chosen_and_added_wherever_an_app_is_set(
    as_bob: Client, namespace: Namespace, page: str
) -> None:
    factories.make_app(namespace)
    html = as_bob.get(f"/t/payments/n/dev/{page}").content.decode()
    assert 'name="pull_secret"' in html
    assert f'href="{NEW}?kind=login">Add a login' in html


def test_the_link_for_a_login_chooses_that_kind(as_bob: Client, namespace: Namespace) -> None:
    html = as_bob.get(f"{NEW}?kind=login").content.decode()
    assert 'value="kubernetes.io/dockerconfigjson" checked' in html


def test_configuration_takes_a_login(as_bob: Client, namespace: Namespace) -> None:
    as_bob.post(NEW, LOGIN)
    app = factories.make_app(namespace)
    fields = {"expected": "1", "reach": "nobody", "health_kind": "none", "health_period": "5", "health_start": "60"}
    answer = as_bob.post("/t/payments/n/dev/apps/checkout/configuration/", fields | {"pull_secret": "registry"})
    assert answer.status_code == 302
    app = App.objects.get(pk=app.pk)
    assert app.release is not None
    assert app.release.spec["pull_secret"] == "registry"
