"""Make types.json from a real API server: `python -m simcluster.schema.extract API_MODULE … < openapi.json`.

Standard input is a JSON list of the documents of `/openapi/v3/…`, one a group version; API_MODULE are folders of the
Go modules k8s.io/api and k8s.io/apimachinery, whose generated.proto files tell the field numbers. Only the types that
a served resource reaches are kept, without descriptions, in the small notation that simcluster.schema.types reads. Run
it again for a new Kubernetes version.
"""

import json
import sys
from pathlib import Path
from typing import Any

from simcluster.resources import BY_KIND
from simcluster.schema.numbers import Protos

EXTRA_KINDS = (("autoscaling/v1", "Scale"), ("policy/v1", "Eviction"), ("v1", "Binding"), ("v1", "DeleteOptions"))
PRIMITIVES = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "intstr",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "microtime",
    "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1": "any",
    "io.k8s.apimachinery.pkg.runtime.RawExtension": "any",
}


class Extraction:
    """Walks the documents from the served kinds down and collects what they reach."""

    def __init__(self, schemas: dict[str, Any]):
        self.schemas = schemas
        self.types: dict[str, Any] = {}

    def visit(self, full: str) -> str:
        name = short_name(full)
        if name not in self.types:
            self.types[name] = {}
            self.types[name] = self.struct(self.schemas[full], name)
        return name

    def struct(self, schema: dict[str, Any], path: str) -> dict[str, Any]:
        fields = {name: self.node(inner, f"{path}.{name}") for name, inner in sorted(schema["properties"].items())}
        found: dict[str, Any] = {"fields": fields}
        if schema.get("required"):
            found["required"] = schema["required"]
        if schema.get("x-kubernetes-map-type") == "atomic":
            found["atomic"] = True
        custom = path.startswith("gateway.")
        defaults = {
            name: inner["default"]
            for name, inner in schema["properties"].items()
            if inner.get("default") not in (None, {}) and (custom or inner["default"] not in ("", 0))
        }
        if defaults:
            found["defaults"] = defaults
        solid = [name for name, inner in schema["properties"].items() if inner.get("default") == {} and not custom]
        if solid:
            found["solid"] = sorted(solid)
        return found

    def node(self, schema: dict[str, Any], path: str) -> Any:  # noqa: PLR0911
        reference = schema.get("$ref") or (schema.get("allOf") or [{}])[0].get("$ref")
        if reference:
            return self.reference(reference.rpartition("/")[2], schema, path)
        kind = schema.get("type")
        if schema.get("x-kubernetes-int-or-string"):
            return "intstr"
        if kind == "array":
            return self.array(schema, path)
        if kind == "object" and schema.get("properties"):
            self.types[path] = self.struct(schema, path)
            return "@" + path
        if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            node = {"map": self.node(schema["additionalProperties"], path)}
            return {**node, "atomic": True} if schema.get("x-kubernetes-map-type") == "atomic" else node
        if kind == "string" and schema.get("format") == "byte":
            return "bytes"
        return kind if kind in ("string", "integer", "number", "boolean") else "any"

    def reference(self, full: str, schema: dict[str, Any], path: str) -> Any:
        if full in PRIMITIVES:
            return PRIMITIVES[full]
        target = self.schemas[full]
        if not target.get("properties"):
            return self.node({key: value for key, value in target.items() if key != "description"}, path)
        name = "@" + self.visit(full)
        return {"atomic": name} if schema.get("x-kubernetes-map-type") == "atomic" else name

    def array(self, schema: dict[str, Any], path: str) -> Any:
        node: dict[str, Any] = {"list": self.node(schema["items"], path)}
        node["kind"] = schema.get("x-kubernetes-list-type", "atomic")
        if node["kind"] == "map":
            node["keys"] = schema["x-kubernetes-list-map-keys"]
        if "merge" in schema.get("x-kubernetes-patch-strategy", ""):
            node["merge"] = schema.get("x-kubernetes-patch-merge-key", "")
        return node


def short_name(full: str) -> str:
    """io.k8s.api.core.v1.Pod → core.v1.Pod"""
    for prefix in ("io.k8s.api.", "io.k8s.apimachinery.pkg.apis.", "io.k8s.networking."):
        full = full.removeprefix(prefix)
    return full


def main() -> None:
    schemas: dict[str, Any] = {}
    for document in json.load(sys.stdin):
        schemas.update(document["components"]["schemas"])
    extraction = Extraction(schemas)
    wanted = [*BY_KIND, *EXTRA_KINDS]
    kinds: dict[str, str] = {}
    for full, schema in schemas.items():
        for gvk in schema.get("x-kubernetes-group-version-kind", ()):
            api_version = f"{gvk['group']}/{gvk['version']}" if gvk["group"] else gvk["version"]
            if (api_version, gvk["kind"]) in wanted and schema.get("properties"):
                kinds[f"{api_version}/{gvk['kind']}"] = extraction.visit(full)
    protos = Protos([Path(root) for root in sys.argv[1:]])
    for name, type_ in extraction.types.items():
        numbers = protos.numbers(name, type_["fields"])
        if numbers:
            type_["numbers"] = numbers
    found = {"kinds": dict(sorted(kinds.items())), "types": dict(sorted(extraction.types.items()))}
    Path(__file__).with_name("types.json").write_text(json.dumps(found, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
