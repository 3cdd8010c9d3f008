"""What the server serves: one row a resource. Everything else (routing, discovery, tables, defaults) asks here.

A resource's key is `plural[.group]`, e.g. `pods`, `deployments.apps`: the text that the API server itself uses in its
messages. Rows follow `kubectl api-resources` of Kubernetes 1.37 and Gateway API v1.
"""

from dataclasses import dataclass

VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True)
class Resource:
    """`subresources` maps a subresource to (kind, verbs); `generation`: the server counts changes of intent."""

    plural: str
    kind: str
    group: str = ""
    version: str = "v1"
    namespaced: bool = True
    short: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    status: bool = False
    scale: bool = False
    generation: bool = False
    custom: bool = False
    verbs: tuple[str, ...] = VERBS
    stored_as: str = ""
    extra: tuple[tuple[str, str, str, tuple[str, ...]], ...] = ()

    @property
    def key(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def storage(self) -> str:
        """The key under which the Store holds it: events.k8s.io is a second view of core events."""
        return self.stored_as or self.key

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def list_kind(self) -> str:
        return f"{self.kind}List"

    @property
    def singular(self) -> str:
        return self.kind.lower()

    @property
    def root(self) -> str:
        return f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"


_POD_EXTRA = (
    ("binding", "Binding", "", ("create",)),
    ("eviction", "Eviction", "policy/v1", ("create",)),
    ("log", "Pod", "", ("get",)),
)
_APPS = {"group": "apps", "categories": ("all",), "status": True, "generation": True}
_BATCH = {"group": "batch", "categories": ("all",), "status": True, "generation": True}
_RBAC = {"group": "rbac.authorization.k8s.io"}
_ADMISSION = {"group": "admissionregistration.k8s.io", "namespaced": False, "generation": True}
_ADMISSION["categories"] = ("api-extensions",)
_GATEWAY = {"group": "gateway.networking.k8s.io", "status": True, "generation": True, "custom": True}
_GATEWAY["categories"] = ("gateway-api",)
_CREATE = ("create",)

RESOURCES: tuple[Resource, ...] = (
    Resource("configmaps", "ConfigMap", short=("cm",)),
    Resource("endpoints", "Endpoints", short=("ep",)),
    Resource("events", "Event", short=("ev",)),
    Resource("limitranges", "LimitRange", short=("limits",)),
    Resource(
        "namespaces",
        "Namespace",
        namespaced=False,
        short=("ns",),
        status=True,
        verbs=tuple(verb for verb in VERBS if verb != "deletecollection"),
        extra=(("finalize", "Namespace", "", ("update",)),),
    ),
    Resource("nodes", "Node", namespaced=False, short=("no",), status=True),
    Resource("persistentvolumeclaims", "PersistentVolumeClaim", short=("pvc",), status=True),
    Resource("persistentvolumes", "PersistentVolume", namespaced=False, short=("pv",), status=True),
    Resource("pods", "Pod", short=("po",), categories=("all",), status=True, generation=True, extra=_POD_EXTRA),
    Resource(
        "replicationcontrollers",
        "ReplicationController",
        short=("rc",),
        categories=("all",),
        status=True,
        scale=True,
        generation=True,
    ),
    Resource("resourcequotas", "ResourceQuota", short=("quota",), status=True),
    Resource("secrets", "Secret"),
    Resource(
        "serviceaccounts",
        "ServiceAccount",
        short=("sa",),
        extra=(("token", "TokenRequest", "authentication.k8s.io/v1", ("create",)),),
    ),
    Resource("services", "Service", short=("svc",), categories=("all",), status=True),
    Resource("daemonsets", "DaemonSet", short=("ds",), **_APPS),  # type: ignore[arg-type]
    Resource("deployments", "Deployment", short=("deploy",), scale=True, **_APPS),  # type: ignore[arg-type]
    Resource("replicasets", "ReplicaSet", short=("rs",), scale=True, **_APPS),  # type: ignore[arg-type]
    Resource("statefulsets", "StatefulSet", short=("sts",), scale=True, **_APPS),  # type: ignore[arg-type]
    Resource("controllerrevisions", "ControllerRevision", group="apps"),
    Resource("cronjobs", "CronJob", short=("cj",), **_BATCH),  # type: ignore[arg-type]
    Resource("jobs", "Job", **_BATCH),  # type: ignore[arg-type]
    Resource(
        "horizontalpodautoscalers",
        "HorizontalPodAutoscaler",
        group="autoscaling",
        version="v2",
        short=("hpa",),
        categories=("all",),
        status=True,
    ),
    Resource("leases", "Lease", group="coordination.k8s.io"),
    Resource("endpointslices", "EndpointSlice", group="discovery.k8s.io", generation=True),
    Resource("events", "Event", group="events.k8s.io", short=("ev",), stored_as="events"),
    Resource("ingresses", "Ingress", group="networking.k8s.io", short=("ing",), status=True, generation=True),
    Resource("ingressclasses", "IngressClass", group="networking.k8s.io", namespaced=False, generation=True),
    Resource("networkpolicies", "NetworkPolicy", group="networking.k8s.io", short=("netpol",), generation=True),
    Resource(
        "poddisruptionbudgets", "PodDisruptionBudget", group="policy", short=("pdb",), status=True, generation=True
    ),
    Resource("roles", "Role", **_RBAC),  # type: ignore[arg-type]
    Resource("rolebindings", "RoleBinding", **_RBAC),  # type: ignore[arg-type]
    Resource("clusterroles", "ClusterRole", namespaced=False, **_RBAC),  # type: ignore[arg-type]
    Resource("clusterrolebindings", "ClusterRoleBinding", namespaced=False, **_RBAC),  # type: ignore[arg-type]
    Resource(
        "priorityclasses",
        "PriorityClass",
        group="scheduling.k8s.io",
        namespaced=False,
        short=("pc",),
        generation=True,
    ),
    Resource("storageclasses", "StorageClass", group="storage.k8s.io", namespaced=False, short=("sc",)),
    Resource("validatingadmissionpolicies", "ValidatingAdmissionPolicy", status=True, **_ADMISSION),  # type: ignore[arg-type]
    Resource("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding", **_ADMISSION),  # type: ignore[arg-type]
    Resource("gatewayclasses", "GatewayClass", namespaced=False, short=("gc",), **_GATEWAY),  # type: ignore[arg-type]
    Resource("gateways", "Gateway", short=("gtw",), **_GATEWAY),  # type: ignore[arg-type]
    Resource("httproutes", "HTTPRoute", **_GATEWAY),  # type: ignore[arg-type]
    Resource(
        "selfsubjectaccessreviews", "SelfSubjectAccessReview", "authorization.k8s.io", namespaced=False, verbs=_CREATE
    ),
    Resource(
        "selfsubjectrulesreviews", "SelfSubjectRulesReview", "authorization.k8s.io", namespaced=False, verbs=_CREATE
    ),
    Resource("subjectaccessreviews", "SubjectAccessReview", "authorization.k8s.io", namespaced=False, verbs=_CREATE),
    Resource("selfsubjectreviews", "SelfSubjectReview", "authentication.k8s.io", namespaced=False, verbs=_CREATE),
)

BY_KEY = {resource.key: resource for resource in RESOURCES}
BY_ROUTE = {(resource.group, resource.version, resource.plural): resource for resource in RESOURCES}
BY_KIND = {(resource.api_version, resource.kind): resource for resource in RESOURCES}


def subresources(resource: Resource) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Name → (kind, api version when it differs, verbs)."""
    found: dict[str, tuple[str, str, tuple[str, ...]]] = {}
    if resource.status:
        found["status"] = (resource.kind, "", ("get", "patch", "update"))
    if resource.scale:
        found["scale"] = ("Scale", "autoscaling/v1", ("get", "patch", "update"))
    for name, kind, api_version, verbs in resource.extra:
        found[name] = (kind, api_version, verbs)
    return found
