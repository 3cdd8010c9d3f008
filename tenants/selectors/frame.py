"""What the frame of every page shows: my teams, counts of the team at hand, whether the cluster answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, IntegerField, OuterRef, Q, Subquery

from tenants.clusters import title as title_of
from tenants.models import (
    App,
    ClusterState,
    Invitation,
    JoinRequest,
    Membership,
    QuotaRequest,
    Secret,
    Team,
    User,
    Volume,
)
from tenants.models.granting import UNDECIDED
from tenants.models.joining import RequestState

PENDING = Q(accepted_at=None, revoked_at=None)
# So many teams stand in the switcher; the rest is found by search.
SWITCHER = 12


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters for the foot of the sidebar: `title`, version, and since when one of them is silent."""

    title: str
    version: str
    silent_since: datetime | None
    silent: str
    seen_at: datetime | None


def my_teams(user: User) -> list[Team]:
    """Teams that the user is a member of, by name."""
    return list(Team.objects.filter(memberships__user=user).order_by("name")[:SWITCHER])


def counted(team: Team) -> dict[str, int]:
    """How many of each noun the team has, in one query."""
    within = {"namespace__team": OuterRef("pk")}
    found = (
        Team.objects.filter(pk=team.pk)
        .values(
            counted_apps=_count(App.objects.filter(**within), "namespace__team"),
            counted_volumes=_count(Volume.objects.filter(**within), "namespace__team"),
            counted_secrets=_count(Secret.objects.filter(**within), "namespace__team"),
            counted_members=_count(Membership.objects.filter(team=OuterRef("pk")), "team"),
            counted_invitations=_count(Invitation.objects.filter(PENDING, team=OuterRef("pk")), "team"),
            counted_quota=_count(QuotaRequest.objects.filter(state__in=UNDECIDED, **within), "namespace__team"),
            counted_requests=_count(JoinRequest.objects.filter(team=OuterRef("pk"), state=RequestState.OPEN), "team"),
        )
        .first()
    )
    return {noun.removeprefix("counted_"): int(str(amount or 0)) for noun, amount in (found or {}).items()}


def clusters() -> Clusters:
    """What the database knows of the clusters; no cluster is asked."""
    states = {state.alias: state for state in ClusterState.objects.filter(alias__in=settings.CLUSTERS)}
    silent = next((state for state in states.values() if not state.answers), None)
    first = next(iter(settings.CLUSTERS), "")
    state = states.get(first)
    return Clusters(
        title=title_of(first),
        version=_short(str(state.info.get("version", ""))) if state else "",
        silent_since=silent.since if silent else None,
        silent=title_of(silent.alias) if silent else "",
        seen_at=state.seen_at if state else None,
    )


def _count(queryset: object, by: str) -> Subquery:
    grouped = queryset.order_by().values(by).annotate(n=Count("pk")).values("n")  # type: ignore[attr-defined]
    return Subquery(grouped, output_field=IntegerField())


def _short(version: str) -> str:
    """`v1.37.2` → `1.37`."""
    return ".".join(version.lstrip("v").split(".")[:2])
