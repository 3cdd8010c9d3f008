"""Which resource, verb and name an address means."""

from dataclasses import dataclass

from simcluster import errors
from simcluster.http import Request
from simcluster.resources import BY_ROUTE, Resource, subresources

_PLAIN = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Target:
    """`verb` is as RBAC names it: get, list, watch, create, update, patch, delete, deletecollection."""

    resource: Resource
    verb: str
    namespace: str
    name: str
    subresource: str


def target_of(request: Request) -> Target:
    """Raises 404 for what is not served, 405 for what this resource cannot do."""
    segments = request.segments
    if segments[0] == "apis":
        group, version, rest = segments[1], segments[2], segments[3:]
    else:
        group, version, rest = "", segments[1], segments[2:]
    namespace = ""
    if len(rest) >= 3 and rest[0] == "namespaces" and (group, version, rest[2]) in BY_ROUTE:
        namespace, rest = rest[1], rest[2:]
    elif len(rest) >= 3 and rest[0] == "namespaces" and not (group == "" and rest[2] in ("status", "finalize")):
        raise errors.page_not_found()
    resource = BY_ROUTE.get((group, version, rest[0]))
    if resource is None or len(rest) > 3 or (namespace and not resource.namespaced):
        raise errors.page_not_found()
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    if name and resource.namespaced and not namespace:
        raise errors.page_not_found()
    verb = _verb(request, name)
    _allowed(resource, verb, namespace, name, subresource)
    return Target(resource, verb, namespace, name, subresource)


def _verb(request: Request, name: str) -> str:
    verb = _PLAIN.get(request.method, "")
    if (verb == "get" and not name) or (verb == "get" and request.flag("watch")):
        return "watch" if request.flag("watch") else "list"
    if verb == "delete" and not name:
        return "deletecollection"
    return verb


def _allowed(resource: Resource, verb: str, namespace: str, name: str, subresource: str) -> None:
    if subresource:
        known = subresources(resource).get(subresource)
        if known is None:
            raise errors.page_not_found()
        if verb not in known[2]:
            raise errors.method_not_allowed()
    elif (
        verb not in resource.verbs
        or (verb == "create" and name)
        or (verb in ("update", "patch") and not name)
        or (verb in ("create", "deletecollection") and resource.namespaced and not namespace)
    ):
        raise errors.method_not_allowed()
