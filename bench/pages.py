"""Queries and time of each page with 10 and with 1,000 teams on the site: the pages of one team must not notice.

Both databases stand side by side and are asked in turn. The viewer is a member of three teams, each with two namespaces and
ten apps; staff who sees every team looks at the same pages.
"""

from __future__ import annotations

import itertools
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.rows import Row, ms

FEW, MANY = 10, 1000
ROUNDS = 25
APPS, RELEASES, LINES = 10, 3, 20
LIMIT = 1.3


def rows() -> list[Row]:
    """One row for each kind of door: the slowest ratio of its pages, and whether any of them asks more often."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
    import django

    django.setup()
    with TemporaryDirectory() as folder:
        sites = {count: Path(folder) / f"{count}.sqlite3" for count in (FEW, MANY)}
        doors: dict[str, list[str]] = {}
        tokens: dict[int, str] = {}
        for count, file in sites.items():
            with _database(file):
                doors, tokens[count] = _build(count)
        return [_row(what, paths, sites, tokens) for what, paths in doors.items()]


def _row(what: str, paths: list[str], sites: dict[int, Path], tokens: dict[int, str]) -> Row:
    few, many, detail = [], [], []
    more = []
    for path in paths:
        queries, times = _ask(what, path, sites, tokens)
        few.append(times[FEW])
        many.append(times[MANY])
        detail.append((times[MANY] / times[FEW], path))
        if queries[FEW] != queries[MANY]:
            more.append(f"{path} {queries[FEW]} → {queries[MANY]}")
    worst, where = max(detail)
    counted = "; ".join(more) or "same queries"
    return Row(
        f"{len(paths)} {what}, {MANY:,} teams, median time; slowest ratio at {where}",
        f"{ms(statistics.median(many))}, {counted}",
        f"{FEW} teams {ms(statistics.median(few))}",
        f"{worst:.2f}",
        f"same queries, each ≤ {LIMIT} ×",
        not more and worst <= LIMIT,
    )


def _ask(
    what: str, path: str, sites: dict[int, Path], tokens: dict[int, str]
) -> tuple[dict[int, int], dict[int, float]]:
    """Queries and the median time of a page, by the number of teams."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    times: dict[int, list[float]] = {count: [] for count in sites}
    queries: dict[int, int] = {}
    for round_, (count, file) in itertools.product(range(ROUNDS + 1), sites.items()):
        with _database(file):
            get = _client(what, tokens[count])
            get(path)  # opens the database, fills its cache
            if not round_:
                with CaptureQueriesContext(connection) as asked:
                    get(path)
                queries[count] = len(asked)
                continue
            begun = time.perf_counter()
            get(path)
            times[count].append(time.perf_counter() - begun)
    return queries, {count: statistics.median(taken) for count, taken in times.items()}


def _client(what: str, token: str) -> Callable[[str], Any]:
    from django.contrib.auth import get_user_model
    from django.test import Client

    client = Client()
    headers = {}
    if what == "API calls":
        headers = {"Authorization": f"Bearer {token}"}
    else:
        who = "sam" if what.endswith("staff") else "alice"
        client.force_login(get_user_model().objects.get(username=who))

    def get(path: str) -> Any:
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200, (path, answer.status_code, answer.content[:500])
        return answer

    return get


@contextmanager
def _database(file: Path) -> Iterator[None]:
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = str(file)
    try:
        yield
    finally:
        connection.close()


def _build(count: int) -> tuple[dict[str, list[str]], str]:
    """A site of `count` teams; answers the pages by kind, and an API token."""
    from django.core.management import call_command
    from django.utils import timezone

    from tenants.models import App, AuditEntry, Membership, Namespace, Release, Role, StaffRole, Team, User
    from tenants.services.tokens import create_token
    from tests import factories

    call_command("migrate", verbosity=0)
    alice, bob = factories.make_user("alice"), factories.make_user("bob")
    factories.make_user("sam", staff_role=StaffRole.SUPPORT)
    plan = factories.make_plan("medium", cpu=20_000, memory=40 << 30, pods=100)
    now = timezone.now()
    teams = Team.objects.bulk_create([Team(slug=f"team-{n}", name=f"Team {n}") for n in range(count)])
    Membership.objects.bulk_create(
        [Membership(team=t, user=alice, role=Role.OWNER) for t in teams[:3]]
        + [Membership(team=t, user=bob, role=Role.OWNER) for t in teams]
    )
    parts = [{"type": p, "status": "True", "reason": "Held", "message": "", "since": now.isoformat()} for p in factories.NAMESPACE_PARTS]
    places = Namespace.objects.bulk_create(
        Namespace(
            team=team, name=name, cluster_name=f"{team.slug}-{name}", plan=plan, observed_generation=1, conditions=parts
        )
        for team in teams
        for name in ("dev", "prod")
    )
    apps = App.objects.bulk_create(
        App(namespace=place, name=f"app-{n}", observed_generation=1, health="running")
        for place in places
        for n in range(APPS // 2)
    )
    from tenants import releases

    spec = releases.dump(factories.make_spec())
    made = Release.objects.bulk_create(
        Release(app=app, number=n + 1, spec=spec, outcome="serving", worked=True, created_by=bob)
        for app in apps
        for n in range(RELEASES)
    )
    for at, app in enumerate(apps):
        app.release = app.serving = made[at * RELEASES + RELEASES - 1]
    App.objects.bulk_update(apps, ["release", "serving"], batch_size=500)
    for place in places[:6]:
        factories.make_volume(place)
        factories.make_secret(place)
    AuditEntry.objects.bulk_create(
        AuditEntry(
            actor=bob, actor_name="bob", door="page", action="app.release", team=team, team_slug=team.slug, target=f"dev/app-{n % 5}"
        )
        for team in teams
        for n in range(LINES)
    )
    AuditEntry.objects.update(at=now - timedelta(hours=1))
    _, token = create_token(actor=alice, name="bench", scopes=["read"], days=7)
    return _doors(), token


def _doors() -> dict[str, list[str]]:
    team = "/t/team-0/"
    app = f"{team}n/dev/apps/app-0/"
    within = [team, *(f"{team}{tail}/" for tail in ("apps", "volumes", "secrets", "activity", "members", "quota"))]
    place = [f"{team}n/dev/", f"{team}n/dev/volumes/data/", f"{team}n/dev/secrets/database/", f"{app}logs/"]
    about = [app, *(f"{app}{tail}/" for tail in ("releases", "configuration", "scale", "events", "settings", "deploy"))]
    forms = [f"{team}n/dev/{tail}/new" for tail in ("apps", "volumes", "secrets")] + [f"{team}namespaces/new"]
    api = "/api/v1/"
    v1 = f"{api}teams/team-0"
    return {
        "pages": ["/", "/search/?q=app", "/settings/", "/settings/tokens/", f"{team}settings/", *within, *place, *about, *forms],
        "pages, seen by staff": ["/", "/search/?q=app", *within, *place, app, f"{app}releases/"],
        "API calls": [
            f"{api}me",
            f"{api}teams",
            v1,
            *(f"{v1}/{tail}" for tail in ("members", "namespaces", "namespaces/dev", "audit")),
            *(f"{v1}/namespaces/dev/{tail}" for tail in ("quota", "apps", "apps/app-0", "apps/app-0/releases", "volumes", "secrets")),
        ],
    }
