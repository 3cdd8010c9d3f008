"""LimitRange: defaults for containers, and refusals (plugin/pkg/admission/limitranger/admission.go)."""

from fractions import Fraction
from typing import Any

from simcluster import errors
from simcluster.admission.amounts import pod_amounts
from simcluster.quantities import canonical, parse
from simcluster.store import Store

Obj = dict[str, Any]


def default_containers(store: Store, pod: Obj) -> None:
    """Give containers the requests and limits that they do not name, and say so in an annotation."""
    notes: list[str] = []
    for limits in _ranges(store, pod):
        defaults: Obj = {"limits": {}, "requests": {}}
        for item in limits["spec"].get("limits") or ():
            if item.get("type") == "Container":
                defaults["limits"] = {**(item.get("default") or {}), **defaults["limits"]}
                defaults["requests"] = {**(item.get("defaultRequest") or {}), **defaults["requests"]}
        spec = pod["spec"]
        for container in spec.get("containers") or ():
            notes += _fill(container, defaults, "container")
        for container in spec.get("initContainers") or ():
            notes += _fill(container, defaults, "init container")
    if notes:
        annotations = pod["metadata"].setdefault("annotations", {})
        annotations["kubernetes.io/limit-ranger"] = "LimitRanger plugin set: " + "; ".join(notes)


def _fill(container: Obj, defaults: Obj, noun: str) -> list[str]:
    resources = container.setdefault("resources", {})
    notes = []
    for part, word in (("requests", "request"), ("limits", "limit")):
        missing = {name: value for name, value in defaults[part].items() if name not in (resources.get(part) or {})}
        if missing:
            resources[part] = {**(resources.get(part) or {}), **missing}
            notes.append(f"{', '.join(sorted(missing))} {word} for {noun} {container['name']}")
    return notes


def check_limits(store: Store, resource: str, obj: Obj) -> None:
    """Raises 403 naming everything that a range of this namespace refuses."""
    problems: list[str] = []
    for limits in _ranges(store, obj):
        for item in limits["spec"].get("limits") or ():
            problems += _pod(obj, item) if resource == "pods" else _claim(obj, item)
        if problems:
            told = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
            raise errors.forbidden(resource, obj["metadata"]["name"], told)


def _ranges(store: Store, obj: Obj) -> list[Obj]:
    found = store.list("limitranges", obj["metadata"].get("namespace", ""))
    return sorted(found, key=lambda limits: str(limits["metadata"]["name"]))


def _pod(pod: Obj, item: Obj) -> list[str]:
    kind = item.get("type", "")
    if kind == "Container":
        spec = pod["spec"]
        problems = []
        for container in [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]:
            resources = container.get("resources") or {}
            problems += _constraints(kind, item, resources.get("requests") or {}, resources.get("limits") or {})
        return problems
    if kind == "Pod":
        return _constraints(kind, item, pod_amounts(pod, "requests"), pod_amounts(pod, "limits"))
    return []


def _claim(claim: Obj, item: Obj) -> list[str]:
    if item.get("type") != "PersistentVolumeClaim":
        return []
    requests = ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
    problems = []
    for name, bound in sorted((item.get("min") or {}).items()):
        problems += _below(item["type"], name, bound, requests, {})
    for name, bound in sorted((item.get("max") or {}).items()):
        text = f"maximum {name} usage per {item['type']} is {canonical(bound)}"
        if name not in requests:
            problems.append(f"{text}.  No request is specified")
        elif parse(requests[name]) > parse(bound):
            problems.append(f"{text}, but request is {canonical(requests[name])}")
    return problems


def _constraints(kind: str, item: Obj, requests: Obj, limits: Obj) -> list[str]:
    problems: list[str] = []
    for name, bound in sorted((item.get("min") or {}).items()):
        problems += _below(kind, name, bound, requests, limits)
    for name, bound in sorted((item.get("max") or {}).items()):
        problems += _above(kind, name, bound, requests, limits)
    for name, bound in sorted((item.get("maxLimitRequestRatio") or {}).items()):
        problems += _ratio(kind, name, bound, requests, limits)
    return problems


def _below(kind: str, name: str, bound: str, requests: Obj, limits: Obj) -> list[str]:
    text = f"minimum {name} usage per {kind} is {canonical(bound)}"
    if name not in requests:
        return [f"{text}.  No request is specified"]
    if parse(requests[name]) < parse(bound):
        return [f"{text}, but request is {canonical(requests[name])}"]
    if name in limits and parse(limits[name]) < parse(bound):
        return [f"{text}, but limit is {canonical(limits[name])}"]
    return []


def _above(kind: str, name: str, bound: str, requests: Obj, limits: Obj) -> list[str]:
    text = f"maximum {name} usage per {kind} is {canonical(bound)}"
    if name not in limits:
        return [f"{text}.  No limit is specified"]
    if parse(limits[name]) > parse(bound):
        return [f"{text}, but limit is {canonical(limits[name])}"]
    if name in requests and parse(requests[name]) > parse(bound):
        return [f"{text}, but request is {canonical(requests[name])}"]
    return []


def _ratio(kind: str, name: str, bound: str, requests: Obj, limits: Obj) -> list[str]:
    text = f"{name} max limit to request ratio per {kind} is {canonical(bound)}"
    request, limit = parse(requests.get(name, 0)), parse(limits.get(name, 0))
    if not request:
        return [f"{text}, but no request is specified or request is 0"]
    if not limit:
        return [f"{text}, but no limit is specified or limit is 0"]
    ratio: Fraction = limit / request
    return [f"{text}, but provided ratio is {float(ratio):f}"] if ratio > parse(bound) else []
