"""What was seen of one thing at one moment: taken on the loop from the informers, judged on the thread of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from cluster import involved, names
from cluster.pruned import Event
from cluster.watch import Informer

Manifest = dict[str, Any]
Noun = Literal["namespace", "app", "volume"]

# Kinds that are compared with the intent, whole; and those that only tell how a rollout goes, pruned.
WHOLE = (
    "Namespace",
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "RoleBinding",
    "Deployment",
    "Service",
    "PersistentVolumeClaim",
)
PRUNED = ("Pod", "ReplicaSet", "Event", "EndpointSlice")


@dataclass(frozen=True, slots=True)
class Key:
    """One thing to look at: `name` is empty for the namespace itself."""

    noun: Noun
    namespace: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """`whole`: (kind, name) → object, of what belongs to the key; the rest is for an app's rollout."""

    key: Key
    whole: dict[tuple[str, str], Manifest]
    replicasets: tuple[Any, ...] = ()
    pods: tuple[Any, ...] = ()
    events: tuple[Event, ...] = ()
    claims: tuple[Any, ...] = ()
    endpoints: tuple[Any, ...] = ()

    def one(self, kind: str, name: str) -> Manifest | None:
        """The object that is compared with the intent, or None."""
        return self.whole.get((kind, name))

    @property
    def nothing_left(self) -> bool:
        """Of an app that is being deleted."""
        return not (self.whole or self.replicasets or self.pods)


def keys_of(kind: str, namespace: str, name: str, thing: Any) -> set[Key]:
    """Which things a changed object tells of."""
    if kind == "Namespace":
        return {Key("namespace", name)}
    if kind in ("ResourceQuota", "LimitRange", "NetworkPolicy", "RoleBinding"):
        return {Key("namespace", namespace)}
    if kind == "PersistentVolumeClaim":
        return {Key("volume", namespace, name)}
    if kind == "Event":
        return _event_keys(namespace, thing)
    app = _labels(thing).get(names.LABEL_APP)
    return {Key("app", namespace, app)} if app else set()


def look(key: Key, whole: Informer, pruned: Informer) -> Sight:
    """Everything that the informers hold of `key`, as it is now. On the informers' loop."""
    if key.noun == "namespace":
        found = {("Namespace", key.namespace): whole.get("Namespace", "", key.namespace)}
        for kind in ("ResourceQuota", "LimitRange", "NetworkPolicy", "RoleBinding"):
            found |= {(kind, _name(thing)): thing for thing in whole.objects(kind, key.namespace)}
        return Sight(key, {place: thing for place, thing in found.items() if thing is not None})
    if key.noun == "volume":
        claim = whole.get("PersistentVolumeClaim", key.namespace, key.name)
        place = ("PersistentVolumeClaim", key.name)
        return Sight(key, {place: claim} if claim else {}, events=_events(pruned, key.namespace, {key.name}))
    return _look_at_app(key, whole, pruned)


def _look_at_app(key: Key, whole: Informer, pruned: Informer) -> Sight:
    found: dict[tuple[str, str], Manifest] = {}
    for kind in ("Deployment", "Service"):
        thing = whole.get(kind, key.namespace, key.name)
        if thing is not None:
            found[kind, key.name] = thing
    mine = {
        kind: _of_app(pruned.objects(kind, key.namespace), key.name) for kind in ("ReplicaSet", "Pod", "EndpointSlice")
    }
    claims = tuple(whole.objects("PersistentVolumeClaim", key.namespace))
    spoken_of = {key.name, *(thing.name for kind in ("ReplicaSet", "Pod") for thing in mine[kind])}
    spoken_of |= {_name(claim) for claim in claims}
    return Sight(
        key,
        found,
        replicasets=mine["ReplicaSet"],
        pods=mine["Pod"],
        endpoints=mine["EndpointSlice"],
        events=_events(pruned, key.namespace, spoken_of),
        claims=claims,
    )


def _of_app(things: list[Any], app: str) -> tuple[Any, ...]:
    return tuple(thing for thing in things if thing.labels.get(names.LABEL_APP) == app)


def _events(pruned: Informer, namespace: str, spoken_of: set[str]) -> tuple[Event, ...]:
    return tuple(event for event in pruned.objects("Event", namespace) if event.involved_object.name in spoken_of)


def _event_keys(namespace: str, event: Any) -> set[Key]:
    subject = event.involved_object
    if subject.kind == "PersistentVolumeClaim":
        return {Key("volume", namespace, subject.name)}
    app = involved.app_of(subject.kind, subject.name)
    return {Key("app", namespace, app)} if app else set()


def _labels(thing: Any) -> dict[str, str]:
    if isinstance(thing, dict):
        return thing["metadata"].get("labels") or {}
    return thing.labels


def _name(thing: Manifest) -> str:
    return str(thing["metadata"]["name"])
