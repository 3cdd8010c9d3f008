"""Join requests: somebody asks to join a team that can be found; its owners and admins answer.

Where a team has no owner or admin who can act, the site's support decides in their place ("requests.adopt").
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from tenants import access, audit, notices, rules
from tenants.errors import Conflict, Forbidden, NotFound
from tenants.live import events
from tenants.models import JoinMessage, JoinRequest, Membership, Role, StaffRole, Team, User
from tenants.models.joining import RequestState
from tenants.services import pace
from tenants.services.ranks import require_grant, role_named, still_grants
from tenants.services.wishes import clean, lock_team

MESSAGES_PER_HOUR = 10
"""What a person who asks to join may write in one thread, the first message included."""


@pace.noted("join requests")
def ask(*, actor: User, team: Team, message: str) -> JoinRequest:
    """Asks to join. Raises Invalid at message, Conflict where they asked or are in, NotFound for a team that is hidden.

    TooMany after too many within an hour.
    """
    access.require(actor, "team.join", actor)
    message = clean("message", lambda: rules.message(message))
    with transaction.atomic():
        team = lock_team(team)
        if not team.discoverable or team.suspended_at is not None:
            raise NotFound("There is no such team.")
        if team.memberships.filter(user=actor).exists():
            raise _at_message(f"You are in {team} already.", "member")
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        asked, most = JoinRequest.objects.filter(person=actor), settings.JOIN_REQUESTS_PER_HOUR
        if pace.left(asked, most) == 0:
            raise pace.too_many("message", f"You asked {most} times within an hour: wait a little.", asked, most)
        try:
            with transaction.atomic():
                request = JoinRequest.objects.create(team=team, person=actor)
        except IntegrityError as error:
            raise _at_message(f"You asked {team} already: your request is open.", "asked") from error
        JoinMessage.objects.create(request=request, author=actor, text=message)
        audit.record(actor=actor, action="request.ask", thing=request)
        _changed(request)
        _tell(deciders(team), request, "request.asked", f"{actor} asks to join {team}", message)
    return request


@pace.noted("messages")
def reply(*, actor: User, request: JoinRequest, text: str) -> JoinMessage:
    """A message in the thread of an open request, by the person or whoever decides. Raises Invalid, TooMany at text."""
    text = clean("text", lambda: rules.message(text))
    theirs = request.person_id == actor.pk
    if theirs:
        access.require(actor, "team.join", actor)
    else:
        _require_decider(actor, request.team, None)
    with transaction.atomic():
        request = _lock_open(request)
        if theirs:
            _not_too_often(request)
        else:
            _still_decides(actor, request.team, None)
        message = JoinMessage.objects.create(request=request, author=actor, text=text)
        audit.record(actor=actor, action="request.reply", thing=request)
        _changed(request)
        people = deciders(request.team) if theirs else [request.person]
        _tell(people, request, "request.message", f"{actor} wrote about a request to join {request.team}", text)
    return message


def accept(*, actor: User, request: JoinRequest, role: str) -> Membership:
    """Makes the person a member. Raises Invalid at role, Conflict where it is decided, Forbidden above one's rank."""
    role = role_named(role)
    _require_decider(actor, request.team, role)
    with transaction.atomic():
        request = _lock_open(request)
        team, person = request.team, request.person
        _still_decides(actor, team, role)
        if person.pk == actor.pk:
            raise Forbidden("Nobody decides on their own request.")
        if not person.is_active:
            raise Conflict(f"{person} is suspended: decline the request, or ask the site's support.", code="suspended")
        membership, _ = Membership.objects.get_or_create(team=team, user=person, defaults={"role": role})
        request.role = membership.role
        _decide(actor, request, RequestState.ACCEPTED)
        audit.record(
            actor=actor,
            action="request.accept",
            thing=request,
            changes=[{"field": "role", "old": None, "new": membership.role}],
        )
        events.announce(events.RightsChanged(user=person.pk, team=team.pk))
        events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="members"))
        title = f"You are in {team} as {Role(membership.role).label}"
        path = reverse("team", args=[team.slug])
        notices.tell([person], kind="request.answered", title=title, path=path, team=team)
    return membership


