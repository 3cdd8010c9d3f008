"""What a policy would have said to the requests of the last days, from the facts as they were then.

Replayed in the order in which they were sent: a rule that counts a team's automatic approvals counts those that were
known then, with those that this policy would have made besides and without those that it would not have made. What
stood against any rule then (the cluster had too little left, say) stands against these, too. So the policy that
decided differs in nothing. Requests that were never sent, or whose namespace is gone, are not among them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.utils import timezone

from tenants.models import QuotaRequest
from tenants.models.granting import State
from tenants.rules import policy as rules
from tenants.rules.resources import moved, title
from tenants.selectors.threads import named_rule, ruled

DAYS = 90


@dataclass(frozen=True, slots=True)
class Tried:
    """One request: what the policy would have said, and what became of it. `then` is "approved", "part", "other", …"""

    request: QuotaRequest
    asked: str
    approves: bool
    why: str
    then: str
    said: str

    @property
    def differs(self) -> bool:
        """Whether it would have approved what people did not wholly approve, or sent to them what a rule gave."""
        return (self.approves and self.then in ("part", "rejected")) or (not self.approves and self.then == "rule")


@dataclass(frozen=True, slots=True)
class TryOut:
    days: int
    rows: tuple[Tried, ...]  # newest first

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def approved(self) -> int:
        return sum(row.approves for row in self.rows)

    @property
    def differing(self) -> tuple[Tried, ...]:
        return tuple(row for row in self.rows if row.differs)


def would_have(policy: rules.Policy, days: int = DAYS) -> TryOut:
    """Tries the policy out on the requests that were sent within `days`."""
    since = timezone.now() - timedelta(days=days)
    found = QuotaRequest.objects.filter(submitted_at__gte=since).exclude(state=State.DRAFT)
    related = found.select_related("namespace__team", "decided_by", "policy").prefetch_related("wants")
    otherwise: defaultdict[int, list[tuple[datetime, int]]] = defaultdict(list)
    rows = []
    for request in related.order_by("submitted_at", "pk"):
        if not request.facts or request.submitted_at is None:
            continue
        start = request.submitted_at - timedelta(days=rules.RECENT_DAYS)
        more = sum(count for at, count in otherwise[request.team.pk] if at >= start)
        verdicts = _verdicts(policy, request, more)
        approves = all(verdict.approves for verdict in verdicts)
        otherwise[request.team.pk].append((request.submitted_at, approves - bool(request.rule)))
        against = next((verdict for verdict in verdicts if not verdict.approves), verdicts[0])
        rows.append(Tried(request, _asked(request), approves, _words(against), *_became(request)))
    return TryOut(days, tuple(reversed(rows)))


def _verdicts(policy: rules.Policy, request: QuotaRequest, more: int) -> list[rules.Verdict]:
    """From the facts of then, with so many `more` automatic approvals."""
    held = rules.load(request.policy.body) if request.policy is not None else rules.Policy()
    verdicts = []
    for resource, kept in request.facts.items():
        facts, said = rules.facts(kept), rules.Verdict(**request.verdict[resource])
        verdict = rules.judge(policy, msgspec.structs.replace(facts, recent=max(0, facts.recent + more)))
        if verdict.approves and verdict.number and not said.approves and rules.judge(held, facts).approves:
            verdict = msgspec.structs.replace(verdict, approves=False, why=said.why)
        verdicts.append(verdict)
    return verdicts


def _asked(request: QuotaRequest) -> str:
    """ "memory 8 → 12 GiB" """
    return ", ".join(
        f"{title(want.resource)} {moved(want.resource, want.before, want.wanted)}" for want in request.wants.all()
    )


def _words(verdict: rules.Verdict) -> str:
    """The rule that approves, or what stands against it."""
    if verdict.approves and verdict.number:
        return named_rule(verdict)
    return verdict.why


def _became(request: QuotaRequest) -> tuple[str, str]:
    """What became of it, as a word and for people."""
    wants = list(request.wants.all())
    if request.rule:
        return "rule", f"approved by {ruled(request.rule)}"
    by = f" by {request.decided_by}" if request.decided_by else ""
    if wants and all(want.granted is not None for want in wants):
        if any(want.granted != want.wanted for want in wants):
            return "part", f"approved in part{by}"
        return "approved", f"approved{by}"
    if request.state == State.REJECTED:
        return "rejected", f"rejected{by}"
    return "other", State(request.state).label
