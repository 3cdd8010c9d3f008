"""The database itself refuses to change or remove audit entries and links."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import DatabaseError, connection, transaction

from tenants import audit, chain
from tenants.models import AuditEntry, AuditHead, AuditLink, Membership, Team, User

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


@pytest.fixture
def entry(alice: User, team: Team) -> AuditEntry:
    made = audit.record(actor=alice, action="team.edit", thing=team)
    assert chain.link() == 1
    return made


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


WAYS: dict[str, Callable[[], object]] = {
    "update": lambda: AuditEntry.objects.update(detail="else"),
    "save": lambda: AuditEntry.objects.get().save(),
    "delete": lambda: AuditEntry.objects.all().delete(),
    "delete one": lambda: AuditEntry.objects.get().delete(),
    "update link": lambda: AuditLink.objects.update(digest="0" * 64),
    "delete link": lambda: AuditLink.objects.all().delete(),
    "delete head": lambda: AuditHead.objects.all().delete(),
    "raw update": lambda: sql("UPDATE tenants_auditentry SET detail = 'else'"),
    "raw delete": lambda: sql("DELETE FROM tenants_auditentry"),
    "replace or upsert": lambda: AuditEntry.objects.bulk_create(
        [AuditEntry(pk=AuditEntry.objects.get().pk, actor_name="x", door="page", action="x", target="x")],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["actor_name"],
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_database_refuses(entry: AuditEntry, way: str) -> None:
    before = list(AuditEntry.objects.values()), list(AuditLink.objects.values())
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
        WAYS[way]()
    assert (list(AuditEntry.objects.values()), list(AuditLink.objects.values())) == before


@pytest.mark.parametrize("table", ["tenants_auditentry", "tenants_auditlink", "tenants_audithead"])
def test_database_refuses_to_truncate(entry: AuditEntry, table: str) -> None:
    words = "TRUNCATE" if connection.vendor == "postgresql" else "DELETE FROM"
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
        sql(f"{words} {table}")


def test_sqlite_replaces_no_entry(entry: AuditEntry) -> None:
    """REPLACE takes the old row away without a DELETE that a trigger would see."""
    if connection.vendor != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    fields = "position, entry_id, previous, digest"
    for values in ("1, 99, 'x', 'x'", f"2, {entry.pk}, 'x', 'x'"):
        with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic():
            sql(f"REPLACE INTO tenants_auditlink ({fields}) VALUES ({values})")


def test_team_and_its_people_can_be_deleted_and_their_lines_stay(entry: AuditEntry, team: Team, alice: User) -> None:
    Membership.objects.filter(team=team).delete()
    team.delete()
    alice.delete()
    line = AuditEntry.objects.get()
    assert (line.actor_name, line.team_slug, line.role) == ("alice", "payments", "owner")
    assert (line.target_noun, line.target) == ("team", "team Payments")
