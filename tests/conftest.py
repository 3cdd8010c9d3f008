"""Fixtures that every room shares: a fixed cast, and what their teams have.

alice owns the team "payments", andy is its admin, bob a developer, carol a viewer; erin owns "ledgers"; dave approves
quotas and sam supports, both staff and members of nothing. Fixtures of one room stand in that room's own conftest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from tenants import chain
from tenants.models import App, Namespace, Plan, Secret, Team, User, Volume
from tests import factories

# A busy machine is slow, not wrong: examples have no deadline of their own, the test has.
# Wishes that fit say nothing, so tests of refusals drop many.
hypothesis.register_profile(
    "berth", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
hypothesis.load_profile("berth")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What starts processes takes long and begins first: at the end the other workers would wait for it."""
    items.sort(key=lambda item: item.get_closest_marker("services") is None)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was imported stays: the collector need not look through it again and again, nor as often as it does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


AUDIT = ("tenants_auditentry", "tenants_auditlink", "tenants_audithead")


@pytest.fixture(scope="session", autouse=True)
def _audit_log_can_be_emptied() -> Iterator[None]:
    """Tests whose rows other threads see end with a flush, which the audit log's triggers refuse: they step aside.

    PostgreSQL makes new files for each table that it truncates: rows, which are few, are deleted there.
    """
    flush = type(connection.ops).sql_flush

    def sql_flush(ops: Any, style: Any, tables: list[str], **options: Any) -> list[str]:
        if connection.vendor == "postgresql":
            rows = (f"DELETE FROM {ops.quote_name(table)}" for table in tables)
            aside, emptied, back = ["SET session_replication_role = replica"], rows, ["RESET session_replication_role"]
        else:
            (aside, back), emptied = triggers_aside(), flush(ops, style, tables, **options)
        return [*aside, *emptied, *back, _first_head()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(connection.ops), "sql_flush", sql_flush)
        yield


def triggers_aside() -> tuple[list[str], list[str]]:
    """SQL that puts the triggers of the audit log aside, and SQL that puts them back."""
    if connection.vendor == "postgresql":
        ways = ([f"ALTER TABLE {table} {way} TRIGGER USER" for table in AUDIT] for way in ("DISABLE", "ENABLE"))
        return next(ways), next(ways)
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (%s, %s, %s)", AUDIT)
        found = cursor.fetchall()
    return [f"DROP TRIGGER {name}" for name, _ in found], [sql for _, sql in found]


def _first_head() -> str:
    """SQL of the row that the migration made."""
    values = f"0, 0, 0, '{chain.GENESIS}', '{chain.seal(0, chain.GENESIS)}'"
    return f"INSERT INTO tenants_audithead (position, entry_id, rekeyed, digest, seal) VALUES ({values})"


@pytest.fixture
def heard() -> Callable[[str], Callable[[], list[dict[str, Any]]]]:
    """`heard(group)` listens; calling what it answers gives the messages so far."""
    layer = get_channel_layer()

    def listen(group: str) -> Callable[[], list[dict[str, Any]]]:
        name = async_to_sync(layer.new_channel)()
        async_to_sync(layer.group_add)(group, name)

        def messages() -> list[dict[str, Any]]:
            found = []
            while name in layer.channels and not layer.channels[name].empty():
                found.append(async_to_sync(layer.receive)(name)["data"])
            return found

        return messages

    return listen


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
