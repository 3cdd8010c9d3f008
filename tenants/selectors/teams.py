"""Home and a team's overview: what is unhealthy and why comes first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, IntegerField, OuterRef, Subquery, When
from django.db.models.functions import Coalesce

from tenants import access
from tenants.models import App, AuditEntry, Membership, Namespace, Role, Team, User
from tenants.releases import load
from tenants.reservations import reserved_in
from tenants.selectors import apps, namespaces, quota

# Bad things first in lists.
ORDER = ("stuck", "crashing", "waiting", "degraded", "rolling", "unknown", "running", "stopped")
ACTIONS = {
    "deploy": "Change the image",
    "configuration": "Change the configuration",
    "scale": "Change the size",
    "login": "Choose a login",
    "secrets": "See secrets",
    "volumes": "See volumes",
    "health": "Change the check",
    "logs": "Read the logs",
    "quota": "See the quota",
    "wait": "Look",
}
# What an action takes, where it takes more than being in the team.
NEEDS = {
    "deploy": "apps.write",
    "configuration": "apps.write",
    "scale": "apps.write",
    "login": "apps.write",
    "health": "apps.write",
    "logs": "logs.read",
}
MEMBERS_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Trouble:
    """One line of “Unhealthy now”: an app, or a quota that is nearly full.

    `needs` is the right that `action` takes ("" for none), `ask` who has it where the viewer has not.
    """

    kind: str
    name: str
    app: App | None
    namespace: Namespace
    since: Any
    words: str
    why: str
    still: str
    action: str
    needs: str = ""
    ask: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One namespace of the overview."""

    namespace: Namespace
    apps: int
    kind: str
    words: str
    lines: tuple[quota.Line, ...]


@dataclass(frozen=True, slots=True)
class TeamRow:
    team: Team
    role: str
    namespaces: str
    kind: str
    words: str
    rest: str
    tightest: tuple[Namespace, quota.Line] | None
    changed_at: Any


def ordered(queryset: Any) -> Any:
    """Apps with trouble first, then by name."""
    rank = Case(
        *(When(health=state, then=at) for at, state in enumerate(ORDER)), default=9, output_field=IntegerField()
    )
    return queryset.annotate(rank=rank).order_by("rank", "name", "namespace__name")


def home_context(user: User) -> dict[str, Any]:
    """Context of the home page, in a number of queries that does not grow with the teams."""
    roles = access.roles_of(user)
    teams = list(Team.objects.filter(pk__in=roles).annotate(changed_at=_last_change()))
    places = list(Namespace.objects.filter(team__in=roles).select_related("plan", "team"))
    reserved = reserved_in(places, secrets=False)
    trouble = _for_viewer(user, unhealthy(teams) + _full(places, reserved))
    health = _health(teams)
    total = sum(sum(states.values()) for states in health.values())
    return {
        "teams": [_team_row(team, roles[team.pk], places, reserved, health[team.pk]) for team in teams],
        "trouble": trouble,
        "headline": _headline(trouble, total),
        "apps_total": total,
        "apps_fine": total - sum(line.app is not None for line in trouble),
        "places": len(places),
        "first_place": next((p for p in places if not p.deleting and access.can(user, "apps.write", p)), None),
    }


def unhealthy(teams: Iterable[Team]) -> list[Trouble]:
    """Apps that need somebody, worst first: context of the partial #unhealthy."""
    found = App.objects.filter(namespace__team__in=list(teams), health__in=apps.UNHEALTHY, deleting_since=None)
    return [line for app in ordered(apps.in_lists(found))[:50] if (line := _trouble(app))]


def whom_to_ask(teams: Iterable[Team]) -> dict[int, str]:
    """Team id → an owner in words, `alice (owner)`: whom somebody asks who may only look. One query."""
    owners = Membership.objects.filter(team__in=list(teams), role=Role.OWNER, user__is_active=True)
    named = owners.order_by("-pk").values_list("team_id", "user__username")
    return {team: f"{name} ({Role.OWNER.label})" for team, name in named}


def overview_context(team: Team) -> dict[str, Any]:
    """Context of a team's page."""
    places = list(team.namespaces.select_related("plan", "team"))
    reserved = reserved_in(places, secrets=False)
    rows = app_rows(team)
    counts: dict[int, int] = defaultdict(int)
    for row in rows:
        counts[row.app.namespace_id] += 1
    members = list(team.memberships.select_related("user")[: MEMBERS_SHOWN + 1])
    return {
        "team": team,
        "cards": [_card(place, counts[place.pk], reserved[place.pk]) for place in places],
        "rows": rows,
        "unhealthy_rows": [row for row in rows if row.app.health in apps.UNHEALTHY],
        "members": members[:MEMBERS_SHOWN],
        "more_members": len(members) > MEMBERS_SHOWN,
    }


def live_context(team: Team) -> dict[str, Any]:
    """Context of the partials #quota and #apps, which a socket sends."""
    return overview_context(team)


def app_rows(
    team: Team, *, namespace: Namespace | None = None, search: str = "", only_unhealthy: bool = False
) -> list[apps.Row]:
    """The team's apps, trouble first; at most 500."""
    found = App.objects.filter(namespace__team=team)
    if namespace is not None:
        found = found.filter(namespace=namespace)
    if search:
        found = found.filter(name__icontains=search)
    if only_unhealthy:
        found = found.filter(health__in=apps.UNHEALTHY)
    return [apps.row(app) for app in ordered(apps.in_lists(found))[:500]]