def decline(*, actor: User, request: JoinRequest, text: str = "") -> JoinRequest:
    """Says no, with a word if they like. Raises Invalid at text, Conflict where it is decided, Forbidden."""
    text = clean("text", lambda: rules.message(text)) if text.strip() else ""
    _require_decider(actor, request.team, None)
    with transaction.atomic():
        request = _lock_open(request)
        _still_decides(actor, request.team, None)
        if text:
            JoinMessage.objects.create(request=request, author=actor, text=text)
        _decide(actor, request, RequestState.DECLINED)
        audit.record(actor=actor, action="request.decline", thing=request)
        _tell([request.person], request, "request.answered", f"{request.team} declined your request to join", text)
    return request


def withdraw(*, actor: User, request: JoinRequest) -> JoinRequest:
    """Takes one's own request back. Raises NotFound for another's, Conflict where it is decided."""
    access.require(actor, "team.join", actor)
    if request.person_id != actor.pk:
        raise NotFound("There is no such request.")
    with transaction.atomic():
        request = _lock_open(request)
        _decide(actor, request, RequestState.WITHDRAWN)
        audit.record(actor=actor, action="request.withdraw", thing=request)
    return request


def deciders(team: Team) -> list[User]:
    """Owners and admins who can act; the site's support where there is none."""
    people = [membership.user for membership in team.memberships.managers().select_related("user")]
    return people or list(User.objects.filter(staff_role=StaffRole.SUPPORT, is_active=True))


def decides(actor: User, team: Team) -> bool:
    """Whether `actor` may answer the team's requests now."""
    if access.can(actor, "members.manage", team):
        return True
    return access.can(actor, "requests.adopt", team) and is_orphan(team)


def is_orphan(team: Team) -> bool:
    """Whether no active owner or admin is left."""
    return not team.memberships.managers().exists()


def _require_decider(actor: User, team: Team, role: str | None) -> None:
    """Before the transaction: owners and admins within their rank; support, as anything, for a team without them."""
    if access.can(actor, "requests.adopt", team) and is_orphan(team):
        return
    require_grant(actor, team, old=None, new=role)


def _still_decides(actor: User, team: Team, role: str | None) -> None:
    """Again under the team's lock."""
    access.forget_roles(actor)
    if access.can(actor, "requests.adopt", team) and is_orphan(team):
        return
    still_grants(actor, team, old=None, new=role)


def _lock_open(request: JoinRequest) -> JoinRequest:
    """The row, locked and read again below its locked team. Raises Conflict where it is decided."""
    team = lock_team(request.team)
    rows = JoinRequest.objects.select_for_update(of=("self",), no_key=True).select_related("person")
    found = rows.filter(pk=request.pk).first()
    if found is None or found.state != RequestState.OPEN:
        raise Conflict("This request is decided or withdrawn already.", code="decided")
    found.team = team
    return found


def _not_too_often(request: JoinRequest) -> None:
    """Each message of a stranger is a mail to every owner and admin. Raises TooMany at text; under the row's lock."""
    wrote = JoinMessage.objects.filter(request=request, author=request.person)
    if pace.left(wrote, MESSAGES_PER_HOUR, "at") == 0:
        words = f"You wrote {MESSAGES_PER_HOUR} messages within an hour: wait for an answer."
        raise pace.too_many("text", words, wrote, MESSAGES_PER_HOUR, "at")


def _decide(actor: User, request: JoinRequest, state: RequestState) -> None:
    request.state, request.decided_at, request.decided_by = state, timezone.now(), actor
    request.save(update_fields=["state", "role", "decided_at", "decided_by"])
    _changed(request)


def _changed(request: JoinRequest) -> None:
    events.announce(events.Changed(team=request.team.pk, noun="team", id=str(request.team.pk), what="requests"))


def _tell(people: Iterable[User], request: JoinRequest, kind: str, title: str, text: str) -> None:
    path = reverse("request", args=[request.pk])
    notices.tell(people, kind=kind, title=title, text=text, path=path, team=request.team)


def _at_message(words: str, code: str) -> Conflict:
    """What stands in the way of asking, at the field where one asks."""
    return Conflict(words, code=code, fields={"message": words})
