"""Quota requests as pages and calls show them: each list in a number of queries that does not grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from tenants import access
from tenants.errors import NotFound
from tenants.models import Grant, Namespace, QuotaRequest, QuotaStep, Team, User
from tenants.models.granting import DECIDED, OPEN, UNDECIDED, State
from tenants.rules.granting import Move, after
from tenants.rules.resources import change, heading, in_order, number, unit
from tenants.selectors import verdicts

WAITING_SHOWN = 20
DEEDS = {
    Move.SUBMIT: "sent it",
    Move.EDIT: "changed it",
    Move.APPROVE: "approved it",
    Move.APPROVE_FIRST: "approved it first: another approver must approve the same",
    Move.APPROVE_PART: "approved a part of it",
    Move.ASK_CHANGES: "asks for changes",
    Move.REJECT: "rejected it",
    Move.WITHDRAW: "withdrew it",
    Move.COMMENT: "",
}


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


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the thread: who (“” for the cluster and the clock) did what, and said what."""

    who: str
    role: str
    deed: str
    text: str
    at: Any


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


def state_of(request: QuotaRequest) -> tuple[str, str, str]:
    """Where it stands: kind as for the template tag `state`, words, and the rest of the sentence."""
    by = f"by {request.decided_by}" if request.decided_by else f"by {request.rule}" if request.rule else ""
    part = ", in part" if any(want.granted != want.wanted for want in request.wants.all()) else ""
    if request.state in DECIDED and request.failure:
        return "bad", "Approved, not in the cluster yet", f"it is tried again; the cluster says: {request.failure}"
    first = request.first_approval.get("name")
    return {
        State.DRAFT: ("next", "Draft", "its author alone sees it"),
        State.SUBMITTED: ("waiting", "Waiting for a decision", f"{first} approved, a second must" if first else ""),
        State.CHANGES_ASKED: ("warn", "Changes asked", by),
        State.APPROVED: ("busy", "Approved", f"{by}: on its way to the cluster"),
        State.PARTLY_APPROVED: ("busy", "Approved in part", f"{by}: on its way to the cluster"),
        State.REJECTED: ("off", "Rejected", by),
        State.WITHDRAWN: ("off", "Withdrawn", ""),
        State.APPLIED: ("ok", f"Applied{part}", by),
        State.EXPIRED: (
            "off",
            "Ended" if request.applied_at else "Expired",
            "" if request.applied_at else "not decided",
        ),
    }[State(request.state)]


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


def thread(request: QuotaRequest) -> list[QuotaStep]:
    """All that was done and said, oldest first; what its author did before sending it is theirs."""
    return [step for step in request.steps.select_related("actor") if step.old != State.DRAFT or step.new]


def live_context(request: QuotaRequest) -> dict[str, Any]:
    """What changes while one looks: the same for every viewer."""
    kind, words, rest = state_of(request)
    rows = asked(request)
    return {
        "asked": request,
        "kind": kind,
        "words": words,
        "rest": rest,
        "rows": rows,
        "hints": verdicts.hints_of(request) if request.state in UNDECIDED else [],
        "sent_under": verdicts.sent_under(request),
        "decided": any(row.granted for row in rows),
        "thread": [_happened(request, step) for step in thread(request)],
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


def _happened(request: QuotaRequest, step: QuotaStep) -> Happened:
    by = Move(step.by)
    deed = DEEDS.get(by, "")
    by_rule = by is Move.APPROVE and step.actor is None and bool(request.rule)
    if by is Move.SUBMIT and step.old == State.CHANGES_ASKED:
        deed = "sent it again"
    elif by_rule:
        deed = f"Approved at once by {request.rule}"
    elif by is Move.CONFIRM:
        deed = "The cluster has the new limits"
    elif by is Move.EXPIRE:
        deed = "The raise ended" if step.old == State.APPLIED else "It ended without a decision"
    who = str(step.actor) if step.actor else "somebody who left" if by in DEEDS and not by_rule else ""
    return Happened(who=who, role=step.role, deed=deed, text=step.text, at=step.at)
