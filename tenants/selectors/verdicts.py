"""What the policy says to requests, in the words of all pages.

While nobody has decided it is what the policy that holds says now; afterwards what was said when the request was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tenants import weighing
from tenants.models import QuotaRequest
from tenants.models.granting import UNDECIDED
from tenants.rules import policy as policies
from tenants.rules.policy import Verdict
from tenants.rules.resources import in_order, title

WORST = ("bad", "warn", "ok")


@dataclass(frozen=True, slots=True)
class Hint:
    """What the policy says to one resource: `kind` as `templatetags.berth.state` has it."""

    kind: str
    words: str
    why: str


def hints(requests: Sequence[QuotaRequest]) -> dict[int, list[Hint]]:
    """By number, resource by resource, in a number of queries that does not grow."""
    undecided = [request for request in requests if request.state in UNDECIDED]
    asked = [weighing.Asked(request.namespace, _wanted(request), request.until) for request in undecided]
    found = {request.number: _kept(request) for request in requests if request.state not in UNDECIDED}
    if undecided:
        _, policy = weighing.current()
        for request, verdicts in zip(undecided, weighing.judged(asked), strict=True):
            found[request.number] = [_hint(verdict, policy) for verdict in verdicts]
    return found


def hints_of(request: QuotaRequest) -> list[Hint]:
    """Of one request."""
    return hints([request])[request.number]


def in_one(said: Iterable[Hint]) -> Hint:
    """The worst of what is said to a request, which is what a list has room for."""
    ordered = sorted(said, key=lambda hint: WORST.index(hint.kind))
    if not ordered:
        return Hint("off", "Not weighed", "")
    if len(ordered) > 1 and ordered[0].kind == "ok":
        return Hint("ok", "Rules would approve all of it", "")
    return ordered[0]


def sent_under(request: QuotaRequest) -> int | None:
    """The version of the policy by which an undecided request was weighed when it was sent, where another holds now."""
    if request.state not in UNDECIDED or request.policy is None:
        return None
    row, _ = weighing.current()
    return None if row is None or row.pk == request.policy.pk else request.policy.number


def beside(request: QuotaRequest, amounts: Mapping[str, int], until: date | None) -> tuple[Verdict, ...]:
    """What is said to other amounts than those that are asked for."""
    return weighing.judged([weighing.Asked(request.namespace, amounts, until)])[0]


def _wanted(request: QuotaRequest) -> dict[str, int]:
    wants = {want.resource: want.wanted for want in request.wants.all()}
    return {resource: wants[resource] for resource in in_order(wants)}


def _kept(request: QuotaRequest) -> list[Hint]:
    policy = policies.load(request.policy.body) if request.policy is not None else policies.Policy()
    return [_hint(Verdict(**request.verdict[resource]), policy) for resource in in_order(request.verdict)]


def _hint(verdict: Verdict, policy: policies.Policy) -> Hint:
    what = f"the {title(verdict.resource)}"
    if verdict.wall:
        return Hint("bad", f"Nobody may approve {what}:", verdict.why)
    if verdict.approves:
        rule = f"Rule {verdict.number} would approve {what}:" if verdict.number else f"Nothing against {what}:"
        return Hint("ok", rule, verdict.why)
    if not verdict.number:
        return Hint("warn", f"No rule would approve {what}:", verdict.why)
    if any(rule.then == "approver" for rule in policy.rules[verdict.number - 1 : verdict.number]):
        return Hint("warn", f"Rule {verdict.number} leaves {what} to an approver:", verdict.why)
    return Hint("warn", f"Rule {verdict.number} would not approve {what}:", verdict.why)
