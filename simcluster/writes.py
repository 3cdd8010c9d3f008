"""create, update, patch and apply: from a body to an admitted, stored object."""

from typing import Any

import orjson

from simcluster import errors
from simcluster.admission import AdmittedStore
from simcluster.apply import apply
from simcluster.decode import Decoded, decode, decode_as, duplicate_fields, parse_body
from simcluster.fieldcheck import check_declared
from simcluster.http import Request, Response, answer
from simcluster.options import WriteOptions, write_options
from simcluster.patch import APPLY, JSON_PATCH, MERGE_PATCH, STRATEGIC, json_patch, merge_patch, strategic_merge
from simcluster.reads import find, shaped
from simcluster.resources import Resource
from simcluster.routes import Target
from simcluster.schema.types import Node, kind_of
from simcluster.store import Obj
from simcluster.views import as_served, as_stored, scale_of

EMPTY = Node("struct")


def create(admitted: AdmittedStore, target: Target, request: Request) -> Response:
    options = write_options(request, "create", "")
    resource = target.resource
    raw = parse_body(request.body, request.headers.get("content-type", ""), resource.kind)
    decoded = decode(raw, resource)
    _strict(decoded, request, options, resource)
    obj = decoded.obj
    _same_namespace(obj, target)
    if obj["metadata"].get("resourceVersion"):
        raise errors.ApiError(500, "", "resourceVersion should not be set on objects to be created")
    return shaped(resource, _create(admitted, resource, obj, options), request, 201)


def _create(admitted: AdmittedStore, resource: Resource, obj: Obj, options: WriteOptions) -> Obj:
    stored = admitted.create_now(resource.storage, as_stored(obj, resource), options)
    return as_served(stored, resource)


def update(admitted: AdmittedStore, target: Target, request: Request) -> Response:
    """PUT of an object or of its status. Raises 409 when the given resourceVersion is stale."""
    options = write_options(request, "update", target.subresource)
    resource = target.resource
    raw = parse_body(request.body, request.headers.get("content-type", ""), resource.kind)
    decoded = decode(raw, resource)
    _strict(decoded, request, options, resource)
    obj = decoded.obj
    _same_name(obj, target)
    _same_namespace(obj, target)
    _same_uid(obj, find(admitted.store, target), resource)
    stored = admitted.update_now(resource.storage, as_stored(obj, resource), options)
    return shaped(resource, as_served(stored, resource), request)


def patch(admitted: AdmittedStore, target: Target, request: Request) -> Response:
    """The four kinds of patch by content type. An apply creates what is not there."""
    options = write_options(request, "patch", target.subresource)
    kind = request.headers.get("content-type", "").partition(";")[0]
    if kind not in (APPLY, JSON_PATCH, MERGE_PATCH, STRATEGIC):
        raise errors.unsupported_media_type("415: Unsupported Media Type")
    if kind == APPLY:
        return _apply(admitted, target, request, options)
    resource = target.resource
    live = as_served(find(admitted.store, target), resource)
    if kind == STRATEGIC and resource.custom:
        raise errors.unsupported_media_type(
            "the body of the request was in an unknown format - accepted media types include: "
            "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml"
        )
    document = _patch_document(request.body, kind)
    patched = patched_object(live, document, kind, kind_of(resource.api_version, resource.kind))
    shown = _go_map(document) if kind == STRATEGIC else orjson.dumps(patched).decode()
    try:
        decoded = decode(patched, resource)
    except errors.ApiError as error:
        raise _bad_patch(shown, error.message.partition(f"cannot be handled as a {resource.kind}: ")[2]) from error
    if options.validation == "Strict" and decoded.unknown:
        told = ", ".join(f'unknown field "{path}"' for path in decoded.unknown)
        raise _bad_patch(shown, f"strict decoding error: {told}")
    _warn(decoded, options)
    _same_name(decoded.obj, target)
    stored = admitted.update_now(resource.storage, as_stored(decoded.obj, resource), options)
    return shaped(resource, as_served(stored, resource), request)


