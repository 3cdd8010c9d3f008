"""What the server says about itself: versions, health, groups and resources."""

from __future__ import annotations

import pytest

from .api import Api

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

RESOURCES = [
    # list's path, resource, kind, namespaced, a short name
    ("/api/v1", "namespaces", "Namespace", False, "ns"),
    ("/api/v1", "nodes", "Node", False, "no"),
    ("/api/v1", "pods", "Pod", True, "po"),
    ("/api/v1", "services", "Service", True, "svc"),
    ("/api/v1", "endpoints", "Endpoints", True, "ep"),
    ("/api/v1", "persistentvolumes", "PersistentVolume", False, "pv"),
    ("/api/v1", "persistentvolumeclaims", "PersistentVolumeClaim", True, "pvc"),
    ("/api/v1", "secrets", "Secret", True, None),
    ("/api/v1", "configmaps", "ConfigMap", True, "cm"),
    ("/api/v1", "serviceaccounts", "ServiceAccount", True, "sa"),
    ("/api/v1", "resourcequotas", "ResourceQuota", True, "quota"),
    ("/api/v1", "limitranges", "LimitRange", True, "limits"),
    ("/api/v1", "events", "Event", True, "ev"),
    ("/apis/apps/v1", "deployments", "Deployment", True, "deploy"),
    ("/apis/apps/v1", "replicasets", "ReplicaSet", True, "rs"),
    ("/apis/apps/v1", "statefulsets", "StatefulSet", True, "sts"),
    ("/apis/apps/v1", "daemonsets", "DaemonSet", True, "ds"),
    ("/apis/batch/v1", "jobs", "Job", True, None),
    ("/apis/batch/v1", "cronjobs", "CronJob", True, "cj"),
    ("/apis/autoscaling/v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", True, "hpa"),
    ("/apis/networking.k8s.io/v1", "networkpolicies", "NetworkPolicy", True, "netpol"),
    ("/apis/networking.k8s.io/v1", "ingresses", "Ingress", True, "ing"),
    ("/apis/rbac.authorization.k8s.io/v1", "roles", "Role", True, None),
    ("/apis/rbac.authorization.k8s.io/v1", "rolebindings", "RoleBinding", True, None),
    ("/apis/rbac.authorization.k8s.io/v1", "clusterroles", "ClusterRole", False, None),
    ("/apis/rbac.authorization.k8s.io/v1", "clusterrolebindings", "ClusterRoleBinding", False, None),
    ("/apis/storage.k8s.io/v1", "storageclasses", "StorageClass", False, "sc"),
    ("/apis/coordination.k8s.io/v1", "leases", "Lease", True, None),
    ("/apis/discovery.k8s.io/v1", "endpointslices", "EndpointSlice", True, None),
    ("/apis/events.k8s.io/v1", "events", "Event", True, "ev"),
    ("/apis/scheduling.k8s.io/v1", "priorityclasses", "PriorityClass", False, "pc"),
    ("/apis/gateway.networking.k8s.io/v1", "httproutes", "HTTPRoute", True, None),
    ("/apis/gateway.networking.k8s.io/v1", "gateways", "Gateway", True, "gtw"),
    (
        "/apis/admissionregistration.k8s.io/v1",
        "validatingadmissionpolicies",
        "ValidatingAdmissionPolicy",
        False,
        None,
    ),
]


def test_version_is_that_of_kubernetes_1_37(api: Api) -> None:
    version = api.get("/version").ok()
    assert (version["major"], version["minor"]) == ("1", "37")
    assert version["gitVersion"].startswith("v1.37.")


@pytest.mark.parametrize("probe", ["/healthz", "/readyz", "/livez"])
def test_health_is_plain_ok(api: Api, probe: str) -> None:
    answer = api.get(probe)
    assert (answer.status, answer.text) == (200, "ok")


def test_core_versions(api: Api) -> None:
    found = api.get("/api").ok()
    assert (found["kind"], found["versions"]) == ("APIVersions", ["v1"])


