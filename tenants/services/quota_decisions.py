"""Decisions on quota requests: by an approver who is a stranger to the team, about the very request that they saw.

Above a size that the policy names two approvers must approve the same: the first is kept on the request, and counts
while that person may still decide and nothing else was approved or asked meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants import access, audit, capacity, granting, notices, site_day, weighing
from tenants.errors import Conflict, Forbidden, Invalid, NotFound, Suspended
from tenants.models import Membership, QuotaRequest, Team, User
from tenants.models.granting import State
from tenants.roles import STRANGER_AFTER, left_lately
from tenants.rules import granting as states
from tenants.rules import people, policy, wanted
from tenants.rules.granting import APPROVALS, DECISIONS, Move
from tenants.rules.resources import say, title
from tenants.services.wishes import clean

AUTHORS = (Move.EDIT, Move.SUBMIT)
"""Whoever made one of these moves has a part in what is asked."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an approver gives: limits by resource, their last day (None: for good), and words with it."""

    amounts: dict[str, int]
    until: date | None
    text: str

    def figures(self, request: QuotaRequest) -> dict[str, Any]:
        """What two approvers must agree on."""
        until = self.until.isoformat() if self.until else None
        return {"revision": request.revision, "granted": self.amounts, "until": until}


def decide(
    *,
    actor: User,
    request: QuotaRequest,
    revision: int,
    by: Move,
    granted: Mapping[str, int] | None = None,
    until: date | None = None,
    text: str = "",
    over_capacity: bool = False,
) -> QuotaRequest:
    """Approves, whole or in part, asks for changes or rejects; `revision` is the request's that the actor saw.

    `granted` are the limits given in part, by resource: what is left out stays as it is. `until` is the last day of
    what is given, None: as asked. `over_capacity` confirms that more is granted than the cluster has.
    Raises Invalid (at a resource, granted, until, text, over_capacity),
    Conflict ("changed", "decided", "second_person"),
    Forbidden for the actor's own request or one of their team, Suspended, NotFound, Gone.
    """
    if by not in DECISIONS:
        raise Invalid.at("decision", "Approve, approve in part, ask for changes, or reject.")
    _fits(by, granted, until)
    access.require_site(actor, "quota.decide", request)
    if why := why_not(actor, request):
        audit.record(actor=actor, action="quota.decide", thing=request, outcome="denied", detail=why)
        raise _not_theirs(why)
    text = clean("text", lambda: people.message(text)) if text.strip() else ""
    if not text and by in (Move.ASK_CHANGES, Move.REJECT):
        raise Invalid.at("text", "Say why: it is what the team reads.")
    with transaction.atomic():
        request = granting.lock(request)
        team = Team.objects.select_for_update(no_key=True).get(pk=request.team.pk)
        _still_decides(actor, request)
        if team.suspended:
            raise Suspended(access.why_suspended(team))
        _as_seen(request, revision)
        if by in APPROVALS:
            part = granted or {} if by is Move.APPROVE_PART else None
            given = Given(amounts_given(request, part), last_day(request, until), text)
            return _approve(actor, request, given, meant=over_capacity)
        granting.move(
            request, by, actor=actor, text=text, decided_by=actor, decided_at=timezone.now(), first_approval={}
        )
        asked = "asks for changes of" if by is Move.ASK_CHANGES else "rejected"
        _tell(actor, request, f"{actor} {asked} request {request.number} for {request.namespace}", text)
    return request


def _fits(by: Move, granted: Mapping[str, int] | None, until: date | None) -> None:
    """Raises Invalid where the decision does not take what was sent with it: else it would do more than was meant."""
    if granted is not None and by is Move.APPROVE:
        raise Invalid.at("granted", "Approving gives all that is asked: to give less, approve in part.")
    if granted is not None and by not in APPROVALS:
        raise Invalid.at("granted", "This decision gives nothing: leave the limits out, or approve in part.")
    if until is not None and by not in APPROVALS:
        raise Invalid.at("until", "This decision gives nothing: leave the day out, or approve.")


def needs_two(rules: policy.Policy, amounts: Mapping[str, int], standing: Mapping[str, int]) -> bool:
    """Whether one of these limits is so big that two approvers must approve it.

    What it has for good (`weighing.standing`) counts not: what two gave for a time one does not give for longer.
    """
    return any(
        amount > rules.two_persons.get(resource, amount) and amount > standing.get(resource, 0)
        for resource, amount in amounts.items()
    )


def why_not(actor: User, request: QuotaRequest) -> str:
    """Why the actor may not decide on this request, in words; "" where they may."""
    if not access.can_site(actor, "quota.decide"):
        return "it takes an approver of the site."
    if request.author_id == actor.pk or request.steps.filter(actor=actor, by__in=AUTHORS).exists():
        return "nobody decides on their own request."
    if Membership.objects.filter(team=request.team, user=actor).exists():
        return f"you are in {request.team}."
    if left_lately([request.team.pk], [actor.pk]):
        return f"you were in {request.team} less than {STRANGER_AFTER.days} days ago."
    return ""


def _still_decides(actor: User, request: QuotaRequest) -> None:
    """Under the lock, by the rows as they are now."""
    mine = User.objects.get(pk=actor.pk)
    mine.token_scopes = actor.token_scopes
    access.require_site(mine, "quota.decide", request)
    if why := why_not(mine, request):
        raise _not_theirs(why)
    if request.state == State.DRAFT:
        raise NotFound("There is no such request.")