def _patch_document(body: bytes, kind: str) -> Any:
    """Raises 400 when it is no JSON, or no object where one is wanted."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise errors.bad_request("invalid JSON patch") from error
    if kind != JSON_PATCH and not isinstance(document, dict):
        found = "array" if isinstance(document, list) else "value"
        told = f"json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
        raise errors.bad_request(told if kind == STRATEGIC else f"error decoding patch: {told}")
    return document


def patched_object(live: Obj, document: Any, kind: str, node: Node | None) -> Any:
    """`live` with the patch laid on. Raises 422 when it does not fit."""
    if kind == JSON_PATCH:
        return json_patch(live, document)
    if kind == MERGE_PATCH:
        return merge_patch(live, document)
    return strategic_merge(live, document, node)


def _apply(admitted: AdmittedStore, target: Target, request: Request, options: WriteOptions) -> Response:
    resource = target.resource
    if not request.query.get("fieldManager"):
        cause = ("FieldValueRequired", "fieldManager", "Required value: is required for apply patch")
        raise errors.invalid("PatchOptions", "meta.k8s.io", "", [cause])
    config = parse_body(request.body, "yaml", resource.kind)
    if not isinstance(config, dict):
        raise errors.bad_request("error decoding YAML: expected a mapping")
    node = kind_of(resource.api_version, resource.kind) or EMPTY
    _applicable(config, target, node)
    config = as_stored(_named(config, target), resource)
    live = admitted.store.get(resource.storage, target.namespace, target.name)
    version = config["metadata"].get("resourceVersion")
    if version and (live is None or version != live["metadata"]["resourceVersion"]):
        raise errors.conflict(resource.key, target.name)
    uid = config["metadata"].get("uid")
    if uid and live is None:
        why = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        raise errors.conflict(resource.key, target.name, why)
    now = admitted.store.clock.stamp()
    merged = apply(live, config, node, options.manager, target.subresource, options.force, now)
    managed = merged["metadata"].pop("managedFields", [])
    decoded = _decode_merged(merged, target)
    decoded.obj["metadata"]["managedFields"] = managed
    options.tracked = False
    if live is None:
        if target.subresource:
            raise errors.not_found(resource.key, target.name)
        return shaped(resource, _create(admitted, resource, decoded.obj, options), request, 201)
    stored = admitted.update_now(resource.storage, decoded.obj, options)
    return shaped(resource, as_served(stored, resource), request)


def _decode_merged(merged: Obj, target: Target) -> Decoded:
    """Raises 500 for what only the typed object shows to be wrong, such as a quantity that is none."""
    resource = target.resource
    try:
        return decode(merged, resource)
    except errors.ApiError as error:
        kind = f"{resource.group}/{resource.version}, Kind={resource.kind}"
        problem = error.message.partition(f"cannot be handled as a {resource.kind}: ")[2]
        problem = problem.replace("illegal base64", "error decoding from json: illegal base64")
        subject = f"{target.namespace}/{target.name}; {kind}"
        told = f"unable to convert unstructured object to {kind}: {problem}"
        raise errors.ApiError(500, "", f"failed to convert new object ({subject}) to proper version: {told}") from error


def _named(config: Obj, target: Target) -> Obj:
    meta = {**(config.get("metadata") or {}), "name": target.name}
    if target.resource.namespaced:
        meta["namespace"] = target.namespace
    return {**config, "metadata": meta}


def _applicable(config: Obj, target: Target, node: Node) -> None:
    """Raises 400 when the document is another object than the address says, 500 when it does not fit its schema."""
    resource = target.resource
    api_version, kind = config.get("apiVersion"), config.get("kind")
    if not api_version or not kind:
        raise errors.bad_request("invalid object type: /, Kind=")
    if (api_version, kind) != (resource.api_version, resource.kind):
        shown = api_version if "/" in api_version else f"/{api_version}"
        raise errors.bad_request(f"invalid object type: {shown}, Kind={kind}")
    meta = config.get("metadata") or {}
    if meta.get("managedFields"):
        raise errors.bad_request("metadata.managedFields must be nil")
    check_declared(config, node, resource)
    _same_name(config, target)
    _same_namespace(config, target)


def put_scale(admitted: AdmittedStore, target: Target, request: Request, live: Obj) -> Response:
    """update and patch of the Scale subresource: spec.replicas alone."""
    verb = "update" if request.method == "PUT" else "patch"
    options = write_options(request, verb, "scale")
    content_type = request.headers.get("content-type", "").partition(";")[0]
    raw = parse_body(request.body, content_type, "Scale")
    if request.method == "PATCH":
        raw = patched_object(scale_of(live), raw, content_type, kind_of("autoscaling/v1", "Scale"))
    scale = decode_as(raw, "autoscaling/v1", "Scale").obj
    version = scale["metadata"].get("resourceVersion")
    if version and version != live["metadata"]["resourceVersion"]:
        raise errors.conflict(target.resource.key, target.name)
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if replicas < 0:
        message = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise errors.invalid("Scale", "autoscaling", target.name, [("FieldValueInvalid", "spec.replicas", message)])
    changed = {**live, "metadata": dict(live["metadata"]), "spec": {**live["spec"], "replicas": replicas}}
    stored = admitted.update_now(target.resource.storage, changed, options)
    return answer(scale_of(stored))


def _strict(decoded: Decoded, request: Request, options: WriteOptions, resource: Resource) -> None:
    if options.validation == "Ignore":
        return
    problems = [f'duplicate field "{path}"' for path in duplicate_fields(request.body)]
    problems += [f'unknown field "{path}"' for path in decoded.unknown]
    if options.validation == "Warn":
        options.warnings.extend(problems)
    elif problems:
        told = ", ".join(problems)
        subject = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise errors.bad_request(f"{subject}: strict decoding error: {told}")


def _warn(decoded: Decoded, options: WriteOptions) -> None:
    if options.validation != "Ignore":
        options.warnings.extend(f'unknown field "{path}"' for path in decoded.unknown)


def _bad_patch(shown: str, told: str) -> errors.ApiError:
    message = f"Invalid value: {orjson.dumps(shown).decode()}: {told}"
    return errors.invalid("", "", "", [("FieldValueInvalid", "patch", message)])


def _go_map(value: Any) -> str:
    if isinstance(value, dict):
        return "map[" + " ".join(f"{key}:{_go_map(inner)}" for key, inner in sorted(value.items())) + "]"
    if isinstance(value, list):
        return "[" + " ".join(_go_map(inner) for inner in value) + "]"
    return {None: "<nil>", True: "true", False: "false"}.get(value, str(value)) if not isinstance(value, str) else value


def _same_name(obj: Obj, target: Target) -> None:
    name = (obj.get("metadata") or {}).get("name")
    if name and name != target.name:
        raise errors.bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")
    obj.setdefault("metadata", {})["name"] = target.name


def _same_uid(obj: Obj, live: Obj, resource: Resource) -> None:
    given, real = obj["metadata"].get("uid"), live["metadata"]["uid"]
    if given and given != real:
        name = live["metadata"]["name"]
        key = "/".join(filter(None, ("/registry", resource.plural, live["metadata"].get("namespace"), name)))
        told = f"Precondition failed: UID in precondition: {given}, UID in object meta: {real}"
        why = f"StorageError: invalid object, Code: 4, Key: {key}, ResourceVersion: 0, AdditionalErrorMsg: {told}"
        raise errors.conflict(resource.key, name, why)


def _same_namespace(obj: Obj, target: Target) -> None:
    meta = obj.setdefault("metadata", {})
    if not target.resource.namespaced:
        return
    if meta.get("namespace") and meta["namespace"] != target.namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    meta["namespace"] = target.namespace
