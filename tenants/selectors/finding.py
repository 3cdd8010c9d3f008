"""One thing by its address, with the viewer's rights: pages and calls find things here and nowhere else.

Each raises NotFound alike for what is not there and for what the viewer may not know of.
"""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from tenants.errors import NotFound
from tenants.models import ApiToken, App, Membership, Namespace, Operation, Secret, Team, User, Volume
from tenants.models.namespace import InNamespaceQuerySet

T = TypeVar("T", bound=Model)


def team(user: User, slug: str) -> Team:
    return _one(Team.objects.visible_to(user).filter(slug=slug), "team")


def namespace(user: User, team: str, name: str) -> Namespace:
    """With its team and plan; `name` is the short one in the team."""
    rows = Namespace.objects.visible_to(user).select_related("team", "plan")
    return _one(rows.filter(team__slug=team, name=name), "namespace")


def app(user: User, team: str, namespace: str, name: str) -> App:
    """With its wanted and its serving release."""
    rows = App.objects.select_related("release__created_by", "serving")
    return _within(rows, user, team, namespace, name)


def volume(user: User, team: str, namespace: str, name: str) -> Volume:
    return _within(Volume.objects.select_related("created_by"), user, team, namespace, name)


def secret(user: User, team: str, namespace: str, name: str) -> Secret:
    return _within(Secret.objects.select_related("changed_by"), user, team, namespace, name)


def operation(user: User, pk: UUID) -> Operation:
    """With its actor, and its team and namespace while these stand."""
    rows = Operation.objects.visible_to(user).select_related("actor", "team", "namespace__team")
    return _one(rows.filter(pk=pk), "operation")


def member(user: User, slug: str, username: str) -> Membership:
    rows = team(user, slug).memberships.select_related("user", "team")
    return _one(rows.filter(user__username=username), "member")


def token(user: User, pk: UUID) -> ApiToken:
    return _one(ApiToken.objects.visible_to(user).filter(pk=pk), "token")


def _within(rows: InNamespaceQuerySet, user: User, team: str, namespace: str, name: str) -> Any:
    mine = rows.visible_to(user).select_related("namespace__team", "namespace__plan")
    return _one(mine.filter(namespace__team__slug=team, namespace__name=namespace, name=name), rows.model.noun)


def _one(rows: QuerySet[T], noun: str) -> T:
    found = rows.first()
    if found is None:
        raise NotFound(f"There is no such {noun}.")
    return found
