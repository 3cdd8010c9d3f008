"""Rows of workloads."""

from typing import Any

from simcluster.tables.durations import ago, between, since
from simcluster.tables.selection import spoken_selector

Obj = dict[str, Any]


def deployment(obj: Obj) -> list[Any]:
    spec, status = _parts(obj)
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}"
    current = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [_name(obj), ready, *current, since(obj), *_pods(spec), spoken_selector(spec.get("selector"))]


def replica_set(obj: Obj) -> list[Any]:
    spec, status = _parts(obj)
    counts = [spec.get("replicas", 1), status.get("replicas", 0), status.get("readyReplicas", 0)]
    return [_name(obj), *counts, since(obj), *_pods(spec), spoken_selector(spec.get("selector"))]


def stateful_set(obj: Obj) -> list[Any]:
    spec, status = _parts(obj)
    return [_name(obj), f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}", since(obj), *_pods(spec)]


def daemon_set(obj: Obj) -> list[Any]:
    spec, status = _parts(obj)
    names = [
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "numberReady",
        "updatedNumberScheduled",
        "numberAvailable",
    ]
    counts = [status.get(name, 0) for name in names]
    nodes = ((spec.get("template") or {}).get("spec") or {}).get("nodeSelector") or {}
    selector = ",".join(f"{key}={value}" for key, value in sorted(nodes.items())) or "<none>"
    return [_name(obj), *counts, selector, since(obj), *_pods(spec), spoken_selector(spec.get("selector"))]


def job(obj: Obj) -> list[Any]:
    spec, status = _parts(obj)
    done, wanted = status.get("succeeded", 0), spec.get("completions")
    if wanted is not None:
        completions = f"{done}/{wanted}"
    else:
        parallel = spec.get("parallelism", 0)
        completions = f"{done}/1 of {parallel}" if parallel > 1 else f"{done}/1"
    start, end = status.get("startTime"), status.get("completionTime")
    duration = "" if not start else between(start, end) if end else ago(start)
    state = "Running"
    for kind, shown in (("Complete", "Complete"), ("Failed", "Failed"), ("Suspended", "Suspended")):
        if any(one.get("type") == kind and one.get("status") == "True" for one in status.get("conditions") or ()):
            state = shown
            break
    selector = spoken_selector(spec.get("selector"))
    return [_name(obj), state, completions, duration, since(obj), *_pods(spec), selector]


def cron_job(obj: Obj) -> list[Any]:
    spec, status = _parts(obj)
    last = status.get("lastScheduleTime")
    inner = (spec.get("jobTemplate") or {}).get("spec") or {}
    zone, suspended = spec.get("timeZone") or "<none>", str(bool(spec.get("suspend"))).capitalize()
    shown = [spec.get("schedule"), zone, suspended, len(status.get("active") or ()), ago(last) if last else "<none>"]
    return [_name(obj), *shown, since(obj), *_pods(inner), spoken_selector(inner.get("selector"))]


def autoscaler(obj: Obj) -> list[Any]:
    spec, status = _parts(obj)
    target = spec.get("scaleTargetRef") or {}
    bounds = [str(spec.get("minReplicas", "<unset>")), spec.get("maxReplicas"), status.get("currentReplicas", 0)]
    return [_name(obj), f"{target.get('kind')}/{target.get('name')}", _targets(spec, status), *bounds, since(obj)]


def _targets(spec: Obj, status: Obj) -> str:
    shown = []
    current = {
        (metric.get("resource") or {}).get("name"): ((metric.get("resource") or {}).get("current") or {})
        for metric in status.get("currentMetrics") or ()
    }
    for metric in spec.get("metrics") or ():
        resource = metric.get("resource") or {}
        target, now = resource.get("target") or {}, current.get(resource.get("name"), {})
        if target.get("averageUtilization") is not None:
            used = now.get("averageUtilization")
            have = f"{used}%" if used is not None else "<unknown>"
            shown.append(f"{resource.get('name')}: {have}/{target['averageUtilization']}%")
        else:
            shown.append(f"{resource.get('name')}: {now.get('averageValue', '<unknown>')}/{target.get('averageValue')}")
    return ", ".join(shown) or "<none>"


def _parts(obj: Obj) -> tuple[Obj, Obj]:
    return obj.get("spec") or {}, obj.get("status") or {}


def _name(obj: Obj) -> str:
    return str(obj["metadata"]["name"])


def _pods(spec: Obj) -> tuple[str, str]:
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or ()
    names = ",".join(container.get("name", "") for container in containers)
    return names, ",".join(container.get("image", "") for container in containers)
