"""A long export under the server of production: it streams, in little memory, and ends with whoever reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import requests

from tests.processes.stack import Stack, until

ENTRIES = 40_000
pytestmark = pytest.mark.timeout(300)
LITTLE = 20 << 20
"""Bytes that the process may grow by while it writes; the export itself is twice as much and more."""
FILL = """
INSERT INTO tenants_auditentry (at, actor_name, role, door, action, outcome, team_id, team_slug, target_noun, target_id,
    target, changes, detail, request_id, nonce, stamp)
SELECT now() - n * interval '1 second', 'zoe', 'owner', 'api', 'app.release', 'done', id, slug, 'app', n, 'app shop',
    '[{"field": "image", "old": "registry.example/shop:1", "new": "registry.example/shop:2"}]', repeat('x', 400),
    md5(n::text), gen_random_uuid(), ''
FROM generate_series(1, %(entries)s) AS n, tenants_team WHERE slug = 'export'
"""
RUNNING = (
    "SELECT query FROM pg_stat_activity WHERE query LIKE '%tenants_auditlink%LIMIT 1000%' AND pid <> pg_backend_pid()"
)
FORGET = """
ALTER TABLE tenants_auditentry DISABLE TRIGGER USER;
DELETE FROM tenants_auditentry WHERE actor_name = 'zoe';
ALTER TABLE tenants_auditentry ENABLE TRIGGER USER;
"""


@pytest.fixture(scope="module")
def export(stack: Stack) -> Iterator[requests.Session]:
    """A session that may read the long log of the team `export`."""
    stack.script().post("teams", {"name": "Export", "slug": "export"})
    with psycopg.connect(stack.postgres.url, autocommit=True) as database:
        database.execute(FILL, {"entries": ENTRIES})
        with requests.Session() as session:
            session.headers["Authorization"] = f"Bearer {stack.token}"
            session.headers["Accept"] = "application/x-ndjson"
            yield session
        database.execute(FORGET)


def ask(stack: Stack, session: requests.Session, query: str = "") -> requests.Response:
    answer = session.get(f"{stack.urls[0]}/api/v1/teams/export/audit?{query}", stream=True, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer


def resident(pid: int, which: str) -> int:
    """Bytes of memory of a process: VmRSS now, VmHWM at most since it began or `clear_refs` was written."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(which))


def test_a_long_export_streams_in_little_memory(stack: Stack, export: requests.Session) -> None:
    pid = stack.webs[0].pid
    assert len(ask(stack, export, "q=shop&from=2000-01-01").raw.read(1 << 20)) == 1 << 20  # what it takes once
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # proc(5): the peak is counted anew
    before = resident(pid, "VmRSS")
    count = size = 0
    for line in ask(stack, export).iter_lines(1 << 16):
        count += json.loads(line)["actor"] == "zoe"
        size += len(line)
    assert count == ENTRIES
    assert size > 3 * LITTLE / 2
    assert resident(pid, "VmHWM") - before < LITTLE


def test_the_queries_of_an_export_end_with_its_reader(stack: Stack, export: requests.Session) -> None:
    """A hundred batches of a thousand lines, each by a query of its own: after the reader left, hardly one more."""
    answer = ask(stack, export)
    answer.raw.read(1 << 16)
    seen: set[str] = set()
    with psycopg.connect(stack.postgres.url, autocommit=True) as database:
        answer.raw._connection.close()
        looks = 0

        def quiet() -> bool:
            """So many looks in a row, three seconds and more together, see none of them."""
            nonlocal looks
            running = {text for (text,) in database.execute(RUNNING).fetchall()}
            looks = 0 if running - seen else looks + 1
            seen.update(running)
            database.execute("SELECT pg_sleep(0.01)")
            return looks >= 60

        until("an end of the export's queries", quiet)
    assert len(seen) < ENTRIES / 1_000 / 10
