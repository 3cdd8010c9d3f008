"""Namespaces of tenants in the cluster: made of parts, each looked at after it was made."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from cluster import apply, names, quantities, reads
from cluster.calls import Caller
from cluster.drift import drift, without_added
from cluster.errors import Conflict, Invalid, NotFound, PolicyRefused, Refused, Unavailable
from cluster.manifests import namespace as manifests
from cluster.paths import collection
from cluster.specs import NamespaceOutcome, NamespaceSpec, Part

Manifest = dict[str, Any]

PATIENCE = 2.0
"""Seconds that provisioning waits for the quota controller and the namespace's service account."""

PAUSE = 0.05
"""Seconds between two looks meanwhile."""

PART_NAMESPACE = "Namespace"
PART_QUOTA = "Quota"
PART_LIMITS = "Limits"
PART_NETWORK_POLICY = "NetworkPolicy"
PART_POD_SECURITY = "PodSecurity"
PART_RIGHTS = "Rights"
PARTS = (PART_NAMESPACE, PART_QUOTA, PART_LIMITS, PART_NETWORK_POLICY, PART_POD_SECURITY, PART_RIGHTS)

PART_OF_KIND = {
    "Namespace": PART_NAMESPACE,
    "ResourceQuota": PART_QUOTA,
    "LimitRange": PART_LIMITS,
    "NetworkPolicy": PART_NETWORK_POLICY,
    "RoleBinding": PART_RIGHTS,
}
"""Kind → the part that it stands for. Pod Security is asked by a dry run."""


def provision(caller: Caller, spec: NamespaceSpec, *, patience: float) -> NamespaceOutcome:
    """Makes or mends the namespace and its parts; a part that the cluster refuses does not keep the others away.

    Raises `NameTaken` when a namespace of that name is another's.
    """
    terminating = _take_name(caller, spec)
    if terminating:
        return verify(caller, spec)
    refused: dict[str, Part] = {}
    for manifest in manifests.manifests(spec)[1:]:
        part = PART_OF_KIND[manifest["kind"]]
        try:
            _apply_part(caller, manifest)
        except (Refused, NotFound) as refusal:
            refused[part] = Part(part, "False", refusal.reason or "Refused", refusal.message)
    outcome = verify(caller, spec)
    until = time.monotonic() + patience
    while _unsettled(outcome, refused) and time.monotonic() < until:
        time.sleep(PAUSE)
        outcome = verify(caller, spec, known=outcome)
    return NamespaceOutcome(
        outcome.uid,
        tuple(part if part.status == "True" else refused.get(part.type, part) for part in outcome.parts),
    )


def verify(caller: Caller, spec: NamespaceSpec, *, known: NamespaceOutcome | None = None) -> NamespaceOutcome:
    """How each part stands. Parts that `known` has as true are not asked for again."""
    observed = reads.get(caller, "Namespace", None, spec.name)
    itself = _namespace_part(spec, observed)
    if observed is None or itself.reason in ("Missing", "NotOurs", "Terminating"):
        rest = (Part(name, "False", itself.reason, itself.message) for name in PARTS[1:])
        return NamespaceOutcome(observed["metadata"]["uid"] if observed else "", (itself, *rest))
    checks: dict[str, Callable[[], Part]] = {
        PART_QUOTA: lambda: _quota_part(caller, spec),
        PART_LIMITS: lambda: _held_part(caller, spec, PART_LIMITS, [manifests.limit_range(spec)]),
        PART_NETWORK_POLICY: lambda: _held_part(caller, spec, PART_NETWORK_POLICY, manifests.network_policies(spec)),
        PART_POD_SECURITY: lambda: _pod_security_part(caller, spec),
        PART_RIGHTS: lambda: _held_part(caller, spec, PART_RIGHTS, manifests.role_bindings(spec)),
    }
    settled = {part.type: part for part in known.parts if part.status == "True"} if known else {}
    parts = tuple(settled.get(name) or checks[name]() for name in PARTS[1:])
    return NamespaceOutcome(observed["metadata"]["uid"], (itself, *parts))


def is_of(metadata: dict[str, Any], namespace_id: str) -> bool:
    """Whether a Namespace carries our label and this row's id: nothing less makes it ours."""
    labels = metadata.get("labels") or {}
    return (
        labels.get(names.LABEL_MANAGED_BY) == names.FIELD_MANAGER
        and labels.get(names.LABEL_NAMESPACE_ID) == namespace_id
    )


