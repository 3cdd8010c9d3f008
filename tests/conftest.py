"""Fixtures that every room shares: a fixed cast, and what their teams have.

alice owns the team "payments", andy is its admin, bob a developer, carol a viewer; erin owns "ledgers"; dave approves
quotas and sam supports, both staff and members of nothing. Fixtures of one room stand in that room's own conftest.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from tenants.models import App, Namespace, Plan, Secret, Team, User, Volume
from tests import factories

# A busy machine is slow, not wrong: examples have no deadline of their own, the test has.
# Wishes that fit say nothing, so tests of refusals drop many.
hypothesis.register_profile(
    "berth", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
hypothesis.load_profile("berth")


@pytest.fixture
def alice(db: None) -> User:
    return factories.make_user("alice")


@pytest.fixture
def andy(db: None) -> User:
    return factories.make_user("andy")


@pytest.fixture
def bob(db: None) -> User:
    return factories.make_user("bob")


@pytest.fixture
def carol(db: None) -> User:
    return factories.make_user("carol")


@pytest.fixture
def erin(db: None) -> User:
    return factories.make_user("erin")


@pytest.fixture
def dave(db: None) -> User:
    return factories.make_user("dave", staff_role=factories.STAFF["dave"])


@pytest.fixture
def sam(db: None) -> User:
    return factories.make_user("sam", staff_role=factories.STAFF["sam"])


@pytest.fixture
def team(alice: User, andy: User, bob: User, carol: User) -> Team:
    return factories.make_team("payments", owner=alice, admin=andy, developer=bob, viewer=carol)


@pytest.fixture
def other_team(erin: User) -> Team:
    return factories.make_team("ledgers", owner=erin)


@pytest.fixture
def plan(db: None) -> Plan:
    return factories.make_plan()


@pytest.fixture
def namespace(team: Team, plan: Plan) -> Namespace:
    return factories.make_namespace(team, "dev", plan=plan)


@pytest.fixture
def other_namespace(other_team: Team, plan: Plan) -> Namespace:
    return factories.make_namespace(other_team, "dev", plan=plan)


@pytest.fixture
def app_row(namespace: Namespace) -> App:
    return factories.make_app(namespace)


@pytest.fixture
def volume(namespace: Namespace) -> Volume:
    return factories.make_volume(namespace)


@pytest.fixture
def secret(namespace: Namespace) -> Secret:
    return factories.make_secret(namespace)