def _card(place: Namespace, count: int, reserved: dict[str, int]) -> Card:
    kind, words, _ = namespaces.state(place)
    return Card(place, count, kind, words, quota.lines(place, reserved))


def _for_viewer(user: User, lines: list[Trouble]) -> list[Trouble]:
    """Where the viewer may not do what a line needs, it says whom to ask."""
    barred = {id(line) for line in lines if line.needs and not access.can(user, line.needs, line.namespace)}
    asked = whom_to_ask({line.namespace.team for line in lines if id(line) in barred}) if barred else {}
    return [
        replace(row, ask=asked.get(row.namespace.team_id, "an owner")) if id(row) in barred else row for row in lines
    ]


def _trouble(app: App) -> Trouble | None:
    rollout = apps.last_rollout(app)
    if rollout is None:
        return None
    row = apps.row(app)
    diagnosis = rollout.diagnosis
    still = rollout.detail or (f"{rollout.ready} of {rollout.wanted} ready." if rollout.ready else "Nothing serves.")
    return Trouble(
        kind=row.kind,
        name=app.name,
        app=app,
        namespace=app.namespace,
        since=diagnosis.since if diagnosis else rollout.started_at,
        words=row.words,
        why=diagnosis.title if diagnosis else row.rest,
        still=still,
        action=ACTIONS[diagnosis.action] if diagnosis else "Look",
        needs=NEEDS.get(diagnosis.action, "") if diagnosis else "",
    )


def _full(places: Sequence[Namespace], reserved: dict[int, dict[str, int]]) -> list[Trouble]:
    return [
        Trouble(
            kind="warn",
            name=f"{line.name} quota",
            app=None,
            namespace=place,
            since=None,
            words="Nearly full",
            why=f"{line.reserved} of {line.limit} {line.unit} reserved; {line.free} free.".replace("  ", " "),
            still="",
            action="See the quota",
        )
        for place in places
        for line in quota.lines(place, reserved[place.pk])
        if line.tight and not place.deleting
    ]


def _health(teams: Sequence[Team]) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {team.pk: defaultdict(int) for team in teams}
    for team, state in App.objects.filter(namespace__team__in=teams).values_list("namespace__team_id", "health"):
        found[team][state] += 1
    return found


def _team_row(
    team: Team, role: str, places: Sequence[Namespace], reserved: dict[int, dict[str, int]], health: dict[str, int]
) -> TeamRow:
    mine = [place for place in places if place.team_id == team.pk]
    failing = health["stuck"] + health["crashing"]
    waiting = health["waiting"] + health["degraded"]
    fine = sum(health.values()) - failing - waiting
    kind, words, rest = "ok", f"{fine} fine", ""
    if not sum(health.values()):
        kind, words = "next", "None yet"
    elif failing:
        others = [f"{waiting} waiting"] if waiting else []
        kind, words, rest = "bad", f"{failing} failing", ", ".join([*others, f"{fine} fine"])
    elif waiting:
        kind, words, rest = "warn", f"{waiting} waiting", f"{fine} fine"
    return TeamRow(
        team=team,
        role=role,
        namespaces=", ".join(place.name for place in mine) or "none yet",
        kind=kind,
        words=words,
        rest=rest,
        tightest=quota.tightest(mine, reserved),
        changed_at=team.changed_at,  # type: ignore[attr-defined]  # annotated by `home_context`
    )


def _last_change() -> Coalesce:
    """SQL of the moment of a team's last change: one look at the end of its audit log, however long that is."""
    done = AuditEntry.objects.filter(team=OuterRef("pk"), outcome="done").order_by("-at", "-pk")
    return Coalesce(Subquery(done.values("at")[:1]), "updated_at")


def _headline(trouble: Sequence[Trouble], total: int) -> str:
    broken = sum(line.app is not None for line in trouble)
    full = len(trouble) - broken
    said = []
    if broken:
        said.append(f"{broken} app{'s' if broken > 1 else ''}")
    if full:
        said.append(f"{full} quota{'s' if full > 1 else ''}")
    if said:
        return f"{' and '.join(said)} need{'s' if broken + full == 1 else ''} attention"
    return "All is as it should be" if total else "Nothing runs yet"


def uses_in(team: Team) -> dict[str, dict[tuple[int, str], list[tuple[App, str]]]]:
    """Who uses which volume and secret: {"volumes" | "secrets": {(namespace id, name): [(app, how)]}}, in one query."""
    volumes: dict[tuple[int, str], list[tuple[App, str]]] = defaultdict(list)
    secrets: dict[tuple[int, str], list[tuple[App, str]]] = defaultdict(list)
    for app in App.objects.filter(namespace__team=team).select_related("release", "namespace__team"):
        if app.release is None:
            continue
        spec = load(app.release.spec)
        for mount in spec.volumes:
            volumes[(app.namespace_id, mount.volume)].append((app, mount.path))
        for name in sorted(spec.secrets()):
            secrets[(app.namespace_id, name)].append((app, apps.how(spec, name)))
    return {"volumes": volumes, "secrets": secrets}
