"""Teams: the root of every right."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from tenants import access, audit, rules
from tenants.errors import Conflict, Invalid
from tenants.live import events
from tenants.models import Membership, Role, Team, User
from tenants.services import namespaces
from tenants.services.wishes import clean, confirmed, lock_namespaces, lock_team


def create_team(*, actor: User, name: str, slug: str) -> Team:
    """A new team, owned by `actor`. Raises Invalid at name or slug, Conflict where the slug is taken or rests.

    Code "too_many" when the actor owns as many as a person may own.
    """
    access.require(actor, "team.create", actor)
    team = Team(name=clean("name", lambda: rules.team_name(name)), slug=clean("slug", lambda: rules.team_slug(slug)))
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        if actor.memberships.filter(role=Role.OWNER).count() >= settings.MAX_TEAMS_PER_PERSON:
            raise Invalid.at("name", _too_many(), code="too_many")
        try:
            with transaction.atomic():
                team.save()
        except IntegrityError as error:
            raise _taken(team.slug) from error
        Membership.objects.create(team=team, user=actor, role=Role.OWNER)
        access.forget_roles(actor)
        audit.record(actor=actor, action="team.create", thing=team)
        events.announce(events.RightsChanged(user=actor.pk, team=team.pk))
    return team


def edit_team(
    *,
    actor: User,
    team: Team,
    name: str | None = None,
    description: str | None = None,
    discoverable: bool | None = None,
    viewers_read_logs: bool | None = None,
) -> Team:
    """Changes what is given. The slug never changes: it begins the names of all that the team has in a cluster."""
    access.require(actor, "team.edit", team)
    wanted = {
        "name": None if name is None else clean("name", lambda: rules.team_name(name)),
        "description": None if description is None else clean("description", lambda: rules.description(description)),
        "discoverable": discoverable,
        "viewers_read_logs": viewers_read_logs,
    }
    with transaction.atomic():
        team = lock_team(team)
        changes = [
            {"field": field, "old": getattr(team, field), "new": value}
            for field, value in wanted.items()
            if value is not None and getattr(team, field) != value
        ]
        if not changes:
            return team
        for change in changes:
            setattr(team, change["field"], change["new"])
        team.save()
        audit.record(actor=actor, action="team.edit", thing=team, changes=changes)
        events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="team"))
        if viewers_read_logs is not None:
            _recheck(team)
    return team


def delete_team(*, actor: User, team: Team, confirm: str) -> Team:
    """Deletes all namespaces; the row goes when the cluster confirmed the last, at once where there is none.

    `confirm` is the slug. Raises Invalid at confirm, Gone when it is under way already, Conflict (code "changed") where
    somebody creates a namespace at the same moment: below the team's lock no further one may be locked.
    """
    access.require(actor, "team.delete", team)
    confirmed(team.slug, confirm)
    with transaction.atomic():
        standing = lock_namespaces(team)
        team = lock_team(team)
        new = team.namespaces.exclude(pk__in=[namespace.pk for namespace in standing]).first()
        if new is not None:
            words = f"{new} was created at this moment: look whether it may go, too, then delete."
            raise Conflict(words, code="changed")
        audit.record(actor=actor, action="team.delete", thing=team)
        events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="deleted"))
        if not standing:
            _recheck(team)
            team.delete()
            return team
        for namespace in standing:
            if not namespace.deleting:
                namespaces.begin_deletion(actor=actor, namespace=namespace)
        team.deleting_since = timezone.now()
        team.save(update_fields=["deleting_since", "updated_at"])
    return team


def _taken(slug: str) -> Conflict:
    resting = Team.objects.filter(slug=slug, deleting_since__isnull=False).exists()
    why = "still being cleaned up: it is free when its namespaces are gone" if resting else "taken: choose another"
    message = f"The name “{slug}” is {why}."
    return Conflict(message, code="taken", fields={"slug": message})


def _too_many() -> str:
    most = settings.MAX_TEAMS_PER_PERSON
    teams = "1 team" if most == 1 else f"{most} teams"
    return f"You own {teams}, as many as one person may: delete one, or ask the platform team for more."


def _recheck(team: Team) -> None:
    """Sockets of all members ask for their rights again."""
    for user in team.memberships.values_list("user", flat=True):
        events.announce(events.RightsChanged(user=user, team=team.pk))
