"""What the server offers: /api, /apis, their resource lists, aggregated discovery, /version and OpenAPI."""

from functools import cache
from typing import Any

import orjson

from simcluster import errors
from simcluster.http import Request, Response, answer
from simcluster.openapi import index as openapi_index
from simcluster.openapi import v3 as openapi_v3
from simcluster.resources import RESOURCES, Resource, subresources

Obj = dict[str, Any]

VERSION: Obj = {
    "major": "1",
    "minor": "37",
    "emulationMajor": "1",
    "emulationMinor": "37",
    "minCompatibilityMajor": "1",
    "minCompatibilityMinor": "36",
    "gitVersion": "v1.37.2",
    "gitCommit": "simcluster",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "none",
    "platform": "linux/amd64",
}


def discover(request: Request, host: str) -> Response | None:  # noqa: PLR0911
    """The answer to a discovery address, None when the address is not one."""
    segments = request.segments
    aggregated = "APIGroupDiscoveryList" in request.headers.get("accept", "")
    if segments == ["version"]:
        return answer(VERSION)
    if segments[:1] == ["openapi"]:
        return _openapi(segments)
    if segments == ["api"]:
        return _aggregate([""]) if aggregated else _core_versions(host)
    if segments == ["apis"]:
        return _aggregate(groups()) if aggregated else _group_list()
    if segments[:1] == ["api"] and len(segments) == 2:
        return _resource_list("", segments[1])
    if segments[:1] == ["apis"] and len(segments) == 2 and segments[1] in groups():
        return answer({"kind": "APIGroup", "apiVersion": "v1", **_group(segments[1])})
    if segments[:1] == ["apis"] and len(segments) == 3:
        return _resource_list(segments[1], segments[2])
    return None


def paths() -> Response:
    """The root's list of addresses."""
    roots = sorted({resource.root for resource in RESOURCES})
    return answer({"paths": ["/api", *roots, "/apis", "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"]})


@cache
def groups() -> tuple[str, ...]:
    """API groups in the order of the registry, the core group left out."""
    return tuple(dict.fromkeys(resource.group for resource in RESOURCES if resource.group))


def _of(group: str) -> list[Resource]:
    return [resource for resource in RESOURCES if resource.group == group]


def _core_versions(host: str) -> Response:
    addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": host}]
    return answer({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses})


def _group(group: str) -> Obj:
    version = {"groupVersion": f"{group}/{_of(group)[0].version}", "version": _of(group)[0].version}
    return {"name": group, "versions": [version], "preferredVersion": version}


def _group_list() -> Response:
    return answer({"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(group) for group in groups()]})


def _resource_list(group: str, version: str) -> Response | None:
    found = [resource for resource in _of(group) if resource.version == version]
    if not found:
        return None
    rows: list[Obj] = []
    for resource in found:
        row: Obj = {"name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced}
        row |= {"kind": resource.kind, "verbs": sorted(resource.verbs)}
        if resource.short:
            row["shortNames"] = list(resource.short)
        if resource.categories:
            row["categories"] = list(resource.categories)
        rows.append(row)
        for name, (kind, api_version, verbs) in subresources(resource).items():
            below: Obj = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced}
            if api_version:
                owner, _, kind_version = api_version.rpartition("/")
                below |= {"group": owner, "version": kind_version}
            rows.append(below | {"kind": kind, "verbs": list(verbs)})
    shown = f"{group}/{version}" if group else version
    return answer({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": shown, "resources": rows})


def _aggregate(wanted: tuple[str, ...] | list[str]) -> Response:
    items = []
    for group in wanted:
        found = _of(group)
        version = {
            "version": found[0].version,
            "resources": [_discovered(row) for row in found],
            "freshness": "Current",
        }
        meta = {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None}
        items.append({"metadata": meta, "versions": [version]})
    body = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}
    content_type = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    return Response(200, orjson.dumps(body), content_type, {"Vary": "Accept"})


def _discovered(resource: Resource) -> Obj:
    row: Obj = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": sorted(resource.verbs),
    }
    if resource.short:
        row["shortNames"] = list(resource.short)
    if resource.categories:
        row["categories"] = list(resource.categories)
    below = []
    for name, (kind, api_version, verbs) in subresources(resource).items():
        group, _, version = (api_version or resource.api_version).rpartition("/")
        response_kind = {"group": group, "version": version, "kind": kind}
        below.append({"subresource": name, "responseKind": response_kind, "verbs": list(verbs)})
    if below:
        row["subresources"] = below
    return row


def _openapi(segments: list[str]) -> Response:
    if segments == ["openapi", "v3"]:
        return answer(openapi_index())
    found = openapi_v3("/".join(segments[2:])) if segments[1:2] == ["v3"] else None
    if found is None:
        raise errors.page_not_found()
    return answer(found)
