"""Clients of the cast, and what all pages are asked about."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tenants.models import App, ClusterState, Namespace, Secret, Team, User, Volume
from tests import factories, signing_in


@pytest.fixture
def signed_in() -> Callable[[User], Client]:
    return signing_in.signed_in


@pytest.fixture
def as_alice(signed_in: Callable[[User], Client], alice: User, team: Team) -> Client:
    return signed_in(alice)


@pytest.fixture
def as_bob(signed_in: Callable[[User], Client], bob: User, team: Team) -> Client:
    return signed_in(bob)


@pytest.fixture
def as_carol(signed_in: Callable[[User], Client], carol: User, team: Team) -> Client:
    return signed_in(carol)


@pytest.fixture
def as_erin(signed_in: Callable[[User], Client], erin: User) -> Client:
    return signed_in(erin)


@pytest.fixture
def full(namespace: Namespace, app_row: App, volume: Volume, secret: Secret) -> list[str]:
    """Addresses of all pages of a team that has one of each."""
    ClusterState.objects.update_or_create(
        alias="default", defaults={"answers": True, "since": app_row.created_at, "info": {"version": "v1.37.2"}}
    )
    operation = factories.make_operation(app_row, "app.apply")
    app = "/t/payments/n/dev/apps/checkout/"
    team = ["", "apps/", "volumes/", "secrets/", "activity/", "members/", "quota/", "settings/"]
    inside = ["", "volumes/data/", "secrets/database/"]
    tabs = ["", "releases/", "releases/compare/", "configuration/", "scale/", "events/", "settings/"]
    return [
        "/",
        "/search/?q=check",
        "/teams/new",
        "/settings/",
        "/settings/tokens/",
        f"/operations/{operation.pk}/",
        *(f"/t/payments/{page}" for page in team),
        *(f"/t/payments/n/dev/{page}" for page in inside),
        *(f"{app}{page}" for page in tabs),
    ]
