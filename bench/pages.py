"""Queries and time of each page with 10 and with 1,000 teams on the site: the pages of one team must not notice.

Both databases stand side by side and are asked in turn. The viewer is a member of three teams, each with two
namespaces and ten apps; staff who may see every team looks at the same pages.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import OuterRef, Subquery
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.rows import Row, ms
from cluster.tenancy import PARTS
from tenants import releases
from tenants.models import App, AuditEntry, Membership, Namespace, Plan, Release, Role, StaffRole, Team, User
from tenants.services.tokens import create_token
from tests import factories

FEW, MANY = 10, 1000
ROUNDS = 8
APPS, RELEASES, LINES = 10, 3, 20
LIMIT = 1.3
TEAM = "/t/team-0/"
APP = f"{TEAM}n/dev/apps/app-0/"
ABOUT_TEAM = [TEAM, *(f"{TEAM}{tail}/" for tail in ("apps", "volumes", "secrets", "activity", "members", "quota"))]
ABOUT_PLACE = [f"{TEAM}n/dev/{tail}" for tail in ("", "volumes/data/", "secrets/database/")]
ABOUT_APP = [APP, *(f"{APP}{tail}/" for tail in ("releases", "events"))]
FOR_MEMBERS = [f"{APP}{tail}/" for tail in ("logs", "configuration", "scale", "settings", "deploy")]
NEW = [*(f"{TEAM}n/dev/{tail}/new" for tail in ("apps", "volumes", "secrets")), f"{TEAM}namespaces/new", "/teams/new"]
OWN = ["/", "/search/?q=app", "/settings/", "/settings/tokens/"]
ABOUT_DEV = ("", *(f"/{tail}" for tail in ("quota", "apps", "apps/app-0", "apps/app-0/releases", "secrets")))
API = [
    *(f"/api/v1/{tail}" for tail in ("me", "plans", "teams", "tokens", "teams/team-0")),
    *(f"/api/v1/teams/team-0/{tail}" for tail in ("members", "audit", "namespaces")),
    *(f"/api/v1/teams/team-0/namespaces/dev{tail}" for tail in ABOUT_DEV),
]
DOORS = {
    "pages of a member": [*OWN, *ABOUT_TEAM, f"{TEAM}settings/", *ABOUT_PLACE, *ABOUT_APP, *FOR_MEMBERS, *NEW],
    "pages seen by staff": ["/", "/search/?q=app", *ABOUT_TEAM, *ABOUT_PLACE, *ABOUT_APP],
    "API calls": API,
}


class SomeSite:
    """A database of so many teams, and who looks at it."""

    def __init__(self, folder: Path, count: int) -> None:
        self._file = folder / f"{count}.sqlite3"
        self.clients: dict[str, Client] = {}
        with self.open():
            call_command("migrate", verbosity=0)
            with transaction.atomic():
                token = _fill(count)
            for door, who in (("pages of a member", "alice"), ("pages seen by staff", "sam")):
                self.clients[door] = Client()
                self.clients[door].force_login(User.objects.get(username=who))
            self.clients["API calls"] = Client(headers={"Authorization": f"Bearer {token}"})

    @contextmanager
    def open(self) -> Iterator[None]:
        connection.close()
        connection.settings_dict["NAME"] = str(self._file)
        try:
            yield
        finally:
            connection.close()

    def queries(self, door: str, path: str) -> int:
        """How many a page asks. Raises RuntimeError where it is not answered."""
        with self.open(), CaptureQueriesContext(connection) as asked:
            answer = self.clients[door].get(path)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
        return len(asked)

    def seconds(self, door: str, path: str) -> float:
        """Of processor time: page and database are computed in this thread, and nothing is waited for."""
        begun = time.thread_time()
        self.clients[door].get(path)
        return time.thread_time() - begun


def rows() -> list[Row]:
    """One row for each kind of door: the slowest ratio of its pages, and whether any of them asks more often."""
    with TemporaryDirectory() as folder:
        sites = {count: SomeSite(Path(folder), count) for count in (FEW, MANY)}
        return [_row(door, paths, sites) for door, paths in DOORS.items()]


def _row(door: str, paths: list[str], sites: dict[int, SomeSite]) -> Row:
    more = []
    for path in paths:
        few, many = (site.queries(door, path) for site in sites.values())
        if few != many:
            more.append(f"{path} {few} → {many}")
    times = _times(door, paths, sites)
    few, many = ([min(taken) for taken in times[count].values()] for count in (FEW, MANY))
    ratio, worst = max(zip((b / a for a, b in zip(few, many, strict=True)), paths, strict=True))
    return Row(
        f"{len(paths)} {door}: median page (processor time), worst ratio ({worst})",
        f"{MANY:,} teams {ms(statistics.median(many))}, {'; '.join(more) or 'same queries'}",
        f"{FEW} teams {ms(statistics.median(few))}",
        f"{ratio:.2f}",
        f"same queries, each ≤ {LIMIT} ×",
        not more and ratio <= LIMIT,
    )


def _times(door: str, paths: list[str], sites: dict[int, SomeSite]) -> dict[int, dict[str, list[float]]]:
    """Seconds of each page on each site, asked in turn; the first of each round warms the connection.

    The fastest of them is a page's time: whatever else the machine does only adds to it.
    """
    times: dict[int, dict[str, list[float]]] = {count: {path: [] for path in paths} for count in sites}
    for _ in range(ROUNDS):
        for path in paths:
            for count, site in sites.items():
                with site.open():
                    site.seconds(door, path)
                    times[count][path] += [site.seconds(door, path) for _ in range(2)]
    return times


def _fill(count: int) -> str:
    """A site of `count` teams; answers an API token."""
    alice, bob = factories.make_user("alice"), factories.make_user("bob")
    factories.make_user("sam", staff_role=StaffRole.SUPPORT)
    teams = Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(count))
    Membership.objects.bulk_create(Membership(team=team, user=alice, role=Role.OWNER) for team in teams[:3])
    Membership.objects.bulk_create(Membership(team=team, user=bob, role=Role.OWNER) for team in teams)
    places = _places(teams, factories.make_plan("medium", cpu=20_000, memory=40 << 30, pods=100))
    _apps(places, bob)
    for place in places[:6]:
        factories.make_volume(place)
        factories.make_secret(place)
    said = {"actor": bob, "actor_name": "bob", "door": "page", "action": "app.release"}
    said["at"] = timezone.now() - timedelta(hours=1)
    AuditEntry.objects.bulk_create(
        AuditEntry(**said, team=team, team_slug=team.slug, target=f"dev/app-{n % 5}")
        for team in teams
        for n in range(LINES)
    )
    return create_token(actor=alice, name="bench", scopes=["read"], days=7)[1]


def _places(teams: list[Team], plan: Plan) -> list[Namespace]:
    held = {"status": "True", "reason": "Held", "message": "", "since": timezone.now().isoformat()}
    parts = [{"type": part, **held} for part in PARTS]
    about = {"plan": plan, "limits": plan.limits, "observed_generation": 1, "conditions": parts}
    return Namespace.objects.bulk_create(
        Namespace(team=team, name=name, cluster_name=f"{team.slug}-{name}", **about)
        for team in teams
        for name in ("dev", "prod")
    )


def _apps(places: list[Namespace], who: User) -> None:
    apps = App.objects.bulk_create(
        App(namespace=place, name=f"app-{n}", observed_generation=1, health="running")
        for place in places
        for n in range(APPS // 2)
    )
    about = {"spec": releases.dump(factories.make_spec()), "outcome": "serving", "worked": True, "created_by": who}
    Release.objects.bulk_create(Release(app=app, number=n + 1, **about) for app in apps for n in range(RELEASES))
    newest = Subquery(Release.objects.filter(app=OuterRef("pk"), number=RELEASES).values("pk")[:1])
    App.objects.update(release=newest, serving=newest)
