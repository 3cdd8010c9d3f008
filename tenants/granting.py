"""Moves of a quota request: under its lock, each with its step in the thread, its audit line and its announcement.

Services, the clock and the worker that confirms all go through `move`; which move leads where is `rules.granting`.
Locks are taken in the order of docs/architecture.md, Locks. Call everything within a transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models.functions import Now
from django.urls import reverse

from tenants import audit, limits, notices
from tenants.errors import Conflict, Gone, NotFound
from tenants.live import events
from tenants.models import Cause, ClusterState, Namespace, QuotaRequest, QuotaStep, User
from tenants.models.granting import DECIDED, OPEN, State
from tenants.roles import role_in
from tenants.rules.granting import Move, after


def lock(request: QuotaRequest) -> QuotaRequest:
    """The request, locked and read again below its locked namespace. Raises NotFound, Gone."""
    rows = Namespace.objects.select_for_update(of=("self",), no_key=True).select_related("team", "plan")
    namespace = rows.filter(pk=request.namespace_id).first()
    found = QuotaRequest.objects.select_for_update(of=("self",), no_key=True).filter(pk=request.pk).first()
    if namespace is None or found is None:
        raise NotFound("This request is gone, and its namespace with it.")
    if namespace.deleting or namespace.team.deleting:
        raise Gone(f"{namespace} is being deleted: nothing more is changed in it.")
    found.namespace = namespace
    return found


def lock_cluster(namespace: Namespace) -> None:
    """Whoever else grants of the namespace's cluster waits: what is left of it is asked, and given, once."""
    ClusterState.objects.select_for_update(no_key=True).filter(pk=namespace.cluster).first()


def leads(request: QuotaRequest, by: Move) -> State:
    """The state that the move leads to. Raises Conflict (code "state") where it does not lead on from the request's."""
    new = after(by, request.state)
    if new is None:
        raise Conflict(f"Request {request.number} is {State(request.state).label} already.", code="state")
    return new


def move(
    request: QuotaRequest, by: Move, *, actor: User | None, text: str = "", detail: str = "", **columns: Any
) -> QuotaRequest:
    """Carries the locked request on. Raises Conflict (code "state") where the move does not lead on from its state."""
    old, new = State(request.state), leads(request, by)
    request.state = new
    for column, value in columns.items():
        setattr(request, column, value)
    request.save()
    request.refresh_from_db(fields=columns)
    request.wants.update(open=new in OPEN)
    role = role_in(actor, request.team) if actor is not None else ""
    kept = new if new != old else ""
    QuotaStep.objects.create(request=request, actor=actor, role=role, by=by, old=old, new=kept, text=text)
    changes = [{"field": "state", "old": old, "new": new}] if new != old else []
    audit.record(actor=actor, action=f"quota.{by}", thing=request, changes=changes, detail=detail or text[:200])
    announce(request)
    return request


def approve(
    request: QuotaRequest,
    by: Move,
    *,
    granted: Mapping[str, int],
    until: date | None,
    actor: User | None,
    text: str = "",
    rule: str = "",
) -> QuotaRequest:
    """Approves the locked request, whole or in part, and sends the limits on their way to the cluster.

    `granted` names each of its resources. By a rule where `actor` is None: of the version that the request has already.
    """
    new, has = {}, request.namespace.limits
    for want in request.wants.all():
        want.granted = granted[want.resource]
        want.save(update_fields=["granted"])
        if want.granted != has.get(want.resource) or want.granted == want.wanted:  # else nothing is given of it
            new[want.resource] = want.granted
    limits.change(request.namespace, new, cause=Cause.REQUEST, actor=actor, request=request, until=until)
    return move(
        request,
        by,
        actor=actor,
        text=text,
        detail=f"rule {rule}" if rule else "",
        decided_at=Now(),
        decided_by=actor,
        rule=rule,
        granted_until=until,
        generation=request.namespace.generation,
    )


def confirmed(namespace: Namespace) -> None:
    """The cluster holds the namespace's limits of this generation: what was decided by it counts as applied."""
    waiting = QuotaRequest.objects.filter(namespace=namespace, state__in=DECIDED, generation__lte=namespace.generation)
    for request in waiting.order_by("pk"):
        try:
            found = lock(request)
        except (NotFound, Gone):
            continue  # its namespace goes, and it goes with it
        if after(Move.CONFIRM, found.state) is not None:
            move(found, Move.CONFIRM, actor=None, applied_at=Now(), failure="")


def delayed(namespace: Namespace, why: str) -> None:
    """The cluster does not take the limits yet, and says why; whoever asked and decided is told once."""
    waiting = QuotaRequest.objects.filter(namespace=namespace, state__in=DECIDED, generation__lte=namespace.generation)
    for request in waiting.exclude(failure=why[:400]).select_related("namespace__team", "author", "decided_by"):
        first = not request.failure
        QuotaRequest.objects.filter(pk=request.pk).update(failure=why[:400])
        announce(request)
        if first:
            people = [person for person in (request.author, request.decided_by) if person is not None]
            title = f"{request.namespace} does not have its new limits yet"
            tell(request, people, "quota.delayed", title, f"The cluster says: {why}. It is tried again.")


def announce(request: QuotaRequest) -> None:
    """Tells the pages of the team, and those of the approvers, that the request changed."""
    team = request.namespace.team_id
    events.announce(events.Changed(team=team, noun=request.noun, id=str(request.pk), what="quota"))
    events.announce(events.Changed(team=events.SITE, noun="approvals", id="", what="quota"))


def tell(request: QuotaRequest, people: list[User], kind: str, title: str, text: str = "") -> None:
    """A notice about the request, which leads to its page."""
    path = reverse("quota_request", args=[request.pk])
    notices.tell(people, kind=kind, title=title, text=text, path=path, team=request.team)
