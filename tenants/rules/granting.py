"""The states of a quota request, and which move leads from where to where: the one table that services ask."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from tenants.models.granting import DECIDED, State


class Move(StrEnum):
    """What may be done to a request."""

    EDIT = "edit"
    SUBMIT = "submit"
    COMMENT = "comment"
    APPROVE_FIRST = "approve_first"  # of two that it takes
    APPROVE = "approve"
    APPROVE_PART = "approve_part"
    ASK_CHANGES = "ask_changes"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    CONFIRM = "confirm"
    EXPIRE = "expire"


APPROVALS = (Move.APPROVE, Move.APPROVE_PART)
DECISIONS = (*APPROVALS, Move.ASK_CHANGES, Move.REJECT)
"""What an approver may do."""

MOVES: Mapping[Move, Mapping[State, State]] = {
    Move.EDIT: {State.DRAFT: State.DRAFT, State.SUBMITTED: State.SUBMITTED, State.CHANGES_ASKED: State.CHANGES_ASKED},
    Move.SUBMIT: {State.DRAFT: State.SUBMITTED, State.CHANGES_ASKED: State.SUBMITTED},
    Move.COMMENT: {state: state for state in State if state != State.DRAFT},
    Move.APPROVE_FIRST: {State.SUBMITTED: State.SUBMITTED},
    Move.APPROVE: {State.SUBMITTED: State.APPROVED},
    Move.APPROVE_PART: {State.SUBMITTED: State.PARTLY_APPROVED},
    Move.ASK_CHANGES: {State.SUBMITTED: State.CHANGES_ASKED},
    Move.REJECT: {State.SUBMITTED: State.REJECTED},
    Move.WITHDRAW: {State.SUBMITTED: State.WITHDRAWN, State.CHANGES_ASKED: State.WITHDRAWN},
    Move.CONFIRM: dict.fromkeys(DECIDED, State.APPLIED),
    Move.EXPIRE: {
        State.SUBMITTED: State.EXPIRED,
        State.CHANGES_ASKED: State.EXPIRED,
        State.APPLIED: State.EXPIRED,
    },
}


def after(move: Move, state: str) -> State | None:
    """The state that the move leads to, or None where it does not lead from `state`."""
    return MOVES[move].get(State(state))
