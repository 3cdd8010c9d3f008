"""Somebody who has the database's password writes into the audit log by SQL: refused, or found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from tenants import audit, chain
from tenants.models import AuditEntry, AuditHead, AuditLink, Team, User
from tenants.selectors import integrity
from tests.audit.tampering import tampered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]

ENTRY = (
    "at, actor_id, actor_name, role, door, action, outcome, team_id, team_slug, target_noun, target_id, target,"
    " changes, detail, address, request_id, nonce, stamp"
)


@pytest.fixture
def entries(alice: User, team: Team, monkeypatch: pytest.MonkeyPatch) -> list[AuditEntry]:
    """Three entries in their places."""
    monkeypatch.setattr(chain, "SOON", 0.0)
    return [audit.record(actor=alice, action="team.edit", thing=team, detail=f"edit {n}") for n in range(3)]


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def refused(statement: str, why: str = "insert-only") -> None:
    before = [list(model.objects.order_by("pk").values()) for model in (AuditEntry, AuditLink, AuditHead)]
    with pytest.raises(DatabaseError, match=why), transaction.atomic():
        sql(statement)
    assert [list(model.objects.order_by("pk").values()) for model in (AuditEntry, AuditLink, AuditHead)] == before


def forged() -> AuditEntry:
    """An entry with a made-up stamp, by SQL alone."""
    fields = ENTRY.replace("detail", "'forged'").replace("stamp", f"'{'f' * 64}'")
    source = "FROM tenants_auditentry WHERE detail = 'edit 0'"
    sql(f"INSERT INTO tenants_auditentry ({ENTRY}) SELECT {fields} {source}")
    return AuditEntry.objects.get(detail="forged")


def link_of(entry: AuditEntry, position: int) -> str:
    """SQL of a link that agrees with itself, as the decision page tells how to reckon one."""
    before = AuditLink.objects.filter(position=position - 1).first()
    previous = before.digest if before else chain.GENESIS
    values = f"{position}, {entry.pk}, '{previous}', '{chain.digest(previous, entry)}'"
    return f"INSERT INTO tenants_auditlink (position, entry_id, previous, digest) VALUES ({values})"


@contextmanager
def unchecked() -> Iterator[None]:
    """The owner of the tables puts triggers and checks aside."""
    name, check = "audit_positions_begin_with_1", "CHECK (position >= 1) NOT VALID"
    with tampered():
        if connection.vendor == "sqlite":
            sql("PRAGMA ignore_check_constraints = ON")
        else:
            sql(f"ALTER TABLE tenants_auditlink DROP CONSTRAINT {name}")
        try:
            yield
        finally:
            if connection.vendor == "sqlite":
                sql("PRAGMA ignore_check_constraints = OFF")
            else:
                sql(f"ALTER TABLE tenants_auditlink ADD CONSTRAINT {name} {check}")


# -- links --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [-1, 0, 3, 5, 2**40])
def test_database_refuses_a_link_that_does_not_come_next(entries: list[AuditEntry], position: int) -> None:
    entry = forged()
    refused(link_of(entry, position))


@pytest.mark.parametrize("position", [-1, 0])
def test_database_refuses_a_link_before_the_first_without_its_triggers_too(
    entries: list[AuditEntry], position: int
) -> None:
    entry = forged()
    with tampered():
        refused(link_of(entry, position), "audit_positions_begin_with_1|constraint failed")


@pytest.mark.parametrize("position", [-1, 0, 4, 9])
def test_forged_entry_with_a_link_outside_the_chain_is_found(entries: list[AuditEntry], position: int) -> None:
    entry = forged()
    with unchecked():
        sql(link_of(entry, position))
    assert integrity.verify().found == integrity.Break("a link was added past Berth", position, entry.pk)
    assert integrity.place(entry)[0] is integrity.Place.BROKEN


def test_copy_of_an_entry_linked_outside_the_chain_is_not_verified(entries: list[AuditEntry]) -> None:
    """Its stamp is Berth's, its place is not."""
    with unchecked():
        sql("DELETE FROM tenants_auditlink WHERE position = 1")
        sql(link_of(entries[0], -1))
    assert integrity.place(entries[0])[0] is integrity.Place.BROKEN


