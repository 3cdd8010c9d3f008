"""What time does to quota: raises for a time are told of before their end and go back after it, requests grow old.

Called by the observer's dispatcher, again and again: each step looks at the rows under the namespace's lock and does
what is still to do, so that two observers, or one that was away for days, do it once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from datetime import date, timedelta

import structlog
from django.db import transaction
from django.db.models import Q

from tenants import audit, chores, granting, limits, notices, site_day
from tenants.errors import Gone, NotFound
from tenants.models import Cause, ClusterState, Grant, Namespace, QuotaRequest, User
from tenants.models.granting import UNDECIDED, State
from tenants.reservations import reserved
from tenants.rules.granting import Move, after
from tenants.rules.resources import say, title

log = structlog.get_logger(__name__)

WARNED_AT = (1, 3, 7)
"""Days before the last day on which a team is told; after an absence it is told once, of the nearest."""


def expire() -> None:
    """All that is due today, in the site's zone."""
    today = site_day.today()
    warn(today)
    go_back(today)
    close(today)


def warn(today: date) -> None:
    """Tells teams of raises that end soon."""
    soon = Grant.objects.running().filter(until__gte=today, until__lte=today + timedelta(days=max(WARNED_AT)))
    for namespace in _places(grant for grant in soon if _due(grant, today)):
        with chores.alone("tenants.expiry.warn", namespace=str(namespace)), transaction.atomic():
            if _lock(namespace) is not None:
                _warn(namespace, today)


def go_back(today: date) -> None:
    """Takes limits back whose last day is over, as far down as what is reserved allows, and further when less is.

    A cluster that is silent is not followed: what is used there is not known.
    """
    silent = ClusterState.objects.filter(answers=False).values("alias")
    over = Grant.objects.running().filter(until__lt=today).exclude(namespace__cluster__in=silent)
    for namespace in _places(over):
        with chores.alone("tenants.expiry.go_back", namespace=str(namespace)), transaction.atomic():
            locked = _lock(namespace)
            if locked is not None:
                _go_back(locked, today)


def close(today: date) -> None:
    """Ends requests whose day has passed: undecided ones, and those whose raises have all gone back."""
    undecided = Q(state__in=UNDECIDED, until__lt=today)
    running = Grant.objects.running().filter(request__isnull=False).values("request")
    ended = Q(state=State.APPLIED, granted_until__lt=today) & ~Q(pk__in=running)
    for request in QuotaRequest.objects.filter(undecided | ended).select_related("namespace"):
        with (
            chores.alone("tenants.expiry.close", request=request.pk),
            contextlib.suppress(NotFound, Gone),  # its namespace goes, and it goes with it
            transaction.atomic(),
        ):
            _close(granting.lock(request), today)


def _due(grant: Grant, today: date) -> int | None:
    """The number of days of which the team must be told now; None where it was, or where it is too early.

    A raise that was given for less time than that is not told of in the same breath.
    """
    if grant.until is None:
        return None
    left = (grant.until - today).days
    days = next((days for days in WARNED_AT if left <= days), None)
    if days is None or (grant.warned is not None and grant.warned <= days):
        return None
    return days if site_day.of(grant.at) < grant.until - timedelta(days=days) else None


def _places(grants: Iterable[Grant]) -> list[Namespace]:
    wanted = {grant.namespace_id for grant in grants if grant.namespace_id is not None}
    return list(Namespace.objects.filter(pk__in=wanted, deleting_since=None, team__deleting_since=None))


def _lock(namespace: Namespace) -> Namespace | None:
    """The row, locked and read again; None where it is being deleted."""
    rows = Namespace.objects.select_for_update(of=("self",), no_key=True).select_related("team", "plan")
    found = rows.filter(pk=namespace.pk).first()
    return found if found is not None and not found.deleting and not found.team.deleting else None


def _warn(namespace: Namespace, today: date) -> None:
    """One notice of all raises that end on the same day by the same request."""
    due: dict[tuple[date | None, int | None], list[Grant]] = {}
    for grant in Grant.objects.running().filter(namespace=namespace).select_related("request__namespace__team"):
        days = _due(grant, today)
        if days is not None and grant.until is not None and grant.until >= today:
            grant.warned = days
            grant.save(update_fields=["warned"])
            due.setdefault((grant.until, grant.request_id), []).append(grant)
    for (until, _), grants in due.items():
        request = grants[0].request
        if request is None or until is None:
            continue
        left = (until - today).days
        when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
        back = ", ".join(f"{title(one.resource)} to {say(one.resource, one.back_to or 0)}" for one in grants)
        words = f"After {until:%-d %b %Y} it goes back: {back}, never below what is in use. Its page extends it."
        _tell(request, "quota.ending", f"The raise of {namespace} ends {when}", words)


def _go_back(namespace: Namespace, today: date) -> None:
    running = list(Grant.objects.running().filter(namespace=namespace, until__lt=today))
    if namespace.used_at is None or not running:
        return
    floor = reserved(namespace)  # what the cluster counts, and what runs here wants: else no lost pod would come back
    new = {grant.resource: max(grant.back_to or 0, floor.get(grant.resource, 0)) for grant in running}
    lower = {resource: amount for resource, amount in new.items() if amount < namespace.limits.get(resource, 0)}
    if not lower:
        return
    changes = [{"field": name, "old": namespace.limits.get(name, 0), "new": most} for name, most in lower.items()]
    words = ", ".join(f"{title(name)} to {say(name, most)}" for name, most in lower.items())
    audit.record(actor=None, action="quota.go_back", thing=namespace, changes=changes, detail=words, machine="clock")
    limits.change(namespace, lower, cause=Cause.EXPIRED)
    log.info("quota_went_back", namespace=str(namespace), limits=lower)


def _close(request: QuotaRequest, today: date) -> None:
    if after(Move.EXPIRE, request.state) is None:
        return
    if request.state != State.APPLIED:
        if request.until is None or request.until >= today:
            return
        granting.move(request, Move.EXPIRE, actor=None)
        words = f"It was asked until {request.until:%-d %b %Y}, and nobody decided in time."
        _tell(request, "quota.decided", f"Request {request.number} for {request.namespace} expired", words)
        return
    if Grant.objects.running().filter(request=request).exists():
        return
    granting.move(request, Move.EXPIRE, actor=None)
    back = Grant.objects.filter(request=request, cause=Cause.EXPIRED)
    if back.exists():  # else another change took its place before
        limits_now = request.namespace.limits
        resources = list(dict.fromkeys(back.values_list("resource", flat=True)))
        words = ", ".join(f"{title(name)} {say(name, limits_now.get(name, 0))}" for name in resources)
        _tell(request, "quota.ended", f"The raise of {request.namespace} has ended", f"It has {words} again.")


def _tell(request: QuotaRequest, kind: str, head: str, words: str) -> None:
    """The team's owners and admins, who may ask again."""
    people: list[User] = notices.managers(request.team)
    granting.tell(request, people, kind, head, words)
