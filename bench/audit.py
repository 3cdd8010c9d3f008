"""The audit log on PostgreSQL: lines written a second, and search over a million of them.

Both run in a process of their own, in settings that name that database: `python -m bench.audit FILE` leaves its figures
there, since its stdout carries the log's own lines as in production.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from bench.rows import Row, ms, quantile
from tenants import audit, chain
from tenants.models import AuditEntry
from tenants.selectors import integrity
from tests import factories
from tests.prerequisites import INITDB
from tests.processes.stack import Postgres

ROOT = Path(__file__).resolve().parents[1]
LINES, AT_ONCE, ROUNDS = 1_000_000, 400, 6
SEARCHES, WITHOUT_INDEX = 240, 48
WORTH = 0.5
LIMIT = 0.150

# A year of 200 teams: 400 people, 2,000 apps, 25 kinds of deeds; every 40th is refused.
FILL = f"""
INSERT INTO tenants_auditentry (at, actor_id, actor_name, role, door, action, outcome, team_id, team_slug, target_noun,
    target_id, target, changes, detail, address, request_id, nonce, stamp)
SELECT now() - n * interval '31 seconds', 100 + n %% 400, 'user-' || n %% 400, 'developer',
    CASE WHEN n %% 3 = 0 THEN 'api' ELSE 'page' END, 'app.deed_' || n %% 25,
    CASE WHEN n %% 40 = 0 THEN 'denied' ELSE 'done' END, t.id, t.slug, 'app', n %% 2000,
    'app ' || t.slug || '-dev/shop-' || n %% 2000,
    '[{{"field": "image", "old": "registry.example/shop:1", "new": "registry.example/shop:2"}}]',
    CASE WHEN n %% 10 = 0 THEN 'release ' || n ELSE '' END, '203.0.113.7', md5(n::text),
    gen_random_uuid(), ''
