"""Rules of workloads: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, HorizontalPodAutoscaler."""

import re
from typing import Any

from simcluster.errors import Cause
from simcluster.selectors import selects
from simcluster.validation import names, pods
from simcluster.validation.causes import forbidden, not_negative, required, unsupported, wrong

Obj = dict[str, Any]
PERCENT = re.compile(r"[0-9]+%")
PERCENT_TEXT = (
    "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for "
    "validation is '[0-9]+%')"
)


def deployment(obj: Obj) -> list[Cause]:
    spec = obj["spec"]
    found = not_negative(spec, "replicas", "spec")
    found += _selector(spec, "deployment")
    if not any(field == "spec.selector" and "invalid label selector" in told for _, field, told in found):
        found += _template(spec, ("Always",), "spec.template")
    found += _strategy(spec.get("strategy") or {})
    found += not_negative(spec, "minReadySeconds", "spec")
    found += not_negative(spec, "revisionHistoryLimit", "spec")
    found += not_negative(spec, "progressDeadlineSeconds", "spec")
    deadline, ready = spec.get("progressDeadlineSeconds"), spec.get("minReadySeconds", 0)
    if deadline is not None and deadline <= ready:
        found.append(wrong("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds"))
    return found


def replica_set(obj: Obj) -> list[Cause]:
    spec = obj["spec"]
    found = not_negative(spec, "replicas", "spec") + not_negative(spec, "minReadySeconds", "spec")
    return found + _selector(spec, "replicaset") + _template(spec, ("Always",), "spec.template")


def stateful_set(obj: Obj) -> list[Cause]:
    spec = obj["spec"]
    found = not_negative(spec, "replicas", "spec") + _selector(spec, "statefulset")
    return found + _template(spec, ("Always",), "spec.template")


def daemon_set(obj: Obj) -> list[Cause]:
    return _selector(obj["spec"], "daemonset") + _template(obj["spec"], ("Always",), "spec.template")


def job(obj: Obj) -> list[Cause]:
    return _job_spec(obj["spec"], "spec")


def cron_job(obj: Obj) -> list[Cause]:
    spec = obj["spec"]
    schedule = spec.get("schedule", "")
    found: list[Cause] = []
    if not schedule:
        found.append(required("spec.schedule"))
    elif not schedule.startswith("@"):
        problem = _cron_problem(schedule)
        if problem:
            found.append(wrong("spec.schedule", schedule, problem))
    if len(obj["metadata"]["name"]) > 52:
        found.append(wrong("metadata.name", obj["metadata"]["name"], "must be no more than 52 characters"))
    policy = spec.get("concurrencyPolicy")
    if policy not in ("Allow", "Forbid", "Replace"):
        found.append(unsupported("spec.concurrencyPolicy", policy, ("Allow", "Forbid", "Replace")))
    return found + _job_spec((spec.get("jobTemplate") or {}).get("spec") or {}, "spec.jobTemplate.spec")


def autoscaler(obj: Obj) -> list[Cause]:
    spec = obj["spec"]
    target = spec.get("scaleTargetRef") or {}
    low, high = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
    found: list[Cause] = []
    if high < 1:
        found.append(required("spec.maxReplicas"))
    elif high < low:
        found.append(wrong("spec.maxReplicas", high, "must be greater than or equal to `minReplicas`"))
    for name in ("kind", "name"):
        if not target.get(name):
            found.append(required(f"spec.scaleTargetRef.{name}"))
    if not target.get("apiVersion"):
        found.append(wrong("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group"))
    if low == 0 and not any(metric.get("type") in ("Object", "External") for metric in spec.get("metrics") or ()):
        told = "must specify at least one Object or External metric to support scaling to zero replicas"
        found.append(forbidden("spec.metrics", told))
    return found


