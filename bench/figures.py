"""What it costs to keep the use of 1,000 namespaces, and the quota page of a team that has 50 of them.

Samples are measured on SQLite here, and on PostgreSQL in a process of its own: `python -m bench.figures FILE` leaves
its figures there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.db.backends.sqlite3.base import SQLiteCursorWrapper
from django.db.models import OuterRef, Subquery
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.rows import Row, ms, quantile
from cluster.specs import STANDARD
from tenants import releases, sampling
from tenants.models import App, Namespace, Plan, Release, Sample, Team, User
from tenants.sampling import HOUR, SPAN, Meter, Sampler
from tests import factories
from tests.prerequisites import INITDB
from tests.processes.stack import Postgres

ROOT = Path(__file__).resolve().parents[1]
PLACES, APPS, FEW, MANY = 1000, 3, 5, 50
AN_HOUR = HOUR // SPAN
LIMIT = 2.0
"""Seconds of database time an hour, of all samples (issue 5)."""
PAGES, PAGE_LIMIT = 20, 0.150
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def rows() -> list[Row]:
    """Two rows of samples, one of the page."""
    with TemporaryDirectory() as folder:
        with _own_file(Path(folder) / "figures.sqlite3"):
            found = measure()
            page = _page()
        kept = [_row("SQLite", **found)]
        file = Path(folder) / "figures.json"
        kept.append(_on_postgresql(file) if INITDB else Row("samples: PostgreSQL is not installed"))
    return [*kept, page]


def measure() -> dict[str, Any]:
    """An hour's work in the database at hand: twelve times a sample of each namespace, and an hour rolled up."""
    call_command("migrate", verbosity=0)
    _fill()
    Namespace.objects.update(used_at=NOON + timedelta(hours=HOUR))
    sampler = Sampler(Meter())
    clock = _Clock()
    if connection.vendor == "sqlite":
        connection.create_cursor = clock.cursor  # type: ignore[method-assign]
    database, ours = clock.now(), time.thread_time()
    for n in range(1, AN_HOUR + 1):
        sampler.sample(NOON + timedelta(seconds=SPAN * n))
    sampling.roll_up(NOON + timedelta(days=8))
    count = Sample.objects.filter(seconds=HOUR).count()
    if count != PLACES:
        raise RuntimeError(f"{count} hours of {PLACES}")
    spent, whole = clock.now() - database, time.thread_time() - ours
    return {"database": spent, "ours": whole - spent if connection.vendor == "sqlite" else whole}


class _Clock:
    """Processor seconds of the database: of PostgreSQL's process, and of this thread while SQLite has it."""

    def __init__(self) -> None:
        self._spent = 0.0

    def now(self) -> float:
        if connection.vendor == "sqlite":
            return self._spent
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()
        fields = Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cursor(self, name: str | None = None) -> SQLiteCursorWrapper:
        """As Django's own, with the time of what SQLite does."""
        clock = self

        class Timed(SQLiteCursorWrapper):
            execute = clock.timed(SQLiteCursorWrapper.execute)
            executemany = clock.timed(SQLiteCursorWrapper.executemany)
            fetchone = clock.timed(SQLiteCursorWrapper.fetchone)
            fetchmany = clock.timed(SQLiteCursorWrapper.fetchmany)
            fetchall = clock.timed(SQLiteCursorWrapper.fetchall)

        connection.ensure_connection()
        made: SQLiteCursorWrapper = connection.connection.cursor(factory=Timed)
        return made

    def timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def inner(*arguments: Any, **options: Any) -> Any:
            begun = time.thread_time()
            try:
                return method(*arguments, **options)
            finally:
                self._spent += time.thread_time() - begun

        return inner


def _row(name: str, *, database: float, ours: float) -> Row:
    return Row(
        f"samples of {PLACES:,} namespaces for an hour, rolled up, {name}: processor time",
        f"{database:.2f} s (the observer {ours:.2f} s beside it)",
        "–",
        "",
        f"≤ {LIMIT:.0f} s in the database",
        database <= LIMIT,
    )


def _on_postgresql(file: Path) -> Row:
    server = Postgres()
    try:
        subprocess.run(
            [sys.executable, "-m", "bench.figures", str(file)],
            cwd=ROOT,
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "bench.audit_settings",
                "BERTH_TEST_DATABASE_PORT": str(server.port),
            },
            stdout=subprocess.DEVNULL,
            check=True,
            timeout=600,
        )
    finally:
        server.remove()
    return _row("PostgreSQL", **json.loads(file.read_text()))


def _page() -> Row:
    """The page of a team with many namespaces, beside that of a team with few, asked in turn."""
    browser = Client()
    browser.force_login(User.objects.get(username="alice"))
    paths = {"few": "/t/few/quota/", "many": "/t/many/quota/"}
    asked, times = {}, {name: [] for name in paths}  # type: dict[str, int], dict[str, list[float]]
    for name, path in paths.items():
        browser.get(path)
        with CaptureQueriesContext(connection) as queries:
            answer = browser.get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        asked[name] = len(queries)
    for _ in range(PAGES):
        for name, path in paths.items():
            begun = time.thread_time()
            browser.get(path)
            times[name].append(time.thread_time() - begun)
    many, few = quantile(times["many"], 0.95), quantile(times["few"], 0.95)
    same = asked["few"] == asked["many"]
    return Row(
        f"quota page of a team with {MANY} namespaces, p95 of processor time",
        f"{ms(many)}, {asked['many']} queries",
        f"{FEW} namespaces {ms(few)}, {asked['few']} queries",
        f"{many / few:.2f}",
        f"≤ {ms(PAGE_LIMIT)}, same queries",
        same and many <= PAGE_LIMIT,
    )


def _fill() -> None:
    """Teams with few, many and the rest of the namespaces, all of them with apps and figures."""
    alice = factories.make_user("alice")
    plan = factories.make_plan("medium", cpu=20_000, memory=40 << 30, pods=100)
    counts = {"few": FEW, "many": MANY, "rest": PLACES - FEW - MANY}
    for slug, count in counts.items():
        _places(factories.make_team(slug, owner=alice), plan, count)
    spec = releases.dump(factories.make_spec())
    apps = App.objects.bulk_create(
        App(namespace=place, name=f"app-{n}", observed_generation=1, health="running")
        for place in Namespace.objects.all()
        for n in range(APPS)
    )
    Release.objects.bulk_create(Release(app=app, number=1, spec=spec, outcome="serving", worked=True) for app in apps)
    newest = Subquery(Release.objects.filter(app=OuterRef("pk")).values("pk")[:1])
    App.objects.update(release=newest, serving=newest)


def _places(team: Team, plan: Plan, count: int) -> None:
    usage = dict.fromkeys(STANDARD, 3) | {"cpu": 700, "memory": 900 << 20, "storage": 1 << 30}
    Namespace.objects.bulk_create(
        Namespace(
            team=team,
            name=f"n{n}",
            cluster_name=f"{team.slug}-n{n}",
            plan=plan,
            limits=plan.limits,
            usage=usage,
            used_at=NOON,
            observed_generation=1,
        )
        for n in range(count)
    )


@contextmanager
def _own_file(file: Path) -> Iterator[None]:
    connection.close()
    connection.settings_dict["NAME"] = str(file)
    try:
        yield
    finally:
        connection.close()


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(measure()))
