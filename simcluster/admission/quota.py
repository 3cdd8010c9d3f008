"""ResourceQuota: what each namespace uses, refusals beyond it, and status.used kept true.

Usage is kept by difference with every event of the store, so that neither an admission nor a status costs a recount.
Texts follow plugin/pkg/admission/resourcequota (apiserver/pkg/admission/plugin/resourcequota/controller.go).
"""

import asyncio
from collections import Counter
from fractions import Fraction
from typing import Any

from simcluster import errors
from simcluster.admission.amounts import Amounts, spelled, usage
from simcluster.quantities import canonical, parse
from simcluster.resources import BY_KEY
from simcluster.store import Event, Store

Obj = dict[str, Any]
QUOTAS = "resourcequotas"
COMPUTE = frozenset(("cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"))


class QuotaBook:
    """The usage of each namespace that has a quota."""

    def __init__(self, store: Store):
        self.store = store
        self._used: dict[str, Counter[str]] = {}
        self._dirty: set[str] = set()
        self._flush_due = False

    def start(self) -> None:
        """Count what is there and follow every change."""
        self.store.listeners.append(self._hear)
        for quota in self.store.list(QUOTAS):
            self._mark(quota["metadata"]["namespace"])

    def check(self, resource: str, new: Obj, old: Obj | None) -> None:
        """Raises 403 when `new` (instead of `old`) takes more than a quota of its namespace leaves."""
        namespace = new["metadata"].get("namespace", "")
        quotas = sorted(self.store.list(QUOTAS, namespace), key=lambda quota: str(quota["metadata"]["name"]))
        if not quotas:
            return
        asked = Counter(usage(resource, new))
        if old is not None:
            asked.subtract(usage(resource, old))
        for quota in quotas:
            hard = (quota.get("spec") or {}).get("hard") or {}
            if _in_scope(quota, resource, new):
                self._check_one(quota["metadata"]["name"], hard, resource, new, asked, old is None)

    def _check_one(self, quota: str, hard: Obj, resource: str, new: Obj, asked: "Counter[str]", creates: bool) -> None:  # noqa: PLR0917
        name = new["metadata"]["name"]
        if creates and resource == "pods":
            missing = _unspecified(hard, new)
            if missing:
                raise errors.forbidden(resource, name, f"failed quota: {quota}: must specify {missing}")
        used = self._of(new["metadata"]["namespace"])
        over = [
            kind
            for kind in sorted(hard)
            if asked.get(kind, 0) > 0 and used.get(kind, Fraction(0)) + asked[kind] > parse(hard[kind])
        ]
        if over:
            requested = ",".join(f"{kind}={spelled(kind, Fraction(asked[kind]))}" for kind in over)
            spent = ",".join(f"{kind}={spelled(kind, Fraction(used.get(kind, 0)))}" for kind in over)
            limited = ",".join(f"{kind}={canonical(hard[kind])}" for kind in over)
            why = f"exceeded quota: {quota}, requested: {requested}, used: {spent}, limited: {limited}"
            raise errors.forbidden(resource, name, why)

    def _of(self, namespace: str) -> "Counter[str]":
        used = self._used.get(namespace)
        if used is None:
            used = self._used[namespace] = Counter()
            for resource in self.store.resources():
                if BY_KEY[resource].namespaced:
                    for obj in self.store.list(resource, namespace):
                        used.update(usage(resource, obj))
        return used

    def _hear(self, event: Event) -> None:
        namespace = event.obj["metadata"].get("namespace", "")
        if not namespace:
            return
        if event.resource == QUOTAS:
            self._mark(namespace)
        used = self._used.get(namespace)
        if used is None:
            return
        if event.type == "MODIFIED" and event.old is not None and _same(event.old, event.obj):
            return
        before = usage(event.resource, event.old) if event.old is not None else {}
        after: Amounts = usage(event.resource, event.obj) if event.type != "DELETED" else {}
        if before != after:
            used.subtract(before)
            used.update(after)
            self._mark(namespace)

    def _mark(self, namespace: str) -> None:
        self._dirty.add(namespace)
        if not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_due = False
        dirty, self._dirty = self._dirty, set()
        for namespace in dirty:
            quotas = self.store.list(QUOTAS, namespace)
            if not quotas:
                self._used.pop(namespace, None)
                continue
            used = self._of(namespace)
            for quota in quotas:
                self._write(quota, used)

    def _write(self, quota: Obj, used: "Counter[str]") -> None:
        hard = (quota.get("spec") or {}).get("hard") or {}
        scoped = self._scoped(quota) if _scopes(quota) else used
        told = {name: spelled(name, Fraction(scoped.get(name, 0))) for name in sorted(hard)}
        status = {"hard": {name: canonical(text) for name, text in hard.items()}, "used": told}
        if quota.get("status") != status:
            meta = quota["metadata"]
            self.store.modify(
                QUOTAS, meta["namespace"], meta["name"], lambda obj: obj.update(status=status), status_only=True
            )

    def _scoped(self, quota: Obj) -> "Counter[str]":
        """A quota with scopes counts only the pods that they fit."""
        used: Counter[str] = Counter()
        for pod in self.store.list("pods", quota["metadata"]["namespace"]):
            if _in_scope(quota, "pods", pod):
                used.update(usage("pods", pod))
        return used


def _same(old: Obj, new: Obj) -> bool:
    """Whether nothing changed that is counted: spec and phase."""
    phases = [(obj.get("status") or {}).get("phase") for obj in (old, new)]
    return phases[0] == phases[1] and old.get("spec") == new.get("spec")


def _scopes(quota: Obj) -> list[str]:
    return list((quota.get("spec") or {}).get("scopes") or ())


def _in_scope(quota: Obj, resource: str, obj: Obj) -> bool:
    scopes = _scopes(quota)
    if not scopes:
        return True
    if resource != "pods":
        return False
    spec = obj.get("spec") or {}
    terminating = spec.get("activeDeadlineSeconds") is not None
    best_effort = (obj.get("status") or {}).get("qosClass") == "BestEffort"
    facts = {"Terminating": terminating, "NotTerminating": not terminating}
    facts |= {"BestEffort": best_effort, "NotBestEffort": not best_effort}
    return all(facts.get(scope, False) for scope in scopes)


def _unspecified(hard: Obj, pod: Obj) -> str:
    """`limits.memory for: a,b; requests.cpu for: a` for what a container does not name though the quota counts it."""
    spec = pod["spec"]
    missing: dict[str, list[str]] = {}
    for kind in sorted(COMPUTE & set(hard)):
        part, _, name = kind.rpartition(".")
        for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
            held = (container.get("resources") or {}).get(part or "requests") or {}
            if name not in held:
                missing.setdefault(kind, []).append(container["name"])
    return "; ".join(f"{kind} for: {','.join(sorted(names))}" for kind, names in missing.items())
