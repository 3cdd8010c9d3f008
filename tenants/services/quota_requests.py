"""Requests for more quota: drafts, and what a team does with a request until somebody, or a rule, decides.

A request asks for more than a namespace has, or for a raise that runs now to last longer. Where the policy approves it,
it is approved in the moment in which it is sent. Approvers' part is `quota_decisions`; giving back is `lowering`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import partial

from django.db import transaction
from django.db.models.functions import Now

from tenants import access, audit, granting, notices, rules, site_day, weighing
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.models import Grant, Namespace, QuotaRequest, QuotaStep, QuotaWant, StaffRole, User
from tenants.models.granting import State
from tenants.rules import resources, wanted
from tenants.rules.broken import Broken
from tenants.rules.granting import Move
from tenants.services import pace
from tenants.services.wishes import clean, lock_namespace, lock_team
from tenants.weighing import Weighed

DRAFTS_MAX = 20
"""As many drafts somebody may keep in one namespace."""
SENT_PER_HOUR = 30
"""So many requests one person may send, again and again the same among them."""


def draft(
    *,
    actor: User,
    namespace: Namespace,
    wants: Mapping[str, int],
    reason: str = "",
    until: date | None = None,
    unread: Mapping[str, str] | None = None,
) -> QuotaRequest:
    """A request that its author alone sees until it is sent: wanted limits by resource.

    `unread` is what was typed and means nothing, by field: it is kept, and the draft cannot be sent with it. Raises
    Invalid at a resource, Conflict after too many drafts.
    """
    access.require(actor, "quota.request", namespace)
    with transaction.atomic():
        namespace = lock_namespace(namespace)
        _still_may(actor, namespace)
        if namespace.quota_requests.filter(author=actor, state=State.DRAFT).count() >= DRAFTS_MAX:
            raise Conflict(f"You have {DRAFTS_MAX} drafts for {namespace}: send or delete one first.", code="too_many")
        request = QuotaRequest.objects.create(
            namespace=namespace, author=actor, reason=_kept(reason), until=until, unread=_unread(unread)
        )
        _want(request, wants)
        audit.record(actor=actor, action="quota.draft", thing=request)  # what it says is its author's alone
        granting.announce(request)
    return request


def ask(
    *, actor: User, namespace: Namespace, wants: Mapping[str, int], reason: str, until: date | None = None
) -> QuotaRequest:
    """A request that is sent at once, or not made at all. Raises as `draft` and `submit`."""
    access.require(actor, "quota.request", namespace)
    with transaction.atomic():
        request = draft(actor=actor, namespace=namespace, wants=wants, reason=reason, until=until)
        return submit(actor=actor, request=request)


def edit(
    *,
    actor: User,
    request: QuotaRequest,
    wants: Mapping[str, int],
    reason: str,
    until: date | None,
    unread: Mapping[str, str] | None = None,
) -> QuotaRequest:
    """Asks for something else. One that was sent stays sent: it is weighed again, and must be looked at again.

    Raises Invalid at fields, Conflict (code "state") where it is decided, (code "open") at a resource.
    """
    _require(actor, request)
    with transaction.atomic():
        found = _lock(actor, request, Move.EDIT)
        found.reason, found.until, found.unread = _kept(reason), until, _unread(unread)
        _want(found, wants)
        if found.state == State.DRAFT:
            return granting.move(found, Move.EDIT, actor=actor)
        _no_other_open(found)
        sent = found.state == State.SUBMITTED
        kept = _weigh(found).kept if sent else {}
        revision = found.revision + 1
        granting.move(found, Move.EDIT, actor=actor, detail=_words(found), revision=revision, first_approval={}, **kept)
        return _by_rule(actor, found) if sent else found


def discard(*, actor: User, request: QuotaRequest) -> None:
    """Deletes one's own draft. Raises Conflict where it was sent."""
    _require(actor, request)
    with transaction.atomic():
        found = _lock(actor, request, None)
        if found.state != State.DRAFT:
            raise Conflict("It was sent already: withdraw it instead.", code="state")
        audit.record(actor=actor, action="quota.discard", thing=found)
        granting.announce(found)
        found.delete()


