"""Addresses that answer without storing, or act on a stored object in a way of their own."""

import base64
from datetime import timedelta
from typing import Any

import orjson

from simcluster import errors
from simcluster.decode import decode_as, parse_body
from simcluster.deletes import evict as evict_pod
from simcluster.http import Request, Response, answer
from simcluster.options import deletion_options
from simcluster.reads import find
from simcluster.resources import Resource
from simcluster.routes import Target
from simcluster.store import Obj, Store

REVIEWS = frozenset(
    ("selfsubjectaccessreviews", "selfsubjectrulesreviews", "subjectaccessreviews", "selfsubjectreviews")
)
RULES: Obj = {
    "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
    "incomplete": False,
}


def is_review(resource: Resource) -> bool:
    return resource.plural in REVIEWS


def review(target: Target, request: Request) -> Response:
    """Everything is allowed here: RBAC objects are stored, not enforced."""
    body = _body(request, target.resource.kind)
    made: Obj = {"kind": target.resource.kind, "apiVersion": target.resource.api_version, "metadata": {}}
    if target.resource.plural == "selfsubjectreviews":
        status: Obj = {
            "userInfo": {"username": "kubernetes-admin", "groups": ["system:masters", "system:authenticated"]}
        }
        return answer({**made, "status": status}, 201)
    if target.resource.plural == "selfsubjectrulesreviews":
        return answer({**made, "spec": body.get("spec") or {}, "status": RULES}, 201)
    return answer({**made, "spec": body.get("spec") or {}, "status": {"allowed": True}}, 201)


def evict(store: Store, target: Target, request: Request) -> Response:
    """pods/eviction: the options lie inside the Eviction."""
    body = decode_as(
        {**_body(request, "Eviction"), "apiVersion": "policy/v1", "kind": "Eviction"}, "policy/v1", "Eviction"
    ).obj
    inner = Request(request.method, request.path, request.query, {}, orjson.dumps(body.get("deleteOptions") or {}))
    return evict_pod(store, target, deletion_options(inner))


def finalize(store: Store, target: Target, request: Request) -> Response:
    """namespaces/finalize: spec.finalizers as given; the namespace goes when none is left."""
    body = _body(request, "Namespace")
    live = find(store, target)
    finalizers = (body.get("spec") or {}).get("finalizers") or []
    changed = {**live, "metadata": dict(live["metadata"]), "spec": {"finalizers": finalizers} if finalizers else {}}
    return answer(store.update("namespaces", changed))


def bind(store: Store, target: Target, request: Request) -> Response:
    """pods/binding: what a scheduler does."""
    node = (_body(request, "Binding").get("target") or {}).get("name", "")
    live = find(store, target)
    if live["spec"].get("nodeName"):
        why = f'pod {target.name} is already assigned to node "{live["spec"]["nodeName"]}"'
        raise errors.conflict("pods/binding", target.name, why)

    def assign(pod: Obj) -> None:
        pod["spec"]["nodeName"] = node

    store.modify("pods", target.namespace, target.name, assign)
    return answer({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201)


def token(store: Store, target: Target, request: Request) -> Response:
    """serviceaccounts/token: a token of the right form; nobody checks it here."""
    body = _body(request, "TokenRequest")
    spec = body.get("spec") or {}
    seconds = int(spec.get("expirationSeconds") or 3600)
    if seconds < 600:
        message = f"Invalid value: {seconds}: may not specify a duration less than 10 minutes"
        raise errors.invalid(
            "TokenRequest", "authentication.k8s.io", "", [("FieldValueInvalid", "spec.expirationSeconds", message)]
        )
    now = store.clock.now()
    expires = now + timedelta(seconds=seconds)
    subject = f"system:serviceaccount:{target.namespace}:{target.name}"
    claims = {"sub": subject, "iat": int(now.timestamp()), "exp": int(expires.timestamp()), "iss": "simcluster"}
    parts = ({"alg": "RS256", "kid": "simcluster"}, claims)
    signed = ".".join(base64.urlsafe_b64encode(orjson.dumps(part)).rstrip(b"=").decode() for part in parts)
    status = {"token": f"{signed}.c2ltY2x1c3Rlcg", "expirationTimestamp": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
    meta = {"name": target.name, "namespace": target.namespace, "creationTimestamp": store.clock.stamp()}
    made = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": meta}
    return answer({**made, "spec": {**spec, "expirationSeconds": seconds}, "status": status}, 201)


def _body(request: Request, kind: str) -> dict[str, Any]:
    if not request.body.strip():
        return {}
    raw = parse_body(request.body, request.headers.get("content-type", ""), kind)
    if not isinstance(raw, dict):
        raise errors.bad_request(f"the object provided is unrecognized (must be of type {kind})")
    return raw
