"""OpenAPI v3 documents, made from the shapes on request: as much as kubectl reads to validate and to explain."""

from typing import Any

from simcluster.resources import RESOURCES, Resource
from simcluster.schema.types import Node, kind_of

Obj = dict[str, Any]


def index() -> Obj:
    """/openapi/v3: one document a group version."""
    roots = dict.fromkeys(resource.root.lstrip("/") for resource in RESOURCES)
    return {"paths": {root: {"serverRelativeURL": f"/openapi/v3/{root}?hash=1"} for root in roots}}


def v3(root: str) -> Obj | None:
    """The document of e.g. `apis/apps/v1`, None when that is not served."""
    found = [resource for resource in RESOURCES if resource.root == f"/{root}"]
    if not found:
        return None
    schemas: Obj = {}
    addresses: Obj = {}
    for resource in found:
        node = kind_of(resource.api_version, resource.kind)
        if node is not None:
            _struct(node, schemas)
            schemas[node.name]["x-kubernetes-group-version-kind"] = [_gvk(resource)]
        addresses[_address(resource)] = _operations(resource, node)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "1.37"},
        "paths": addresses,
        "components": {"schemas": schemas},
    }


def _address(resource: Resource) -> str:
    within = "/namespaces/{namespace}" if resource.namespaced else ""
    return f"{resource.root}{within}/{resource.plural}/{{name}}"


def _operations(resource: Resource, node: Node | None) -> Obj:
    parameters = [
        {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
        for name in ("dryRun", "fieldManager", "fieldValidation", "force")
    ]
    schema = {"$ref": f"#/components/schemas/{node.name}"} if node else {"type": "object"}
    responses = {"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}}
    made: Obj = {}
    for method, action in (("get", "get"), ("put", "put"), ("patch", "patch"), ("delete", "delete")):
        operation: Obj = {"x-kubernetes-action": action, "x-kubernetes-group-version-kind": _gvk(resource)}
        operation["responses"] = responses
        if method in ("put", "patch"):
            operation["parameters"] = parameters
        made[method] = operation
    return made


def _gvk(resource: Resource) -> Obj:
    return {"group": resource.group, "kind": resource.kind, "version": resource.version}


def _struct(node: Node, schemas: Obj) -> Obj:
    if node.name not in schemas:
        schemas[node.name] = {}
        properties = {name: _schema(field, schemas) for name, field in node.fields.items()}
        made: Obj = {"type": "object", "properties": properties}
        if node.required:
            made["required"] = list(node.required)
        schemas[node.name] = made
    return {"$ref": f"#/components/schemas/{node.name}"}


def _schema(node: Node, schemas: Obj) -> Obj:
    if node.kind == "struct":
        return {"allOf": [_struct(node, schemas)], "default": {}}
    if node.kind == "map":
        return {"type": "object", "additionalProperties": _schema(node.element, schemas)}
    if node.kind == "list":
        made: Obj = {"type": "array", "items": _schema(node.element, schemas)}
        made["x-kubernetes-list-type"] = "map" if node.keys else "set" if node.is_set else "atomic"
        if node.keys:
            made["x-kubernetes-list-map-keys"] = list(node.keys)
        if node.merge_key is not None:
            made["x-kubernetes-patch-strategy"] = "merge"
        if node.merge_key:
            made["x-kubernetes-patch-merge-key"] = node.merge_key
        return made
    return {
        "type": {"integer": "integer", "number": "number", "boolean": "boolean", "any": "object"}.get(
            node.scalar, "string"
        )
    }