@pace.noted("requests for quota")
def submit(*, actor: User, request: QuotaRequest) -> QuotaRequest:
    """Sends it: approved at once where the policy says so, else an approver decides, and hears of it.

    Raises Invalid at fields (over the team's ceiling is one), Conflict where a request is open for a resource, TooMany.
    """
    _require(actor, request)
    with transaction.atomic():
        found = _lock(actor, request, Move.SUBMIT)
        sent = QuotaStep.objects.filter(actor=actor, by=Move.SUBMIT)
        if pace.left(sent, SENT_PER_HOUR, "at") == 0:
            words = f"You sent {SENT_PER_HOUR} requests within an hour, and approvers read each: wait a little."
            raise pace.too_many("wants", words, sent, SENT_PER_HOUR, "at")
        kept = _weigh(found).kept
        granting.move(found, Move.SUBMIT, actor=actor, detail=_words(found), submitted_at=Now(), **kept)
        return _by_rule(actor, found)


def withdraw(*, actor: User, request: QuotaRequest, text: str = "") -> QuotaRequest:
    """Takes a request of the team back. Raises Conflict where it is decided, Invalid at text."""
    _require(actor, request)
    text = clean("text", lambda: rules.message(text)) if text.strip() else ""
    with transaction.atomic():
        found = _lock(actor, request, Move.WITHDRAW)
        granting.move(found, Move.WITHDRAW, actor=actor, text=text)
        title = f"{actor} withdrew the request for more quota of {found.namespace}"
        granting.tell(found, _others(found, actor), "quota.message", title, text)
    return found


def comment(*, actor: User, request: QuotaRequest, text: str) -> QuotaRequest:
    """Adds to the thread, as whoever may ask in the team or as the site's staff. Raises Invalid at text, Conflict."""
    may_as_staff = access.can_site(actor, "quota.comment")
    if not may_as_staff:
        _require(actor, request)
    text = clean("text", lambda: rules.message(text))
    with transaction.atomic():
        found = granting.lock(request)
        if not may_as_staff:
            _still_may(actor, found.namespace)
        granting.move(found, Move.COMMENT, actor=actor, text=text)
        title = f"{actor} wrote about the request for more quota of {found.namespace}"
        granting.tell(found, _others(found, actor), "quota.message", title, text)
    return found


def extend(*, actor: User, request: QuotaRequest) -> QuotaRequest:
    """Asks for a raise that runs now once more, for as long again: a request of its own, sent at once.

    Raises Conflict where none of its raises runs, or another request for it is open.
    """
    _require(actor, request)
    with transaction.atomic():
        request = _lock(actor, request, None)
        running = Grant.objects.running().filter(request=request)
        wants = dict(running.values_list("resource", "new"))
        if not wants or extended(request) is None:
            raise Conflict("This raise has ended, or was changed since: ask for a new one.", code="state")
        last = extended(request)
        longer = draft(actor=actor, namespace=request.namespace, wants=wants, reason=request.reason, until=last)
        QuotaRequest.objects.filter(pk=longer.pk).update(extends=request)
        return submit(actor=actor, request=longer)


def extended(request: QuotaRequest) -> date | None:
    """The last day that an extension of the raise asks for: as long again; None of what is for good."""
    if request.granted_until is None or request.decided_at is None:
        return None
    before = request.extends.granted_until if request.extends is not None else None
    span = max(request.granted_until - (before or site_day.of(request.decided_at)), timedelta(days=1))
    return max(request.granted_until, site_day.today()) + span


def _require(actor: User, request: QuotaRequest) -> None:
    """Before the transaction, so that the line about a refusal stays. A draft is its author's alone."""
    if request.state == State.DRAFT and request.author_id != actor.pk:
        raise NotFound("There is no such request.")
    access.require(actor, "quota.request", request)


def _still_may(actor: User, namespace: Namespace) -> None:
    """Again under the lock. Raises Forbidden, Suspended."""
    access.forget_roles(actor)
    lock_team(namespace.team)
    if not access.can(actor, "quota.request", namespace):
        raise Forbidden("Your role in the team changed meanwhile: it does not allow this any more.")


def _lock(actor: User, request: QuotaRequest, by: Move | None) -> QuotaRequest:
    """The request, locked and read again, where the actor may go on with it and `by` leads on from its state.

    Its team is locked, too: ceilings and counts of approvals are about all its namespaces.
    """
    found = granting.lock(request)
    _still_may(actor, found.namespace)
    if found.state == State.DRAFT and found.author_id != actor.pk:
        raise NotFound("There is no such request.")
    if by is not None:
        granting.leads(found, by)
    return found


def _kept(reason: str) -> str:
    """A reason as a draft keeps it; what is too long for it stays in `unread`."""
    return reason.replace("\0", "").replace("\r\n", "\n").strip()[:1000]


def _unread(typed: Mapping[str, str] | None) -> dict[str, str]:
    """As databases take it: without NUL."""
    return {field: text.replace("\0", "") for field, text in (typed or {}).items()}


