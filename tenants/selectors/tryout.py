"""What a policy would have said to the requests of the last days, from the facts as they were then.

Replayed in the order in which they were sent: a rule that counts a team's automatic approvals counts those that this
policy would have made. Requests that were never sent, or whose namespace is gone, are not among them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.utils import timezone

from tenants.models import QuotaRequest
from tenants.models.granting import State
from tenants.rules import policy as rules
from tenants.rules.resources import say, title, unit

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
    now = timezone.now()
    found = QuotaRequest.objects.filter(submitted_at__gte=now - timedelta(days=days)).exclude(state=State.DRAFT)
    requests = found.select_related("namespace__team", "decided_by").prefetch_related("wants").order_by("submitted_at")
    approvals = _approved_before(now - timedelta(days=days))
    rows = []
    for request in requests:
        if not request.facts or request.submitted_at is None:
            continue
        mine = approvals[request.team.pk]
        since = request.submitted_at - timedelta(days=rules.RECENT_DAYS)
        recent = sum(since <= at for at in mine)
        verdicts = [rules.judge(policy, _with(kept, recent)) for kept in request.facts.values()]
        approves = all(verdict.approves for verdict in verdicts)
        if approves:
            mine.append(request.submitted_at)
        against = next((verdict for verdict in verdicts if not verdict.approves), verdicts[0])
        rows.append(Tried(request, _asked(request), approves, _words(against), *_became(request)))
    return TryOut(days, tuple(reversed(rows)))


def _approved_before(start: datetime) -> defaultdict[int, list[datetime]]:
    """By team, when rules approved in the days before the span: they count in its first ones."""
    rows = QuotaRequest.objects.filter(
        decided_at__gte=start - timedelta(days=rules.RECENT_DAYS), decided_at__lt=start
    ).exclude(rule="")
    approvals: defaultdict[int, list[datetime]] = defaultdict(list)
    for team, at in rows.values_list("namespace__team", "decided_at"):
        if at is not None:
            approvals[team].append(at)
    return approvals


def _with(kept: Mapping[str, Any], recent: int) -> rules.Facts:
    return msgspec.structs.replace(rules.facts(kept), recent=recent)


def _asked(request: QuotaRequest) -> str:
    """ "memory 8 GiB → 12 GiB" """
    return ", ".join(
        f"{title(want.resource)} {_amount(want.resource, want.before)} → {_amount(want.resource, want.wanted)}"
        for want in request.wants.all()
    )


def _amount(resource: str, amount: int) -> str:
    """Beside the resource's name: a count says no more than its number."""
    return say(resource, amount) if unit(resource)[0] else str(amount)


def _words(verdict: rules.Verdict) -> str:
    """The rule that approves, or what stands against it."""
    if verdict.approves and verdict.number:
        return f"rule {verdict.number}, {verdict.rule}"
    return verdict.why


def _became(request: QuotaRequest) -> tuple[str, str]:
    """What became of it, as a word and for people."""
    wants = list(request.wants.all())
    if request.rule:
        return "rule", f"approved by the rule {request.rule}"
    by = f" by {request.decided_by}" if request.decided_by else ""
    if wants and all(want.granted is not None for want in wants):
        if any(want.granted != want.wanted for want in wants):
            return "part", f"approved in part{by}"
        return "approved", f"approved{by}"
    if request.state == State.REJECTED:
        return "rejected", f"rejected{by}"
    return "other", State(request.state).label