def test_forged_entry_in_the_chain_is_found_where_the_head_was_sealed(entries: list[AuditEntry]) -> None:
    """Somebody made Berth seal what it did not write: the stamp still tells."""
    entry = forged()
    sql(link_of(entry, 4))
    digest = AuditLink.objects.get(position=4).digest
    AuditHead.objects.update(position=4, digest=digest, entry_id=entry.pk, seal=chain.seal(4, digest))
    assert integrity.verify().found == integrity.Break("the entry was written past Berth", 4, entry.pk)
    assert integrity.place(entry)[0] is integrity.Place.BROKEN


def test_links_that_are_missing_before_the_begin_are_found(entries: list[AuditEntry]) -> None:
    with tampered():
        sql("DELETE FROM tenants_auditlink WHERE position = 1")
        sql(f"DELETE FROM tenants_auditentry WHERE id = {entries[0].pk}")
    found = integrity.verify(start=3).found
    assert found is not None
    assert "missing" in found.what


# -- copies -------------------------------------------------------------------------------------------------------


def test_database_refuses_a_copy_of_an_entry(entries: list[AuditEntry]) -> None:
    refused(f"INSERT INTO tenants_auditentry ({ENTRY}) SELECT {ENTRY} FROM tenants_auditentry", "insert-only|unique")


def test_copy_with_another_nonce_gets_no_place(entries: list[AuditEntry]) -> None:
    nonce = "'" + "0" * 32 + "'" + ("::uuid" if connection.vendor == "postgresql" else "")
    others = ENTRY.replace("nonce", nonce).replace("stamp", "upper(stamp)")
    source = "FROM tenants_auditentry WHERE detail = 'edit 0'"
    sql(f"INSERT INTO tenants_auditentry ({ENTRY}) SELECT {others} {source}")
    assert chain.link(whole=True) == 0
    found = integrity.verify().found
    assert found is not None
    assert found.entry == AuditEntry.objects.latest("pk").pk


