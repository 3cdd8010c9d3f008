"""People and teams as the site's staff list them: metadata alone, in a number of queries that does not grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from tenants import roles
from tenants.errors import NotFound
from tenants.models import ApiToken, JoinRequest, Membership, Namespace, Role, StaffRole, Team, Transfer, User
from tenants.models.joining import RequestState
from tenants.selectors.members import has_factor

ANY = ("", "any")
ROLES = (
    ANY,
    ("support", "support"),
    ("approver", "quota approver"),
    ("owner", "owner of a team"),
    ("none", "in no team"),
)
STATES = (ANY, ("open", "not suspended"), ("suspended", "suspended"))
FACTORS = (ANY, ("yes", "yes"), ("no", "no"))
SEEN = (
    ANY,
    ("1", "within a day"),
    ("7", "within 7 days"),
    ("30", "within 30 days"),
    ("over", "not for 90 days"),
    ("never", "never"),
)
OWNED = (ANY, ("yes", "yes"), ("no", "nobody who can sign in"))
PEOPLE_FILTERS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "role": ROLES,
    "state": STATES,
    "factor": FACTORS,
    "seen": SEEN,
}
TEAM_FILTERS: Mapping[str, tuple[tuple[str, str], ...]] = {"state": STATES, "owned": OWNED}


@dataclass(frozen=True, slots=True)
class Person:
    """What staff see of somebody: counts of sessions and tokens, none of them."""

    user: User
    addresses: list[EmailAddress]
    memberships: list[Membership]
    sole_owner_of: list[Team]
    requests: list[JoinRequest]
    offers: list[Transfer]
    factor: bool
    sessions: int
    tokens: int


def chosen(filters: Mapping[str, tuple[tuple[str, str], ...]], asked: Mapping[str, str]) -> dict[str, str]:
    """Of what was asked, what the filters know."""
    return {
        name: asked.get(name, "")
        for name, choices in filters.items()
        if asked.get(name) and asked[name] in dict(choices)
    }


def people(text: str = "", *, role: str = "", state: str = "", factor: str = "", seen: str = "") -> QuerySet[User]:
    """By user name; `text` is in the name or an address. Each has `factor` and `team_count` beside its own columns."""
    found = User.objects.annotate(factor=has_factor("pk"), team_count=_count(Membership, "user"))
    if text:
        columns = ("username", "first_name", "last_name", "email")
        found = found.filter(reduce(or_, (Q(**{f"{column}__icontains": text}) for column in columns)))
    owners = Membership.objects.filter(user=OuterRef("pk"), role=Role.OWNER)
    conditions = {
        "role": {
            "support": Q(staff_role=StaffRole.SUPPORT),
            "approver": Q(staff_role=StaffRole.APPROVER),
            "owner": Q(Exists(owners)),
            "none": Q(team_count=0),
        },
        "state": {"open": Q(is_active=True), "suspended": Q(is_active=False)},
        "factor": {"yes": Q(factor=True), "no": Q(factor=False)},
        "seen": _seen(),
    }
    for name, value in (("role", role), ("state", state), ("factor", factor), ("seen", seen)):
        if value:
            found = found.filter(conditions[name][value])
    return found.order_by("username")


def teams(text: str = "", *, state: str = "", owned: str = "") -> QuerySet[Team]:
    """By name. Each has `member_count`, `namespace_count` and `owned` (an owner who can sign in) beside its columns."""
    owners = Membership.objects.filter(team=OuterRef("pk"), role=Role.OWNER, user__is_active=True)
    found = Team.objects.annotate(
        member_count=_count(Membership, "team"), namespace_count=_count(Namespace, "team"), owned=Exists(owners)
    )
    if text:
        found = found.filter(Q(name__icontains=text) | Q(slug__icontains=text))
    if state:
        found = found.filter(suspended_at__isnull=state == "open")
    if owned:
        found = found.filter(owned=owned == "yes")
    return found.order_by("name", "slug")


def person(username: str) -> Person:
    """Raises NotFound."""
    rows = User.objects.select_related("suspended_by").annotate(factor=has_factor("pk"))
    user = rows.filter(username=username).first()
    if user is None:
        raise NotFound("There is no such person.")
    memberships = list(user.memberships.select_related("team").order_by("team__name"))
    offers = Transfer.objects.filter(Q(giver=user) | Q(taker=user), state=RequestState.OPEN)
    return Person(
        user=user,
        addresses=list(EmailAddress.objects.filter(user=user).order_by("-primary", "email")),
        memberships=memberships,
        sole_owner_of=roles.sole_owner_of(user),
        requests=list(JoinRequest.objects.filter(person=user, state=RequestState.OPEN).select_related("team")),
        offers=list(offers.select_related("team", "giver", "taker")),
        factor=user.factor,
        sessions=UserSession.objects.filter(user=user).count(),
        tokens=ApiToken.objects.filter(user=user, revoked_at=None, expires_at__gt=timezone.now()).count(),
    )


def _seen() -> dict[str, Q]:
    now = timezone.now()
    within = {days: Q(seen_at__gte=now - timedelta(days=int(days))) for days in ("1", "7", "30")}
    return {**within, "over": Q(seen_at__lt=now - timedelta(days=90)), "never": Q(seen_at__isnull=True)}


def _count(model: Any, by: str) -> Coalesce:
    rows = model.objects.filter(**{by: OuterRef("pk")}).order_by().values(by)
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)
