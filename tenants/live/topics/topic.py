"""What can be subscribed to, found with the rights of whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from tenants import access
from tenants.live.events import SITE
from tenants.models import App, Namespace, Operation, Team, User
from tenants.rules import number

SharedKey = tuple[str, frozenset[int], frozenset[str]]


@dataclass(frozen=True, slots=True)
class Topic:
    """`name` is what browsers say ("app:12"); `teams` are those whose changes concern it.

    `clusters` are the aliases of those whose silence makes what is shown old. `place` is an app's (cluster alias,
    namespace in the cluster, name), `reads_logs` whether its logs may be shown too.
    """

    name: str
    noun: str
    id: str
    teams: frozenset[int]
    clusters: frozenset[str]
    place: tuple[str, str, str] | None = None
    reads_logs: bool = False

    @property
    def shared(self) -> SharedKey:
        """What viewers have in common who are shown the same: two people's "home" is of different teams."""
        return self.name, self.teams, self.clusters


def find(user: User, name: str) -> Topic | None:
    """The topic of that name if `user` may see it; None for a stranger or a name that no page says."""
    noun, _, key = name.partition(":")
    finder = _FINDERS.get(noun)
    try:
        return finder(user, name, key) if finder else None
    except (ValueError, OverflowError):
        return None


def _home(user: User, name: str, key: str) -> Topic | None:
    if name != "home":
        return None
    teams = frozenset(Team.objects.visible_to(user).values_list("pk", flat=True))
    return Topic(name, "home", key, teams, _clusters(teams))


def _team(user: User, name: str, key: str) -> Topic | None:
    team = Team.objects.visible_to(user).filter(pk=_number(key)).first()
    return Topic(name, "team", key, frozenset({team.pk}), _clusters({team.pk})) if team else None


def _namespace(user: User, name: str, key: str) -> Topic | None:
    namespace = Namespace.objects.visible_to(user).filter(pk=_number(key)).first()
    if namespace is None:
        return None
    return Topic(name, "namespace", key, frozenset({namespace.team_id}), frozenset({namespace.cluster}))


def _quota(user: User, name: str, key: str) -> Topic | None:
    """A namespace's quota: `key` is the namespace's."""
    place = _namespace(user, name, key)
    return replace(place, noun="quota") if place else None


def _quotas(user: User, name: str, key: str) -> Topic | None:
    """The quotas of a team: `key` is the team's."""
    team = _team(user, name, key)
    return replace(team, noun="quotas") if team else None


def _approvals(user: User, name: str, key: str) -> Topic | None:
    """What waits for the site's approvers."""
    if name != "approvals" or not access.can_site(user, "quota.comment"):
        return None
    return Topic(name, "approvals", key, frozenset({SITE}), frozenset())


def _app(user: User, name: str, key: str) -> Topic | None:
    app = App.objects.visible_to(user).select_related("namespace__team").filter(pk=_number(key)).first()
    if app is None:
        return None
    cluster = app.namespace.cluster
    place = (cluster, app.namespace.cluster_name, app.name)
    reads_logs = access.can(user, "logs.read", app)
    return Topic(name, "app", key, frozenset({app.namespace.team_id}), frozenset({cluster}), place, reads_logs)


def _operation(user: User, name: str, key: str) -> Topic | None:
    pk = UUID(key)
    if key != str(pk):
        return None
    operation = Operation.objects.visible_to(user).select_related("namespace").filter(pk=pk).first()
    if operation is None:
        return None
    clusters = {operation.namespace.cluster} if operation.namespace else set()
    return Topic(name, "operation", key, frozenset({operation.team_id or 0}), frozenset(clusters))


def _clusters(teams: Iterable[int]) -> frozenset[str]:
    """Those in which the teams have namespaces."""
    return frozenset(Namespace.objects.filter(team__in=teams).values_list("cluster", flat=True).distinct())


def _number(key: str) -> int:
    """A primary key as pages write it. Raises ValueError for anything else: a thing has one name alone."""
    found = number(key)
    if found is None or key != str(found):
        raise ValueError(key)
    return found


_FINDERS: dict[str, Callable[[User, str, str], Topic | None]] = {
    "home": _home,
    "approvals": _approvals,
    "team": _team,
    "namespace": _namespace,
    "quota": _quota,
    "quotas": _quotas,
    "app": _app,
    "operation": _operation,
}
