"""Why a pod is not made, not placed, or not prepared: refusals, nodes, volumes, configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta

from cluster import amounts, names, refusals
from cluster.pruned import Claim, Condition, ContainerStatus, Pod, ReplicaSet
from cluster.rollout.facts import Events, condition
from cluster.rollout.finding import PATIENCE, Finding

_CONFIG_MAP = re.compile(r'^configmap "(?P<named>[^"]+)" not found|find key \S+ in ConfigMap [^/]+/(?P<keyed>\S+)')
_LIMIT = re.compile(
    r"is forbidden: (?P<bound>maximum|minimum) (?P<resource>\S+) usage per (?P<what>\S+) is (?P<allowed>[^\s,]+), "
    r"but (?:limit|request) is (?P<asked>[^\s,]+?)\.?$"
)


def refusal_finding(replicaset: ReplicaSet) -> Finding | None:
    """Why the pods of a ReplicaSet are refused; its condition has the clean text, events of many pods are merged."""
    failure = condition(replicaset.status.conditions, "ReplicaFailure")
    if failure is None or failure.status != "True" or failure.reason != "FailedCreate":
        return None
    code, facts = _refusal(failure.message)
    return Finding(code, facts, (failure.message,), reason=failure.reason, since=failure.last_transition_time)


def _refusal(message: str) -> tuple[str, dict[str, str]]:
    if found := re.search(r'violates PodSecurity "(?P<policy>[^"]+)"', message):
        return "pod_security", {"policy": found["policy"]}
    if room := refusals.room(message):
        return "quota_full", {"room": room}
    if "failed quota: " in message and (missing := re.findall(r"([\w.]+) for: ", message)):
        return "quota_demands", {"missing": " and ".join(map(amounts.name, missing))}
    if found := _LIMIT.search(message):
        bound = "at most" if found["bound"] == "maximum" else "at least"
        allowed, asked = (amounts.say(found["resource"], found[part]) for part in ("allowed", "asked"))
        kind = f"{amounts.name(found['resource'])} of one {found['what'].lower()}"
        return "limit_range", {"rule": f"{kind} is {bound} {allowed}, and this one asks for {asked}"}
    if found := re.search(r"is forbidden: (?P<rule>\[?(maximum|minimum|\S+ max limit to request ratio) .*)$", message):
        return "limit_range", {"rule": found["rule"].strip("[]")}
    return "pod_refused", {}


def schedule_finding(pod: Pod, claims: Iterable[Claim], events: Events) -> Finding | None:
    """Why no node takes a pod, from the scheduler's message."""
    scheduled = condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.status == "True" or not scheduled.message:
        return None
    message = scheduled.message
    if found := re.search(r'persistentvolumeclaim "(?P<claim>[^"]+)" not found', message):
        return _unplaced("claim_missing", {"claim": found["claim"]}, scheduled, note="volume missing")
    if "unbound immediate PersistentVolumeClaims" in message:
        return _unbound(pod, scheduled, claims, events)
    code, facts, note = _nowhere(message)
    return _unplaced(code, facts, scheduled, note=note, patience=PATIENCE)


def _nowhere(message: str) -> tuple[str, dict[str, str], str]:
    """Of "0/3 nodes are available: 1 Insufficient memory, 2 node(s) didn't match pod affinity rules. …"."""
    short = re.findall(r"Insufficient ([\w./-]+?)[.,]", message) + re.findall(r"Too many (pods)", message)
    what = " and ".join(sorted({{"cpu": "CPU", "pods": "room for pods"}.get(name, name) for name in short}))
    tied = "volume node affinity conflict" in message
    if "didn't match pod affinity rules" in message or (tied and what):
        return "no_room_beside", {"what": what or "room"}, "no room beside the volume"
    if tied or "ReadWriteOncePod" in message:
        return "claim_busy", {}, "volume elsewhere"
    if what:
        return "no_room", {"what": what}, f"not enough {what}"
    return "no_node", {}, "no node fits"


def _unplaced(
    code: str,
    facts: dict[str, str],
    scheduled: Condition,
    *,
    note: str,
    patience: timedelta = timedelta(0),
    also: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        code,
        facts,
        (*also, scheduled.message),
        note=note,
        reason=scheduled.reason,
        since=scheduled.last_transition_time,
        patience=patience,
    )


