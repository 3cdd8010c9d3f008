"""Defaults of each kind, from pkg/apis/*/v*/defaults.go of Kubernetes 1.37. Pods have a module of their own."""

from collections.abc import Callable
from typing import Any

from simcluster.pod_defaults import default_pod_spec

Obj = dict[str, Any]
QUARTER = "25%"


def apply_defaults(resource: str, obj: Obj) -> None:
    """Fill `obj` in place; kinds without defaults stay as they are."""
    default = DEFAULTS.get(resource)
    if default is not None:
        default(obj)


def _spec(obj: Obj, **defaults: Any) -> Obj:
    spec: Obj = obj.setdefault("spec", {})
    for name, value in defaults.items():
        spec.setdefault(name, value)
    return spec


def _template(spec: Obj) -> None:
    template = spec.setdefault("template", {})
    template.setdefault("metadata", {})
    default_pod_spec(template.setdefault("spec", {}))


def _deployment(obj: Obj) -> None:
    spec = _spec(obj, replicas=1, strategy={}, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    strategy = spec["strategy"]
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", QUARTER)
        rolling.setdefault("maxSurge", QUARTER)
    _template(spec)


def _replica_set(obj: Obj) -> None:
    _template(_spec(obj, replicas=1))


def _stateful_set(obj: Obj) -> None:
    spec = _spec(obj, replicas=1, podManagementPolicy="OrderedReady", updateStrategy={}, revisionHistoryLimit=10)
    strategy = spec["updateStrategy"]
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        strategy.setdefault("rollingUpdate", {}).setdefault("partition", 0)
    kept = spec.setdefault("persistentVolumeClaimRetentionPolicy", {})
    kept.setdefault("whenDeleted", "Retain")
    kept.setdefault("whenScaled", "Retain")
    for claim in spec.get("volumeClaimTemplates") or ():
        claim.setdefault("apiVersion", "v1")
        claim.setdefault("kind", "PersistentVolumeClaim")
        claim.setdefault("spec", {}).setdefault("volumeMode", "Filesystem")
        claim.setdefault("status", {"phase": "Pending"})
    _template(spec)


def _daemon_set(obj: Obj) -> None:
    spec = _spec(obj, updateStrategy={}, revisionHistoryLimit=10)
    strategy = spec["updateStrategy"]
    strategy.setdefault("type", "RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        rolling.setdefault("maxUnavailable", 1)
        rolling.setdefault("maxSurge", 0)
    _template(spec)


def job_spec(spec: Obj) -> None:
    """Of a Job or of a CronJob's template."""
    if "completions" not in spec and "parallelism" not in spec:
        spec["completions"] = spec["parallelism"] = 1
    spec.setdefault("parallelism", 1)
    spec.setdefault("completionMode", "NonIndexed")
    spec.setdefault("suspend", False)
    spec.setdefault("backoffLimit", 2147483647 if "backoffLimitPerIndex" in spec else 6)
    spec.setdefault("podReplacementPolicy", "Failed" if spec.get("podFailurePolicy") else "TerminatingOrFailed")
    _template(spec)


def _job(obj: Obj) -> None:
    job_spec(obj.setdefault("spec", {}))


def _cron_job(obj: Obj) -> None:
    spec = _spec(obj, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    template = spec.setdefault("jobTemplate", {})
    template.setdefault("metadata", {})
    inner = template.setdefault("spec", {})
    _template(inner)


def _service(obj: Obj) -> None:
    spec = _spec(obj, type="ClusterIP", sessionAffinity="None")
    if spec["sessionAffinity"] == "ClientIP":
        spec.setdefault("sessionAffinityConfig", {"clientIP": {"timeoutSeconds": 10800}})
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, 0, ""):
            port["targetPort"] = port.get("port")
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)


def _secret(obj: Obj) -> None:
    obj.setdefault("type", "Opaque")


def _claim(obj: Obj) -> None:
    _spec(obj, volumeMode="Filesystem")


def _volume(obj: Obj) -> None:
    _spec(obj, persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")


def _limit_range(obj: Obj) -> None:
    """pkg/apis/core/v1/defaults.go SetDefaults_LimitRangeItem."""
    for item in (obj.get("spec") or {}).get("limits") or ():
        if item.get("type") != "Container":
            continue
        defaults = {**(item.get("max") or {}), **(item.get("default") or {})}
        requests = {**(item.get("min") or {}), **defaults, **(item.get("defaultRequest") or {})}
        if defaults:
            item["default"] = defaults
        if requests:
            item["defaultRequest"] = requests


def _network_policy(obj: Obj) -> None:
    spec = obj.setdefault("spec", {})
    if "policyTypes" not in spec:
        spec["policyTypes"] = ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]
    for rule in [*(spec.get("ingress") or ()), *(spec.get("egress") or ())]:
        for port in rule.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _autoscaler(obj: Obj) -> None:
    utilization = {"type": "Utilization", "averageUtilization": 80}
    spec = _spec(obj, minReplicas=1)
    if not spec.get("metrics"):
        spec["metrics"] = [{"type": "Resource", "resource": {"name": "cpu", "target": utilization}}]


def _storage_class(obj: Obj) -> None:
    obj.setdefault("reclaimPolicy", "Delete")
    obj.setdefault("volumeBindingMode", "Immediate")


def _binding(obj: Obj) -> None:
    reference = obj.get("roleRef") or {}
    reference.setdefault("apiGroup", "rbac.authorization.k8s.io")
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", "rbac.authorization.k8s.io")


def _priority_class(obj: Obj) -> None:
    obj.setdefault("preemptionPolicy", "PreemptLowerPriority")


def _slice(obj: Obj) -> None:
    for port in obj.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _admission_policy(obj: Obj) -> None:
    spec = _spec(obj, failurePolicy="Fail")
    _match(spec.get("matchConstraints"))


def _admission_binding(obj: Obj) -> None:
    _match((obj.get("spec") or {}).get("matchResources"))


def _match(rules: Obj | None) -> None:
    if rules is None:
        return
    rules.setdefault("matchPolicy", "Equivalent")
    rules.setdefault("namespaceSelector", {})
    rules.setdefault("objectSelector", {})
    for rule in rules.get("resourceRules") or ():
        rule.setdefault("scope", "*")


DEFAULTS: dict[str, Callable[[Obj], None]] = {
    "deployments.apps": _deployment,
    "replicasets.apps": _replica_set,
    "replicationcontrollers": _replica_set,
    "statefulsets.apps": _stateful_set,
    "daemonsets.apps": _daemon_set,
    "jobs.batch": _job,
    "cronjobs.batch": _cron_job,
    "services": _service,
    "secrets": _secret,
    "persistentvolumeclaims": _claim,
    "persistentvolumes": _volume,
    "limitranges": _limit_range,
    "networkpolicies.networking.k8s.io": _network_policy,
    "horizontalpodautoscalers.autoscaling": _autoscaler,
    "storageclasses.storage.k8s.io": _storage_class,
    "rolebindings.rbac.authorization.k8s.io": _binding,
    "clusterrolebindings.rbac.authorization.k8s.io": _binding,
    "priorityclasses.scheduling.k8s.io": _priority_class,
    "endpointslices.discovery.k8s.io": _slice,
    "validatingadmissionpolicies.admissionregistration.k8s.io": _admission_policy,
    "validatingadmissionpolicybindings.admissionregistration.k8s.io": _admission_binding,
}