def _job_spec(spec: Obj, at: str) -> list[Cause]:
    found: list[Cause] = []
    for name in ("parallelism", "completions", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"):
        found += not_negative(spec, name, at)
    pod = (spec.get("template") or {}).get("spec") or {}
    if pod.get("restartPolicy") == "Always":
        here = f"{at}.template.spec.restartPolicy"
        found.append(required(here, 'valid values: "OnFailure", "Never"'))
    return found + _template(spec, ("Always", "OnFailure", "Never"), f"{at}.template")


def _selector(spec: Obj, kind: str) -> list[Cause]:
    selector = spec.get("selector")
    held = ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}
    if selector is None:
        return [required("spec.selector"), _mismatch(held)]
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        return [wrong("spec.selector", selector, f"empty selector is invalid for {kind}")]
    found = names.labels(selector.get("matchLabels"), "spec.selector.matchLabels")
    if found:
        return [*found, wrong("spec.selector", selector, "invalid label selector")]
    return [] if selects(selector, held) else [_mismatch(held)]


def _mismatch(held: Obj) -> Cause:
    return wrong("spec.template.metadata.labels", held or None, "`selector` does not match template `labels`")


def _template(spec: Obj, policies: tuple[str, ...], at: str) -> list[Cause]:
    template = spec.get("template") or {}
    found = names.labels((template.get("metadata") or {}).get("labels"), f"{at}.labels")
    pod = template.get("spec") or {}
    found += pods.pod_spec(pod, f"{at}.spec")
    policy = pod.get("restartPolicy")
    if policy not in policies:
        found.append(unsupported(f"{at}.spec.restartPolicy", policy, policies))
    return found


def _strategy(strategy: Obj) -> list[Cause]:
    kind, rolling = strategy.get("type"), strategy.get("rollingUpdate")
    if kind == "Recreate":
        if rolling is None:
            return []
        return [forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")]
    if kind != "RollingUpdate":
        shown = {"Type": kind, "RollingUpdate": rolling}
        return [unsupported("spec.strategy", shown, ("Recreate", "RollingUpdate"))]
    rolling = rolling or {}
    at = "spec.strategy.rollingUpdate"
    found: list[Cause] = []
    for name in ("maxUnavailable", "maxSurge"):
        value = rolling.get(name, 0)
        if isinstance(value, str) and not PERCENT.fullmatch(value):
            found.append(wrong(f"{at}.{name}", value, PERCENT_TEXT))
        elif isinstance(value, int) and value < 0:
            found.append(wrong(f"{at}.{name}", value, "must be greater than or equal to 0"))
    if not found and _zero(rolling.get("maxUnavailable", 0)) and _zero(rolling.get("maxSurge", 0)):
        shown_value = rolling.get("maxUnavailable", 0)
        found.append(wrong(f"{at}.maxUnavailable", shown_value, "may not be 0 when `maxSurge` is 0"))
    unavailable = rolling.get("maxUnavailable")
    if isinstance(unavailable, str) and PERCENT.fullmatch(unavailable) and int(unavailable[:-1]) > 100:
        found.append(wrong(f"{at}.maxUnavailable", unavailable, "must not be greater than 100%"))
    return found


def _zero(value: int | str) -> bool:
    return value in (0, "0%")


def _cron_problem(schedule: str) -> str:
    """The words of robfig/cron's parser for what is plainly wrong."""
    fields = schedule.split()
    if fields and fields[0].startswith(("TZ=", "CRON_TZ=")):
        fields = fields[1:]
    if len(fields) != 5:
        return f"expected exactly 5 fields, found {len(fields)}: [{' '.join(fields)}]"
    bounds = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
    for text, (low, high) in zip(fields, bounds, strict=True):
        for number in re.findall(r"(?<![/\d])\d+", text):
            if int(number) > high:
                return f"end of range ({number}) above maximum ({high}): {text}"
            if int(number) < low:
                return f"beginning of range ({number}) below minimum ({low}): {text}"
        if not re.fullmatch(r"[\d*/,\-?A-Za-z]+", text):
            return f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax'
    return ""