def _unbound(pod: Pod, scheduled: Condition, claims: Iterable[Claim], events: Events) -> Finding:
    mounted = set(pod.spec.claim_names)
    pending = [claim for claim in claims if claim.name in mounted and claim.status.phase != "Bound"]
    for claim in pending:
        failed = events.last("PersistentVolumeClaim", claim, "ProvisioningFailed")
        if failed is None:
            continue
        facts = {"claim": claim.name, "storage_class": claim.spec.storage_class_name}
        gone = re.search(r'storageclass\S* "[^"]*" not found', failed.message) is not None
        return _unplaced(
            "claim_class" if gone else "claim_unbound",
            facts,
            scheduled,
            note="no such class" if gone else "volume not made",
            patience=timedelta(0) if gone else PATIENCE,
            also=(failed.message,),
        )
    name = pending[0].name if pending else ", ".join(sorted(mounted))
    return _unplaced("claim_unbound", {"claim": name}, scheduled, note="volume not made", patience=PATIENCE)


def configuration_finding(pod: Pod, status: ContainerStatus) -> Finding | None:
    """Why a container is refused by its node before it starts."""
    waiting = status.state.waiting
    if waiting is None or waiting.reason not in ("CreateContainerConfigError", "CreateContainerError"):
        return None
    code, facts, note = _configuration(waiting.reason, waiting.message)
    return Finding(
        code,
        facts,
        (waiting.message,),
        note=note,
        container=status.name,
        reason=waiting.reason,
        since=pod.metadata.creation_timestamp,
    )


def _configuration(reason: str, message: str) -> tuple[str, dict[str, str], str]:
    if found := re.search(r'^secret "(?P<secret>[^"]+)" not found', message):
        return _no_secret("secret", found["secret"])
    if found := re.search(r"couldn't find key (?P<key>\S+) in Secret [^/]+/(?P<secret>\S+)", message):
        secret, _ = names.secret_version(found["secret"]) or (found["secret"], 0)
        return "secret_key_missing", {"key": found["key"], "secret": secret}, f"key {found['key']} missing"
    if found := _CONFIG_MAP.search(message):
        return "config_map_missing", {"secret": found["named"] or found["keyed"]}, "configuration missing"
    if "runAsNonRoot" in message:
        return "root_image", {}, "runs as root"
    if reason == "CreateContainerError":
        return "start_refused", {}, "start refused"
    return "container_configuration", {}, "settings refused"


def _no_secret(kind: str, object_name: str) -> tuple[str, dict[str, str], str]:
    """A version that Berth made is not there any more; any other object never was. Nobody but the pod tells of it.

    Berth's observer may not look at Secrets, and nothing else in the cluster names the one that was deleted.
    """
    version = names.secret_version(object_name)
    if version is None:
        return f"{kind}_missing", {"secret": object_name}, f"secret {object_name} missing"
    secret, number = version
    return f"{kind}_gone", {"secret": secret, "version": str(number)}, f"values of {secret} gone"


PREPARING = frozenset(
    {"secret_file_missing", "secret_file_gone", "secret_file_key_missing", "claim_busy", "volume_mount", "sandbox"}
)
"""Codes of what a node prepares before it pulls the image."""


def preparing_finding(pod: Pod, status: ContainerStatus, events: Events) -> Finding | None:
    """Why a placed pod does not get as far as its containers: volumes and the sandbox, told by events alone."""
    waiting = status.state.waiting
    if waiting is None or waiting.reason not in ("ContainerCreating", "PodInitializing"):
        return None
    told = [event for event in events.of("Pod", pod) if event.reason in _PREPARING and not _passes(event.message)]
    if not told:
        return None
    event = told[-1]
    code, facts, note = _preparing(event.reason, event.message)
    return Finding(
        code,
        facts,
        (event.message,),
        note=note,
        container=status.name,
        reason=event.reason,
        tries=event.times,
        last_try=event.last_seen,
        since=event.first_seen,
        patience=timedelta(0) if code.startswith("secret") else PATIENCE,
    )


_PREPARING = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox"})


def _passes(message: str) -> bool:
    """Hiccups of the kubelet's caches, not causes."""
    return "failed to sync" in message or "not registered" in message


def _preparing(reason: str, message: str) -> tuple[str, dict[str, str], str]:
    if reason == "FailedCreatePodSandBox":
        return "sandbox", {}, "no sandbox"
    if found := re.search(r'secret "(?P<secret>[^"]+)" not found', message):
        return _no_secret("secret_file", found["secret"])
    if found := re.search(r"references non-existent secret key: (?P<key>\S+)", message):
        return "secret_file_key_missing", {"key": found["key"]}, f"key {found['key']} missing"
    if reason == "FailedAttachVolume" and "Multi-Attach" in message:
        return "claim_busy", {}, "volume elsewhere"
    return "volume_mount", {}, "volume not mounted"
