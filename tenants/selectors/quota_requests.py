"""Quota requests as pages and calls show them: each list in a number of queries that does not grow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from tenants import access
from tenants.errors import NotFound
from tenants.models import Grant, Namespace, QuotaRequest, Team, User
from tenants.models.granting import OPEN, UNDECIDED, State
from tenants.rules.granting import Move, after
from tenants.rules.resources import change, heading, in_order, number, unit
from tenants.selectors import threads, verdicts

WAITING_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Longer:
    """What an extension asks for: another last day than that of the raise that runs."""

    before: date
    wanted: date
    granted: date | None

    @property
    def change(self) -> str:
        days = (self.wanted - self.before).days
        return f"+{days} day{'' if days == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Asked:
    """One resource of a request in the unit of its row; `granted` is "" until it is decided."""

    name: str
    unit: str
    before: str
    wanted: str
    change: str
    granted: str
    same: bool


def request_of(user: User, number: int) -> QuotaRequest:
    """With namespace, team and people. Raises NotFound for what is not there, and for another's draft alike."""
    found = told(QuotaRequest.objects.visible_to(user).filter(pk=number)).first()
    if found is None:
        raise NotFound("There is no such request.")
    return found


def of_team(user: User, team: Team, *, every: bool = False) -> QuerySet[QuotaRequest]:
    """What the team asks for, newest first: what is open and the viewer's own drafts; or `every` one."""
    seen = told(QuotaRequest.objects.visible_to(user).filter(namespace__team=team))
    return seen if every else seen.filter(state__in=(*OPEN, State.DRAFT))


def of_namespace(user: User, namespace: Namespace, *, every: bool = False) -> QuerySet[QuotaRequest]:
    """As `of_team`, of one namespace."""
    return of_team(user, namespace.team, every=every).filter(namespace=namespace)


def drafts(user: User, namespace: Namespace) -> list[QuotaRequest]:
    """The viewer's own."""
    return list(told(QuotaRequest.objects.filter(namespace=namespace, author=user, state=State.DRAFT)))


def open_in(namespace: Namespace) -> dict[str, QuotaRequest]:
    """Resource → the request that is open for it: no second one is sent."""
    rows = told(QuotaRequest.objects.open().filter(namespace=namespace))
    return {want.resource: request for request in rows for want in request.wants.all()}


def answers_wanted(user: User) -> list[QuotaRequest]:
    """Requests of the viewer's teams of which changes are asked: they wait for whoever may make them."""
    managed = Team.objects.managed_by(user)
    found = told(QuotaRequest.objects.filter(state=State.CHANGES_ASKED, namespace__team__in=managed))
    return list(found.filter(namespace__team__suspended_at=None, namespace__deleting_since=None)[:WAITING_SHOWN])


def asked(request: QuotaRequest) -> list[Asked]:
    """What it asks for, resource by resource."""
    wants = {want.resource: want for want in request.wants.all()}
    rows = []
    for resource in in_order(wants):
        want = wants[resource]
        rows.append(
            Asked(
                name=heading(resource),
                unit=unit(resource)[0],
                before=number(resource, want.before),
                wanted=number(resource, want.wanted),
                change=change(want.before, want.wanted),
                granted=number(resource, want.granted) if want.granted is not None else "",
                same=want.granted == want.wanted,
            )
        )
    return rows


def longer(request: QuotaRequest) -> Longer | None:
    """The days of an extension; None for other requests."""
    before = request.extends.granted_until if request.extends is not None else None
    return Longer(before, request.until, request.granted_until) if before and request.until else None


def seen(request: QuotaRequest) -> str:
    """What an open page of it shows: once this differs, its form and chart are of something else."""
    return f"{request.state}-{request.revision}-{bool(request.first_approval)}"


def live_context(request: QuotaRequest) -> dict[str, Any]:
    """What changes while one looks: the same for every viewer."""
    rows = asked(request)
    return {
        "asked": request,
        "stands": threads.state_of(request),
        "rows": rows,
        "longer": longer(request),
        "hints": verdicts.hints_of(request) if request.state in UNDECIDED else [],
        "sent_under": verdicts.sent_under(request),
        "decided": any(row.granted for row in rows),
        "thread": threads.thread(request),
        "running": Grant.objects.running().filter(request=request).first(),
    }


def ways_on(user: User, request: QuotaRequest) -> dict[str, bool]:
    """What the viewer may do with it now: hides what would be refused."""
    may_ask = access.can(user, "quota.request", request) and not request.namespace.deleting
    running = Grant.objects.running().filter(request=request).exists()
    return {
        "may_edit": may_ask and after(Move.EDIT, request.state) is not None,
        "may_withdraw": may_ask and after(Move.WITHDRAW, request.state) is not None,
        "may_comment": may_ask or access.can_site(user, "quota.comment"),
        "may_extend": may_ask and running,
    }


def told(requests: QuerySet[QuotaRequest]) -> QuerySet[QuotaRequest]:
    """With all that a list says of them."""
    people = ("author", "decided_by", "policy", "extends")
    return requests.select_related("namespace__team", "namespace__plan", *people).prefetch_related("wants")
