"""The names by which Berth recognizes its own objects: labels, annotations, fixed object names, and what a name may be.

Pure. Everything that writes to or watches a cluster takes its labels from here, so that one label selector
(`MANAGED`) sees pods, ReplicaSets and EndpointSlices alike.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import quote

from cluster.errors import Invalid
from cluster.specs import Owner

FIELD_MANAGER = "berth"
CONTAINER = "web"
"""The one process type for now; its container's name in every pod."""

LABEL_MANAGED_BY = "app.kubernetes.io/managed-by"
LABEL_NAME = "app.kubernetes.io/name"
LABEL_TEAM = "berth.dev/team"
LABEL_NAMESPACE_ID = "berth.dev/namespace-id"
LABEL_APP = "berth.dev/app"
LABEL_RELEASE = "berth.dev/release"
LABEL_SECRET = "berth.dev/secret"  # noqa: S105
LABEL_SECRET_VERSION = "berth.dev/secret-version"  # noqa: S105
LABEL_VOLUME = "berth.dev/volume"

ANNOTATION_OPERATION = "berth.dev/operation"
ANNOTATION_GENERATION = "berth.dev/generation"

MANAGED = f"{LABEL_MANAGED_BY}={FIELD_MANAGER}"
"""The label selector of every watch."""

QUOTA = "berth"
LIMIT_RANGE = "berth"
POLICY_DENY = "berth-default-deny"
POLICY_SAME_NAMESPACE = "berth-same-namespace"
POLICY_DNS = "berth-dns"

TENANT_ROLES: Mapping[str, str] = {"developer": "berth-tenant-developer", "viewer": "berth-tenant-viewer"}
"""Role in a namespace → the ClusterRole that deploy/ installs for it."""

MAX_LABEL = 63
MAX_SUBDOMAIN = 253

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)

_SECRET_VERSION = re.compile(r"(?P<secret>.+)-v(?P<version>[1-9][0-9]{0,8})", re.ASCII)


def is_label(text: str) -> bool:
    """Whether `text` is a DNS-1123 label (RFC 1123, at most 63 characters): namespaces, apps, claims, containers."""
    return len(text) <= MAX_LABEL and _LABEL.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """Whether `text` is a DNS-1123 subdomain (at most 253 characters): Secrets, pods, storage classes."""
    return len(text) <= MAX_SUBDOMAIN and _SUBDOMAIN.fullmatch(text) is not None


def check_label(text: str, field: str = "name") -> str:
    """`text`, when it is a DNS-1123 label; raises `Invalid` with `field` as the cause otherwise."""
    if not is_label(text):
        raise _not_a_name(text, field, "label")
    return text


def check_subdomain(text: str, field: str = "name") -> str:
    """`text`, when it is a DNS-1123 subdomain; raises `Invalid` with `field` as the cause otherwise."""
    if not is_subdomain(text):
        raise _not_a_name(text, field, "subdomain")
    return text


def segment(text: str) -> str:
    """`text` as one segment of a URL's path: nothing in it can end the segment or climb out of it.

    >>> segment("../nodes?x=1")
    '..%2Fnodes%3Fx%3D1'
    """
    return quote(text, safe="")


def owner_labels(owner: Owner) -> dict[str, str]:
    """The labels that every object of a namespace carries."""
    return {
        LABEL_MANAGED_BY: FIELD_MANAGER,
        LABEL_TEAM: owner.team,
        LABEL_NAMESPACE_ID: owner.namespace_id,
    }


def app_labels(owner: Owner, app: str) -> dict[str, str]:
    """The labels of an app's Service, Deployment and pods; the release comes on top where it belongs."""
    return {**owner_labels(owner), LABEL_NAME: app, LABEL_APP: app}


def app_selector(app: str) -> dict[str, str]:
    """What a Deployment and a Service select by. Immutable in a Deployment: the app's name and nothing else."""
    return {LABEL_APP: app}


def operation_annotations(owner: Owner) -> dict[str, str]:
    """The mark of the operation that wrote an object; empty when no operation did."""
    return {ANNOTATION_OPERATION: owner.operation} if owner.operation else {}


def secret_object(secret: str, version: int) -> str:
    """Name of the immutable Secret that holds one version of a secret.

    >>> secret_object("database", 3)
    'database-v3'
    """
    return bounded(secret, f"-v{version}")


def secret_version(object_name: str) -> tuple[str, int] | None:
    """The secret and the version that an object is of, by its name alone; None for a name of another form.

    >>> secret_version("database-v3"), secret_version("regcred")
    (('database', 3), None)
    """
    found = _SECRET_VERSION.fullmatch(object_name)
    return (found["secret"], int(found["version"])) if found else None


def tenant_group(namespace_id: str, role: str) -> str:
    """The Kubernetes group that a member with `role` acts as in one namespace; `role` is a key of TENANT_ROLES."""
    return f"berth:{namespace_id}:{role}"


def tenant_binding(role: str) -> str:
    """Name of the RoleBinding that gives `tenant_group` its rights."""
    return f"berth-{role}"


def pod_volume(kind: str, name: str) -> str:
    """Name of a volume inside a pod (a DNS-1123 label); `kind` keeps claims and secrets of one name apart.

    >>> pod_volume("claim", "data")
    'claim-data'
    """
    return bounded(f"{kind}-{name}", "")


def bounded(stem: str, suffix: str) -> str:
    """`stem + suffix` within 63 characters; a stem that is too long is cut and told apart by eight hex digits.

    Two different stems never give one name but by a collision of SHA-256 in its first 32 bits.
    """
    if len(stem) + len(suffix) <= MAX_LABEL:
        return stem + suffix
    digest = hashlib.sha256(stem.encode()).hexdigest()[:8]
    kept = stem[: MAX_LABEL - len(suffix) - 9].rstrip("-.")
    return f"{kept}-{digest}{suffix}"


def _not_a_name(text: str, field: str, form: str) -> Invalid:
    message = f"{text[:80]!r} is not a DNS-1123 {form}: small letters, digits and '-', a letter or digit at both ends"
    return Invalid(message, causes={field: message}, status=0)