def _want(request: QuotaRequest, wants: Mapping[str, int]) -> None:
    """Puts these wants in place of the request's. Raises Invalid at a resource that cannot be asked for."""
    limits, known = request.namespace.limits, weighing.offered(request.namespace)
    errors: dict[str, str] = {}
    for resource, most in wants.items():
        if resource not in known:
            errors[resource] = f"This cluster’s quotas have no {resource[:60]}."
            continue
        try:
            resources.check_amount(resource, most)
        except Broken as broken:
            errors[resource] = broken.message
    if errors:
        raise _invalid(errors)
    request.wants.exclude(resource__in=wants).delete()
    for resource, most in wants.items():
        values = {"wanted": most, "before": limits.get(resource, 0), "namespace": request.namespace}
        QuotaWant.objects.update_or_create(request=request, resource=resource, defaults=values)


def _weigh(request: QuotaRequest) -> Weighed:
    """What the policy says to the locked request. Raises Invalid and Conflict for what cannot be sent."""
    wants = {want.resource: want.wanted for want in request.wants.all()}
    errors = _errors(request, wants)
    if errors:
        raise _invalid(errors)
    _no_other_open(request)
    for want in request.wants.all():
        want.before = request.namespace.limits.get(want.resource, 0)
        want.save(update_fields=["before"])
    granting.lock_cluster(request.namespace)
    weighed = weighing.weigh(request.namespace, wants, request.until)
    walls = {verdict.resource: _over(verdict.why) for verdict in weighed.verdicts if verdict.wall}
    if walls:
        raise _invalid(walls, code="ceiling")
    return weighed


def _no_other_open(request: QuotaRequest) -> None:
    """Raises Conflict at a resource for which another request of the namespace is open."""
    wants = request.wants.values_list("resource")
    others = QuotaWant.objects.filter(namespace=request.namespace, resource__in=wants, open=True)
    for want in others.exclude(request=request):
        words = f"Request {want.request_id} for {resources.title(want.resource)} is open: withdraw or change that one."
        raise Conflict(words, code="open", fields={want.resource: words})


def _errors(request: QuotaRequest, wants: Mapping[str, int]) -> dict[str, str]:
    """Field → what stands against sending it."""
    errors = {field: f"“{text[:40]}” cannot be read: write it anew." for field, text in request.unread.items()}
    limits, standing = request.namespace.limits, weighing.standing(request.namespace)

    def at(field: str, check: Callable[[], object]) -> None:
        try:
            check()
        except Broken as broken:
            errors.setdefault(field, broken.message)

    for resource, most in wants.items():
        has, stands = limits.get(resource, 0), standing.get(resource, 0)
        at(resource, partial(wanted.wanted, resource, most, limit=has, standing=stands))
    at("reason", lambda: wanted.reason(request.reason))
    at("until", lambda: wanted.until(request.until, site_day.today()))
    if not wants and not errors:
        errors["wants"] = "Ask for more of something: write a new value beside it."
    return errors


def _by_rule(actor: User, request: QuotaRequest) -> QuotaRequest:
    """Approved by the policy's rules where all of them approve; else approvers hear of it."""
    verdicts = request.verdict.values()
    if all(verdict["approves"] for verdict in verdicts):
        names = ", ".join(dict.fromkeys(verdict["rule"] for verdict in verdicts))
        granted = {want.resource: want.wanted for want in request.wants.all()}
        return granting.approve(
            request, Move.APPROVE, granted=granted, until=request.until, actor=None, rule=names[:80]
        )
    approvers = User.objects.filter(staff_role=StaffRole.APPROVER, is_active=True)
    people = approvers.exclude(memberships__team=request.team).exclude(pk=actor.pk)
    title = f"{actor} asks for more quota of {request.namespace}"
    granting.tell(request, list(people), "quota.asked", title, f"{_words(request)}\n\n{request.reason}")
    return request


def _others(request: QuotaRequest, actor: User) -> list[User]:
    """Who takes part in the thread, besides the actor: its author, and whoever wrote or decided."""
    people = {step.actor for step in request.steps.select_related("actor") if step.actor is not None}
    if request.author is not None:
        people.add(request.author)
    else:
        people.update(notices.managers(request.team))
    return [person for person in people if person.pk != actor.pk]


def _words(request: QuotaRequest) -> str:
    asked = {want.resource: (want.before, want.wanted) for want in request.wants.all()}
    return wanted.words(asked, request.until)


def _over(why: str) -> str:
    return f"Over the team’s ceiling: {why}."


def _invalid(errors: Mapping[str, str], code: str = "invalid") -> Invalid:
    return Invalid(next(iter(errors.values())), code=code, fields=errors)
