"""What can be subscribed to, found with the rights of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from tenants.models import App, Namespace, Operation, Team, User


@dataclass(frozen=True, slots=True)
class Topic:
    """`name` is what browsers say ("app:12"); `teams` whose changes concern it; `place` an app's (cluster, namespace, name)."""

    name: str
    noun: str
    id: str
    teams: frozenset[int]
    place: tuple[str, str, str] | None = None


def find(user: User, name: str) -> Topic | None:
    """The topic of that name if `user` may see it; None for a stranger, an unknown noun or a malformed id."""
    noun, _, key = name.partition(":")
    if noun == "home" and not key:
        teams = frozenset(Team.objects.filter(memberships__user=user).values_list("pk", flat=True))
        return Topic(name, noun, "", teams)
    if noun == "operation":
        return _operation(user, name, key)
    if not key.isascii() or not key.isdigit() or len(key) > 18:
        return None
    if noun == "team":
        team = Team.objects.visible_to(user).filter(pk=key).first()
        return Topic(name, noun, key, frozenset({team.pk})) if team else None
    if noun == "namespace":
        namespace = Namespace.objects.visible_to(user).filter(pk=key).first()
        return Topic(name, noun, key, frozenset({namespace.team_id})) if namespace else None
    if noun == "app":
        app = App.objects.visible_to(user).select_related("namespace").filter(pk=key).first()
        if app is None:
            return None
        namespace = app.namespace
        return Topic(
            name, noun, key, frozenset({namespace.team_id}), (namespace.cluster, namespace.cluster_name, app.name)
        )
    return None


def _operation(user: User, name: str, key: str) -> Topic | None:
    try:
        pk = UUID(key)
    except ValueError:
        return None
    operation = Operation.objects.visible_to(user).filter(pk=pk).first()
    return Topic(name, "operation", key, frozenset({operation.team_id or 0})) if operation else None