def _take_name(caller: Caller, spec: NamespaceSpec) -> bool:
    """Makes the Namespace, or mends the one that is ours; whether that one is going away.

    It is made by a plain creation, which exactly one of two installations can win; an answer that got lost is found
    by the label.
    """
    manifest = manifests.namespace(spec)
    failure: Conflict | Unavailable | None = None
    for _ in range(apply.TRIES):
        standing = reads.metadata(caller, "Namespace", None, spec.name)
        if standing is not None and not is_of(standing, spec.owner.namespace_id):
            raise apply.name_taken("Namespace", spec.name)
        try:
            if standing is None:
                caller.json("POST", collection("Namespace"), query=apply.WRITE, body=manifest)
                return False
            if "deletionTimestamp" in standing:
                return True
            apply.apply(caller, manifest, uid=standing["uid"])
        except (Conflict, Unavailable) as error:
            if error.reason == "Timeout":
                raise
            failure = error
        else:
            return False
    raise failure or Unavailable(f'Namespace "{spec.name}" could not be made')


def _apply_part(caller: Caller, manifest: Manifest) -> None:
    kind, metadata = manifest["kind"], manifest["metadata"]
    try:
        observed = apply.apply(caller, manifest, whole=True)
    except Invalid:
        standing = reads.get(caller, kind, metadata["namespace"], metadata["name"])
        if standing is None or not _beyond_mending(kind, standing):
            raise
        apply.delete(caller, kind, standing["metadata"])
        apply.apply(caller, manifest)
    else:
        # What others added stays theirs to server-side apply, which leaves it alone.
        added = without_added(manifest, observed)
        if added:
            apply.take_off(caller, manifest, uid=observed["metadata"]["uid"], body=added)


def _beyond_mending(kind: str, standing: Manifest) -> bool:
    """Whether somebody made the object anew with what cannot be changed: it is made anew once more.

    Whom a binding binds to is immutable, and so are the scopes of a quota, which do not go with all that ours bounds.
    """
    if kind == "ResourceQuota":
        return not standing["spec"].keys().isdisjoint({"scopes", "scopeSelector"})
    return kind == "RoleBinding"


def _unsettled(outcome: NamespaceOutcome, refused: dict[str, Part]) -> bool:
    if outcome.parts[0].status != "True":
        return False
    return any(part.status != "True" and part.type not in refused for part in outcome.parts)


def _namespace_part(spec: NamespaceSpec, observed: Manifest | None) -> Part:
    if observed is None:
        return Part(PART_NAMESPACE, "False", "Missing", f'namespaces "{spec.name}" not found')
    if not is_of(observed["metadata"], spec.owner.namespace_id):
        return Part(PART_NAMESPACE, "False", "NotOurs", f'Namespace "{spec.name}" was not made for this team')
    if (observed.get("status") or {}).get("phase") != "Active" or "deletionTimestamp" in observed["metadata"]:
        return Part(PART_NAMESPACE, "False", "Terminating", f'Namespace "{spec.name}" is being deleted')
    return _held(PART_NAMESPACE, [manifests.namespace(spec)], [observed])


def _quota_part(caller: Caller, spec: NamespaceSpec) -> Part:
    wanted = manifests.quota(spec)
    observed = reads.get(caller, "ResourceQuota", spec.name, names.QUOTA)
    part = _held(PART_QUOTA, [wanted], [observed] if observed else [])
    if part.status != "True" or observed is None:
        return part
    enforced = (observed.get("status") or {}).get("hard") or {}
    for resource, amount in wanted["spec"]["hard"].items():
        if resource not in enforced or quantities.parse(enforced[resource]) != quantities.parse(amount):
            return Part(PART_QUOTA, "False", "Pending", f"{resource} is not enforced yet")
    return part


def _pod_security_part(caller: Caller, spec: NamespaceSpec) -> Part:
    """True only when a pod that must be refused was refused, and by Pod Security."""
    try:
        query = {"dryRun": "All", "fieldManager": names.FIELD_MANAGER}
        caller.call("POST", collection("Pod", spec.name), query=query, body=manifests.privileged_pod(spec.name))
    except PolicyRefused as refusal:
        if "violates PodSecurity" in refusal.message:
            return Part(PART_POD_SECURITY, "True", "Refused", refusal.message)
        return Part(PART_POD_SECURITY, "False", "NotAsked", refusal.message)
    except (Refused, NotFound) as refusal:
        return Part(PART_POD_SECURITY, "False", "NotAsked", refusal.message)
    return Part(PART_POD_SECURITY, "False", "NotEnforced", "a privileged pod would be let in")


def _held_part(caller: Caller, spec: NamespaceSpec, part: str, wanted: list[Manifest]) -> Part:
    kind = wanted[0]["kind"]
    return _held(part, wanted, reads.objects(caller, kind, spec.name))


def _held(part: str, wanted: list[Manifest], observed: Iterable[Manifest]) -> Part:
    standing = {found["metadata"]["name"]: found for found in observed}
    for manifest in wanted:
        name = manifest["metadata"]["name"]
        if name not in standing:
            return Part(part, "False", "Missing", f'{manifest["kind"]} "{name}" is not there')
        differing = drift(manifest, standing[name])
        if differing:
            return Part(part, "False", "Differs", f'{manifest["kind"]} "{name}": {", ".join(differing[:5])}')
    return Part(part, "True", "Holds")