FROM generate_series(1, {LINES}) AS n JOIN tenants_team t ON t.slug = 'team-' || n %% 200
"""
INDEX = "CREATE INDEX audit_words ON tenants_auditentry USING gin (words gin_trgm_ops)"


def rows() -> list[Row]:
    if not INITDB:
        return [Row("audit: PostgreSQL is not installed")]
    server = Postgres()
    try:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "figures.json"
            settings = "bench.audit_settings"
            subprocess.run(
                [sys.executable, "-m", "bench.audit", str(file)],
                cwd=ROOT,
                env={**os.environ, "DJANGO_SETTINGS_MODULE": settings, "BERTH_TEST_DATABASE_PORT": str(server.port)},
                stdout=subprocess.DEVNULL,
                check=True,
                timeout=1800,
            )
            found = json.loads(file.read_text())
    finally:
        server.remove()
    return [_writing(**found["writing"]), _searching(**found["searching"])]


def _writing(ours: list[float], peer: list[float]) -> Row:
    mine, plain = sorted(ours)[len(ours) // 2], sorted(peer)[len(peer) // 2]
    return Row(
        "audit lines written a second, one writer, a transaction each (peer: no triggers, stamp, chain, log line)",
        f"{mine:,.0f}",
        f"{plain:,.0f}",
        f"{mine / plain:.2f}",
        f"≥ {WORTH} ×",
        mine / plain >= WORTH,
    )


def _searching(ours: list[float], peer: list[float]) -> Row:
    mine, plain = quantile(ours, 0.95), quantile(peer, 0.95)
    return Row(
        f"page of a search in {LINES:,} audit lines, p95 (peer: without the index)",
        f"{ms(mine)}, median {ms(quantile(ours, 0.5))}",
        f"{ms(plain)}, median {ms(quantile(peer, 0.5))}",
        f"{mine / plain:.2f}",
        f"≤ {ms(LIMIT)}",
        mine <= LIMIT,
    )


def measure() -> dict[str, dict[str, list[float]]]:
    """In the process whose settings name the PostgreSQL."""
    call_command("migrate", verbosity=0)
    return {"writing": _write(), "searching": _search()}


def _write() -> dict[str, list[float]]:
    """Lines a second of each round, in turn; ours until the last has its place in the chain."""
    alice = factories.make_user("alice")
    team = factories.make_team("payments", owner=alice)

    def ours() -> None:
        for number in range(AT_ONCE):
            audit.record(actor=alice, action="team.edit", thing=team, detail=str(number))
        chain.link()

    def peer() -> None:
        _triggers("DISABLE")
        for number in range(AT_ONCE):
            with transaction.atomic():
                AuditEntry.objects.create(
                    actor=alice,
                    actor_name="alice",
                    role="owner",
                    door="command",
                    action="team.edit",
                    team=team,
                    team_slug="payments",
                    target_noun="team",
                    target_id=str(team.pk),
                    target="team Payments",
                    detail=str(number),
                )
        _triggers("ENABLE")

    found: dict[str, list[float]] = {"ours": [], "peer": []}
    for turn in range(ROUNDS + 1):
        for name, work in (("ours", ours), ("peer", peer)):
            taken = AT_ONCE / _seconds(work)
            if turn:  # the first warms up
                found[name].append(taken)
        _forget_peers()
    if AuditEntry.objects.exclude(stamp="").count() != integrity.verify().position:
        raise RuntimeError("not every line has its place in the chain")
    return found


def _search() -> dict[str, list[float]]:
    """Seconds of pages, asked as staff and as an owner, the same ones without the index and with it."""
    sam = factories.make_user("sam", staff_role="support")
    olga = factories.make_user("olga")
    for number in range(200):
        factories.make_team(f"team-{number}", **({"owner": olga} if number < 3 else {}))
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX audit_words")
        cursor.execute(FILL, [])
        cursor.execute("VACUUM ANALYZE tenants_auditentry")
    staff, owner = Client(), Client()
    staff.force_login(sam)
    owner.force_login(olga)
    found = {"peer": _pages(staff, owner, WITHOUT_INDEX)}
    with connection.cursor() as cursor:
        cursor.execute(INDEX)
        cursor.execute("VACUUM ANALYZE tenants_auditentry")
    return found | {"ours": _pages(staff, owner, SEARCHES)}


def _pages(staff: Client, owner: Client, count: int) -> list[float]:
    """Each time other words; a twelfth of them each kind of search."""
    dice = random.Random(7)
    taken = []
    for number in range(count):
        n = dice.randrange(1, LINES)
        slug = f"team-{dice.randrange(3)}"
        client, path = (
            (staff, f"/audit/?q={hashlib.md5(str(n).encode()).hexdigest()}"),
            (staff, f"/audit/?q=shop-{n % 2000}"),
            (staff, "/audit/?q=release"),
            (staff, f"/audit/?q=release+shop-{n % 200 * 10}"),
            (staff, f"/audit/?q=nothing-{n}"),
            (staff, f"/audit/?who=user-{n % 400}"),
            (staff, f"/audit/?q=user-{n % 400}&outcome=denied"),
            (staff, f"/audit/?q=shop-{n % 2000}&from=2026-01-01"),
            (staff, f"/audit/?action=app.deed_{n % 25}&q=team-{n % 200}"),
            (owner, f"/t/{slug}/activity/?q=shop-{n % 10 * 200 + int(slug[5:])}"),
            (owner, f"/t/{slug}/activity/?q=release"),
            (owner, f"/t/{slug}/activity/?who=user-{n % 400}"),
        )[number % 12]
        taken.append(_seconds(lambda client=client, path=path: _asked(client, path)))  # type: ignore[misc]
    return taken


def _asked(client: Client, path: str) -> None:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status_code}")


def _forget_peers() -> None:
    _triggers("DISABLE")
    AuditEntry.objects.filter(stamp="").delete()
    _triggers("ENABLE")


def _triggers(way: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE tenants_auditentry {way} TRIGGER USER")


def _seconds(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(measure()))
