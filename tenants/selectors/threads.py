"""What all pages say of a quota request in the same words: where it stands, and what was done and said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from tenants.models import QuotaRequest, QuotaStep
from tenants.models.granting import DECIDED, State
from tenants.rules.granting import Move
from tenants.rules.policy import Verdict

NOBODY = "somebody who left"
STAFF = frozenset({"approver", "support"})
DEEDS = {
    Move.SUBMIT: "sent it again",
    Move.EDIT: "changed it",
    Move.APPROVE: "approved it",
    Move.APPROVE_FIRST: "approved it first: another approver must approve the same",
    Move.APPROVE_PART: "approved a part of it",
    Move.ASK_CHANGES: "asks for changes",
    Move.REJECT: "rejected it",
    Move.WITHDRAW: "withdrew it",
    Move.COMMENT: "",
}


class Stands(NamedTuple):
    """Where a request stands: `kind` as for the template tag `state`, words, and the rest of the sentence."""

    kind: str
    words: str
    rest: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the thread: who (“” for the cluster and the clock), as what, did what, and said what."""

    who: str
    role: str
    deed: str
    text: str
    at: Any


def ruled(rule: str) -> str:
    """A rule by its name, which staff choose: it may be any words."""
    return f"the rule “{rule}”"


def named_rule(verdict: Verdict) -> str:
    """The rule that decided, or would, with its place in the policy."""
    return f"rule {verdict.number} “{verdict.rule}”"


def state_of(request: QuotaRequest) -> Stands:
    """Of a request with its wants, and who decided it."""
    by = f"by {request.decided_by}" if request.decided_by else f"by {ruled(request.rule)}" if request.rule else ""
    part = ", in part" if any(want.granted != want.wanted for want in request.wants.all()) else ""
    if request.state in DECIDED and request.failure:
        words = f"it is tried again; the cluster says: {request.failure}"
        return Stands("bad", "Approved, not in the cluster yet", words)
    first = request.first_approval.get("name")
    ended = request.applied_at is not None
    kind, words, rest = {
        State.DRAFT: ("next", "Draft", "its author alone sees it"),
        State.SUBMITTED: ("waiting", "Waiting for a decision", f"{first} approved, a second must" if first else ""),
        State.CHANGES_ASKED: ("warn", "Changes asked", by),
        State.APPROVED: ("busy", "Approved", f"{by}: on its way to the cluster"),
        State.PARTLY_APPROVED: ("busy", "Approved in part", f"{by}: on its way to the cluster"),
        State.REJECTED: ("off", "Rejected", by),
        State.WITHDRAWN: ("off", "Withdrawn", ""),
        State.APPLIED: ("ok", f"Applied{part}", by),
        State.EXPIRED: ("off", "Ended" if ended else "Expired", "" if ended else "not decided"),
    }[State(request.state)]
    return Stands(kind, words, rest)


def steps_of(request: QuotaRequest) -> list[QuotaStep]:
    """All that was done and said, oldest first; what its author did before sending it is theirs."""
    return [step for step in request.steps.select_related("actor") if step.old != State.DRAFT or step.new]


def thread(request: QuotaRequest) -> list[Happened]:
    """From the first sending on, which says the reason as it is now."""
    steps = steps_of(request)
    first = next((step for step in steps if step.by == Move.SUBMIT), None)
    asks = Happened(
        who=str(request.author or NOBODY),
        role=_role(request, first.role) if first is not None else "",
        deed="asks for more time" if request.extends is not None else "asks",
        text=request.reason,
        at=first.at if first is not None else request.submitted_at or request.created_at,
    )
    return [asks, *_lines(request, [step for step in steps if step is not first])]


def _lines(request: QuotaRequest, steps: Sequence[QuotaStep]) -> list[Happened]:
    found = []
    for step in steps:
        by = Move(step.by)
        by_rule = by is Move.APPROVE and step.actor is None and bool(request.rule)
        by_people = by in DEEDS and not by_rule
        found.append(
            Happened(
                who=str(step.actor) if step.actor else NOBODY if by_people else "",
                role=_role(request, step.role),
                deed=DEEDS[by] if by_people else _by_itself(request, step, by),
                text=step.text,
                at=step.at,
            )
        )
    return found


def _by_itself(request: QuotaRequest, step: QuotaStep, by: Move) -> str:
    """What a rule, the cluster or the clock did."""
    if by is Move.APPROVE:
        return f"Approved at once by {ruled(request.rule)}"
    if by is Move.CONFIRM:
        return "The cluster has the new limits"
    return "The raise ended" if step.old == State.APPLIED else "It ended without a decision"


def _role(request: QuotaRequest, role: str) -> str:
    """As what they did it: "owner of Payments", "approver"."""
    return f"{role} of {request.team.name}" if role and role not in STAFF else role
