"""Operations as pages show them: what is asked, how far it is, why it waits."""

from __future__ import annotations

from typing import Any

from cluster import refusals
from tenants.models import Operation
from tenants.models.operation import OperationState

KINDS = {
    OperationState.PENDING: "waiting",
    OperationState.RUNNING: "busy",
    OperationState.CONFIRMING: "busy",
    OperationState.WAITING: "waiting",
    OperationState.SUCCEEDED: "ok",
    OperationState.FAILED: "bad",
    OperationState.SUPERSEDED: "off",
}
VERBS = {"apply": "Apply", "delete": "Delete", "set": "Set"}


def live_context(operation: Operation) -> dict[str, Any]:
    """Context of the partial #operation; the same for every viewer."""
    state = OperationState(operation.state)
    remaining = [(kind, count) for kind, count in sorted(operation.progress.get("kinds", {}).items()) if count]
    return {
        "operation": operation,
        "plain": refusals.plain(operation.error_message),
        "kind": KINDS[state],
        "words": state.label.capitalize(),
        "title": title(operation),
        "remaining": remaining,
        "finalizers": operation.progress.get("finalizers", []),
        "retained": operation.progress.get("retained", []),
    }


def title(operation: Operation) -> str:
    """`Apply app payments-dev/checkout`."""
    noun, _, verb = operation.kind.partition(".")
    return f"{VERBS.get(verb, verb.capitalize())} {noun} {operation.target_name}"


def row(operation: Operation) -> dict[str, Any]:
    """One operation in a list."""
    state = OperationState(operation.state)
    return {"operation": operation, "kind": KINDS[state], "words": state.label.capitalize(), "title": title(operation)}