# -- SQLite's REPLACE ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rowid", ["rowid", "oid", "_rowid_"])
def test_sqlite_replaces_no_link_by_its_rowid(entries: list[AuditEntry], rowid: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    entry = forged()
    refused(
        f"INSERT OR REPLACE INTO tenants_auditlink ({rowid}, position, entry_id, previous, digest)"
        f" VALUES (1, 4, {entry.pk}, 'x', 'x')"
    )


def test_sqlite_replaces_no_entry_by_its_rowid_or_stamp(entries: list[AuditEntry]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("REPLACE is SQLite's")
    first = entries[0].pk
    copy = f"SELECT {ENTRY.replace('stamp', repr(''))} FROM tenants_auditentry WHERE id = {first}"
    refused(f"INSERT OR REPLACE INTO tenants_auditentry (rowid, {ENTRY}) {copy.replace('SELECT', f'SELECT {first},')}")
    others = ENTRY.replace("actor_name", repr("mallory"))
    refused(
        f"INSERT OR REPLACE INTO tenants_auditentry (id, {ENTRY})"
        f" SELECT 99, {others} FROM tenants_auditentry WHERE id = {first}"
    )


def test_sqlite_takes_no_row_that_would_stop_those_after_it(entries: list[AuditEntry]) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("rowid is SQLite's")
    refused("INSERT INTO tenants_auditlink (rowid, position, entry_id, previous, digest) VALUES (-1, 4, 99, 'x', 'x')")


# -- the head -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("position", [0, 2, 4])
def test_database_refuses_a_head_that_goes_back_or_past_the_last_link(entries: list[AuditEntry], position: int) -> None:
    refused(f"UPDATE tenants_audithead SET position = {position}")


def test_database_refuses_a_second_head(entries: list[AuditEntry]) -> None:
    fields = "position, digest, entry_id, rekeyed, seal"
    refused(f"INSERT INTO tenants_audithead ({fields}) SELECT {fields} FROM tenants_audithead")
    if connection.vendor == "sqlite":
        refused(
            f"REPLACE INTO tenants_audithead (id, {fields}) SELECT id, 0, digest, 0, 0, seal FROM tenants_audithead"
        )


def test_head_is_signed_where_it_stands(entries: list[AuditEntry]) -> None:
    head = AuditHead.objects.get()
    chain.sign(head.position, head.digest)
    assert integrity.verify().found is None


# -- keys ---------------------------------------------------------------------------------------------------------


def test_entries_of_a_former_key_stay_verified_after_it_is_gone(
    entries: list[AuditEntry], alice: User, team: Team, settings: Settings
) -> None:
    old = settings.SECRET_KEY
    with transaction.atomic():
        late = audit.record(actor=alice, action="team.edit", thing=team)  # by a process that has the old key alone
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-key" * 6, [old]
    new = audit.record(actor=alice, action="team.edit", thing=team)
    settings.SECRET_KEY_FALLBACKS = []
    assert AuditHead.objects.get().rekeyed == 4
    assert integrity.verify().found is None
    assert {integrity.place(entry)[0] for entry in (*entries, late, new)} == {integrity.Place.VERIFIED}


# -- rows that do not fit their columns ---------------------------------------------------------------------------

# Column → SQL that SQLite keeps, and SQL that PostgreSQL keeps and Python cannot read; "" where there is none.
MISFITS = [
    ("at", "'yesterday'", "'infinity'"),
    ("at", "'2026-99-99 00:00:00'", "'20260-01-01'"),
    ("at", "X'00'", "'4000-01-01 BC'"),
    ("changes", "'[{'", "(repeat('[', 3000) || repeat(']', 3000))::jsonb"),
    ("changes", "'\"\\ud800\"'", "('[' || repeat('9', 5000) || ']')::jsonb"),
    ("nonce", "'nobody'", ""),
    ("detail", "X'ff00'", ""),
    ("detail", "CAST(X'ff' AS TEXT)", ""),
    ("stamp", "X'ff'", ""),
]


def misfit(column: str, sqlite: str, postgresql: str) -> str:
    """The value in this database's SQL; skips where it has none."""
    value = sqlite if connection.vendor == "sqlite" else postgresql
    return value or pytest.skip("this database keeps no such value")


@pytest.mark.parametrize(("column", "sqlite", "postgresql"), MISFITS)
def test_forged_entry_that_cannot_be_read_is_found_and_stops_nobody(
    entries: list[AuditEntry], alice: User, team: Team, column: str, sqlite: str, postgresql: str
) -> None:
    values = {"detail": "'forged'", "stamp": f"'{'f' * 64}'"} | {column: misfit(column, sqlite, postgresql)}
    source = ", ".join(values.get(name.strip(), name) for name in ENTRY.split(","))
    with unchecked():
        sql(f"INSERT INTO tenants_auditentry ({ENTRY}) SELECT {source} FROM tenants_auditentry WHERE detail = 'edit 0'")
    forged = max(AuditEntry.objects.values_list("pk", flat=True))
    later = audit.record(actor=alice, action="team.edit", thing=team)
    assert AuditLink.objects.filter(entry=later).exists()
    found = integrity.verify().found
    assert found is not None
    assert found.entry == forged
    with pytest.raises(CommandError, match=f"entry {forged}"):
        call_command("verify_audit")


@pytest.mark.parametrize(("column", "sqlite", "postgresql"), MISFITS)
def test_entry_that_cannot_be_read_any_more_is_found(
    entries: list[AuditEntry], column: str, sqlite: str, postgresql: str
) -> None:
    with unchecked():
        value = misfit(column, sqlite, postgresql)
        sql(f"UPDATE tenants_auditentry SET {column} = {value} WHERE id = {entries[1].pk}")
    assert integrity.verify().found == integrity.Break("the entry was changed", 2, entries[1].pk)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("link", "entry_id = 'x' WHERE position = 2"),
        ("link", "digest = CAST(X'ff' AS TEXT) WHERE position = 2"),
        ("link", "position = 'x' WHERE position = 2"),
        ("head", "position = 'x'"),
        ("head", "rekeyed = X'00'"),
        ("head", "digest = X'00'"),
    ],
)
def test_chain_that_cannot_be_read_is_found(entries: list[AuditEntry], table: str, change: str) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps no such value")
    with tampered():
        sql(f"UPDATE tenants_audit{table} SET {change}")
    assert integrity.verify().found is not None
