"""The objects of one app, put in order: which pods are new, which are old, who serves, what is wrong with whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cluster.names import LABEL_APP, LABEL_RELEASE
from cluster.pruned import Claim, Deployment, EndpointSlice, Event, Object, Pod, ReplicaSet
from cluster.rollout.diagnosis import pod_finding
from cluster.rollout.facts import Events, is_leaving, is_over, is_ready
from cluster.rollout.finding import Finding

SERVICE_NAME = "kubernetes.io/service-name"
REVISION = "deployment.kubernetes.io/revision"
GONE_SHOWN = timedelta(seconds=60)
"""How long a stopped pod's place is shown."""


@dataclass(frozen=True, slots=True)
class Group:
    """The pods of one ReplicaSet, oldest first; `replicaset` None: the controller has not made it yet."""

    release: int | None
    replicaset: ReplicaSet | None
    pods: tuple[Pod, ...]

    @property
    def live(self) -> tuple[Pod, ...]:
        """Those that run or will run."""
        return tuple(pod for pod in self.pods if not is_leaving(pod) and not is_over(pod))

    @property
    def ready(self) -> int:
        return sum(map(is_ready, self.pods))

    @property
    def started_at(self) -> datetime | None:
        return self.replicaset.metadata.creation_timestamp if self.replicaset else None


@dataclass(frozen=True, slots=True)
class Scene:
    deployment: Deployment
    new: Group
    old: tuple[Group, ...]  # newest first
    events: Events
    findings: dict[str, Finding]  # pod → what is wrong with it
    serving: frozenset[str] | None  # pods that get requests; None: the app has no address
    endpoints_total: int
    now: datetime

    @property
    def groups(self) -> tuple[Group, ...]:
        return (self.new, *self.old)

    @property
    def wanted(self) -> int:
        return self.deployment.spec.replicas

    @property
    def stops_first(self) -> bool:
        """Whether old pods end before new ones start."""
        return self.deployment.spec.strategy.type == "Recreate"

    @property
    def ready(self) -> int:
        return sum(group.ready for group in self.groups)

    @property
    def old_live(self) -> int:
        """Pods of older releases that are not on their way out."""
        return sum(len(group.live) for group in self.old)

    def gone(self, group: Group) -> Iterator[tuple[str, datetime | None]]:
        """Names of a group's pods that stopped a short while ago, and when."""
        if group.replicaset is None:
            return
        still = {pod.name for pod in group.pods}
        for event in self.events.of("ReplicaSet", group.replicaset, "SuccessfulDelete"):
            name = event.message.rpartition(" ")[2]
            if name not in still and event.last_seen is not None and self.now - event.last_seen < GONE_SHOWN:
                yield name, event.last_seen


def gather(
    app: str,
    *,
    deployment: Deployment,
    replicasets: Iterable[ReplicaSet],
    pods: Iterable[Pod],
    events: Iterable[Event],
    claims: Iterable[Claim],
    endpoints: Iterable[EndpointSlice],
    now: datetime,
) -> Scene:
    """Sorts the objects of a namespace by what they are to one app; ReplicaSets are known by their owner."""
    mine = [found for found in replicasets if _owned(found, deployment)]
    new = max((found for found in mine if _release(found) == _wanted(deployment)), key=_revision, default=None)
    by_set = _by_owner(pods, app)
    indexed, claims = Events(events), tuple(claims)
    old = [
        Group(_release(found), found, by_set.get(found.uid, ()))
        for found in sorted(mine, key=_revision, reverse=True)
        if found is not new
    ]
    group = Group(_wanted(deployment), new, by_set.get(new.uid, ()) if new else ())
    findings = ((pod.name, pod_finding(pod, claims, indexed, now)) for one in (group, *old) for pod in one.pods)
    slices = [found for found in endpoints if found.labels.get(SERVICE_NAME) == app]
    there = [end for found in slices for end in found.endpoints or () if not end.conditions.terminating]
    serving = frozenset(end.target_ref.name for end in there if end.conditions.ready and end.target_ref)
    return Scene(
        deployment=deployment,
        new=group,
        old=tuple(old),
        events=indexed,
        findings={name: found for name, found in findings if found is not None},
        serving=serving if slices else None,
        endpoints_total=len(there),
        now=now,
    )


def _by_owner(pods: Iterable[Pod], app: str) -> dict[str, tuple[Pod, ...]]:
    found: dict[str, list[Pod]] = {}
    for pod in pods:
        owner = next((ref.uid for ref in pod.metadata.owner_references if ref.kind == "ReplicaSet"), None)
        if owner is not None and pod.labels.get(LABEL_APP) == app:
            found.setdefault(owner, []).append(pod)
    return {uid: tuple(sorted(group, key=_age)) for uid, group in found.items()}


def _age(pod: Pod) -> tuple[bool, datetime | None, str]:
    created = pod.metadata.creation_timestamp
    return created is None, created, pod.name


def _owned(found: ReplicaSet, deployment: Deployment) -> bool:
    return any(ref.uid == deployment.uid for ref in found.metadata.owner_references)


def _revision(found: ReplicaSet) -> int:
    text = found.annotations.get(REVISION, "")
    return int(text) if text.isdigit() else 0


def _wanted(deployment: Deployment) -> int | None:
    return _number(deployment.spec.template.metadata.labels.get(LABEL_RELEASE, ""))


def _release(found: Object) -> int | None:
    return _number(found.labels.get(LABEL_RELEASE, ""))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