def _not_theirs(why: str) -> Forbidden:
    return Forbidden(f"{why[0].upper()}{why[1:]} Another approver decides.", code="own")


def _as_seen(request: QuotaRequest, revision: int) -> None:
    """Raises Conflict where another was faster, or asks for something else by now."""
    if states.after(Move.REJECT, request.state) is None:
        last = request.steps.exclude(new="").select_related("actor").last()
        who = f"{last.actor} was faster: request" if last and last.actor else "Request"
        raise Conflict(f"{who} {request.number} is {State(request.state).label} already.", code="decided")
    if request.revision != revision:
        raise Conflict(f"Request {request.number} was changed after you opened it: look again.", code="changed")


def _approve(actor: User, request: QuotaRequest, given: Given, *, meant: bool) -> QuotaRequest:
    amounts, until = given.amounts, given.until
    granting.lock_cluster(request.namespace)
    weighed = weighing.weigh(request.namespace, amounts, until)
    if weighed.wall is not None:
        raise Invalid.at(weighed.wall.resource, f"Nobody may approve this: {weighed.wall.why}.", code="ceiling")
    _, rules = weighing.current()
    if not meant:
        _within_capacity(request, amounts)
    if not _enough_persons(actor, request, rules, given):
        first = {"by": actor.pk, "name": str(actor), "at": timezone.now().isoformat(), **given.figures(request)}
        return granting.move(request, Move.APPROVE_FIRST, actor=actor, text=given.text, first_approval=first)
    wants = list(request.wants.all())
    whole = all(amounts[want.resource] == want.wanted for want in wants)
    move = Move.APPROVE if whole else Move.APPROVE_PART
    granting.approve(request, move, granted=amounts, until=until, actor=actor, text=given.text)
    words = ", ".join(f"{title(want.resource)} {say(want.resource, amounts[want.resource])}" for want in wants)
    last = f", until {until:%-d %b %Y}" if until else ""
    head = f"{actor} approved request {request.number} for {request.namespace}{'' if whole else ' in part'}"
    _tell(actor, request, head, f"{words}{last}.\n\n{given.text}".strip())
    return request


def amounts_given(request: QuotaRequest, part: Mapping[str, int] | None) -> dict[str, int]:
    """What is given: all that is asked, or in `part`. Raises Invalid at a resource.

    In part it is of each resource between the limit as it is and what is asked, and more of one of them.
    """
    limits, asked = request.namespace.limits, {want.resource: want.wanted for want in request.wants.all()}
    if part is None:
        return asked
    wrong = {resource: f"The request is not about {title(resource)}." for resource in part if resource not in asked}
    amounts = {}
    for resource, most in asked.items():
        has = min(limits.get(resource, 0), most)
        amounts[resource] = part.get(resource, has)
        if not has <= amounts[resource] <= most:
            wrong[resource] = f"Between {say(resource, has)}, as it is, and {say(resource, most)}, as asked."
    if not wrong and all(amounts[resource] == limits.get(resource, 0) < most for resource, most in asked.items()):
        wrong[next(iter(asked))] = "This gives nothing: write more than it has, or reject the request."
    if wrong:
        raise Invalid(next(iter(wrong.values())), fields=wrong)
    return amounts


def last_day(request: QuotaRequest, until: date | None) -> date | None:
    """The last day of what is given: not over, and not later than asked."""
    last = until or request.until
    clean("until", lambda: wanted.until(last, site_day.today()))
    if last is not None and request.until is not None and last > request.until:
        raise Invalid.at("until", f"Asked until {request.until:%-d %b %Y}: choose that day or an earlier one.")
    return last


def _within_capacity(request: QuotaRequest, amounts: Mapping[str, int]) -> None:
    if over := over_capacity(request, amounts):
        much = ", ".join(f"{say(resource, amount)} of {title(resource)}" for resource, amount in over.items())
        words = f"This grants {much} more than the cluster has left. Tick that it is meant."
        raise Invalid.at("over_capacity", words, code="over_capacity")


def over_capacity(request: QuotaRequest, amounts: Mapping[str, int]) -> dict[str, int]:
    """Resource → how much more these limits grant than the cluster has left; {} where it has enough."""
    return capacity.beyond(request.namespace, weighing.current()[1], amounts, weighing.standing(request.namespace))


def _enough_persons(actor: User, request: QuotaRequest, rules: policy.Policy, given: Given) -> bool:
    """Whether this approval is the last that it takes. Raises Conflict where the actor approved the same first."""
    if not needs_two(rules, given.amounts, weighing.standing(request.namespace)):
        return True
    first = request.first_approval
    if not first or first != {**first, **given.figures(request)}:
        return False
    if first["by"] == actor.pk:
        words = "You approved this already, and it takes two: another approver must approve the same."
        raise Conflict(words, code="second_person")
    before = User.objects.filter(pk=first["by"]).first()
    return before is not None and not why_not(before, request)


def _tell(actor: User, request: QuotaRequest, title: str, text: str) -> None:
    """The author while in the team, and its owners and admins, besides whoever decided."""
    told = {person.pk: person for person in notices.managers(request.team, besides=actor)}
    author = request.author
    if author is not None and request.team.memberships.filter(user=author).exists():
        told[author.pk] = author
    granting.tell(request, list(told.values()), "quota.decided", title, text)