def test_every_group_names_its_versions_and_the_preferred_one(api: Api) -> None:
    groups = {group["name"]: group for group in api.get("/apis").ok()["groups"]}
    for listing, *_ in RESOURCES:
        if listing == "/api/v1":
            continue
        _, _, name, version = listing.split("/")
        assert {"groupVersion": f"{name}/{version}", "version": version} in groups[name]["versions"]
    assert groups["apps"]["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}


def test_one_group_by_itself(api: Api) -> None:
    group = api.get("/apis/apps").ok()
    assert (group["kind"], group["name"]) == ("APIGroup", "apps")
    assert group["preferredVersion"]["groupVersion"] == "apps/v1"


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource[1])
def test_resource_is_listed(api: Api, resource: tuple[str, str, str, bool, str | None]) -> None:
    listing, name, kind, namespaced, short = resource
    listed = api.get(listing).ok()
    assert listed["kind"] == "APIResourceList"
    found = next(one for one in listed["resources"] if one["name"] == name)
    assert (found["kind"], found["namespaced"]) == (kind, namespaced)
    wanted = {"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"}
    assert set(found["verbs"]) == wanted - ({"deletecollection"} if name == "namespaces" else set())
    if short:
        assert short in found["shortNames"]


@pytest.mark.parametrize(
    ("listing", "name", "kind", "verbs"),
    [
        ("/apis/apps/v1", "deployments/scale", "Scale", {"get", "patch", "update"}),
        ("/apis/apps/v1", "deployments/status", "Deployment", {"get", "patch", "update"}),
        ("/api/v1", "pods/log", "Pod", {"get"}),
        ("/api/v1", "pods/eviction", "Eviction", {"create"}),
        ("/api/v1", "namespaces/finalize", "Namespace", {"update"}),
        ("/api/v1", "resourcequotas/status", "ResourceQuota", {"get", "patch", "update"}),
    ],
)
def test_subresource_is_listed(api: Api, listing: str, name: str, kind: str, verbs: set[str]) -> None:
    found = next(one for one in api.get(listing).ok()["resources"] if one["name"] == name)
    assert (found["kind"], set(found["verbs"])) == (kind, verbs)


def test_deployments_are_in_the_category_all(api: Api) -> None:
    found = next(one for one in api.get("/apis/apps/v1").ok()["resources"] if one["name"] == "deployments")
    assert found["categories"] == ["all"]


@pytest.mark.parametrize(("where", "group", "resource"), [("/api", "", "pods"), ("/apis", "apps", "deployments")])
def test_aggregated_discovery(api: Api, where: str, group: str, resource: str) -> None:
    answer = api.get(where, accept=f"{AGGREGATED},application/json")
    listed = answer.ok()
    assert listed["kind"] == "APIGroupDiscoveryList"
    assert "as=APIGroupDiscoveryList" in answer.headers["Content-Type"]
    found = next(one for one in listed["items"] if one["metadata"].get("name", "") == group)
    version = next(one for one in found["versions"] if one["version"] == "v1")
    entry = next(one for one in version["resources"] if one["resource"] == resource)
    assert entry["scope"] == "Namespaced"
    assert {"list", "watch", "patch"} <= set(entry["verbs"])


def test_openapi_v3_is_indexed_by_group_version(api: Api) -> None:
    paths = api.get("/openapi/v3").ok()["paths"]
    assert paths["apis/apps/v1"]["serverRelativeURL"].startswith("/openapi/v3/apis/apps/v1")


@pytest.mark.parametrize("where", ["/apis/nothing.example/v1", "/nowhere"])
def test_unknown_path_is_plain_404(api: Api, where: str) -> None:
    answer = api.get(where)
    assert (answer.status, answer.text) == (404, "404 page not found\n")


@pytest.mark.parametrize("where", ["/apis/apps/v1/namespaces/default/boats", "/apis/apps/v9/deployments"])
def test_unknown_resource_is_404(api: Api, where: str) -> None:
    answer = api.get(where)
    assert (answer.status, answer.reason) == (404, "NotFound")
    assert answer.message == "the server could not find the requested resource"
    assert answer.body["details"] == {}


def test_every_answer_carries_an_audit_id(api: Api) -> None:
    assert api.get("/api/v1/namespaces").headers["Audit-Id"]


def test_a_review_of_ones_own_rights_is_answered(api: Api) -> None:
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "create", "resource": "pods", "namespace": "default"}},
    }
    answer = api.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
    assert answer.status == 201
    assert answer.body["status"]["allowed"] is True
