"""What the domain asks of a cluster, and what the cluster answers, as frozen dataclasses.

Quantities are integers in one unit each, so that no two spellings of one amount can differ: CPU in
millicores, memory and storage in bytes. `cluster.manifests` writes them in Kubernetes' canonical form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose an object is: becomes the labels every managed object carries (`cluster.names.owner_labels`)."""

    team: str  # slug
    namespace_id: str  # primary key of the namespace row, as text
    operation: str = ""  # id of the operation that wrote it: adopts an object whose creation's answer was lost


# -- namespaces ---------------------------------------------------------------------------------------


STANDARD = ("cpu", "memory", "storage", "pods", "claims", "services", "secrets")
"""What every namespace's quota bounds: the fields of `Limits`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """A namespace's hard limits: CPU in millicores, memory and storage in bytes, the rest counts.

    `more` is what a cluster has beside them, by the ResourceQuota's own name: `requests.nvidia.com/gpu` (a count),
    `fast.storageclass.storage.k8s.io/requests.storage` (bytes).
    """

    cpu: int
    memory: int
    storage: int
    pods: int
    claims: int
    services: int
    secrets: int
    more: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContainerDefaults:
    """LimitRange of a namespace: what a container gets that says nothing, and the most that one may ask for."""

    request_cpu: int  # millicores
    request_memory: int  # bytes
    limit_memory: int  # bytes
    max_cpu: int
    max_memory: int


@dataclass(frozen=True, slots=True)
class NamespaceSpec:
    name: str  # the name in the cluster
    owner: Owner
    limits: Limits
    defaults: ContainerDefaults


@dataclass(frozen=True, slots=True)
class Part:
    """One condition of a thing that is made of several: what `Namespace.conditions` keeps.

    `type` is its name (a namespace's are `cluster.tenancy.PARTS`), `status` "True", "False" or "Unknown" as in
    Kubernetes.
    """

    type: str
    status: str
    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class NamespaceOutcome:
    uid: str
    parts: tuple[Part, ...]  # as `cluster.tenancy.PARTS`, in this order

    @property
    def ready(self) -> bool:
        return all(part.status == "True" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is still in a namespace that is being deleted."""

    gone: bool
    kinds: Mapping[str, int] = field(default_factory=dict)  # "Pod" → 3
    finalizers: tuple[str, ...] = ()  # "persistentvolumeclaims/data: kubernetes.io/pvc-protection"
    retained: tuple[str, ...] = ()  # names of claims whose volumes the reclaim policy Retain keeps
    message: str = ""  # the cluster's own words from the namespace's conditions


# -- apps -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SecretRef:
    """One key of a secret as it stands in one immutable version: `object_name` is the Secret in the cluster."""

    object_name: str
    key: str


@dataclass(frozen=True, slots=True)
class SecretFiles:
    """Keys of a secret as read-only files below `path`; each key may stand in another version."""

    name: str  # DNS-1123, of the volume in the pod
    path: str
    items: tuple[SecretRef, ...]


@dataclass(frozen=True, slots=True)
class VolumeMount:
    claim: str
    path: str


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """`kind` is "http", "tcp" or "none". Readiness asks every `period` s; a start may take `start_seconds`."""

    kind: str = "none"
    path: str = "/"
    period: int = 5
    start_seconds: int = 60
    liveness: bool = False


@dataclass(frozen=True, slots=True)
class AppSpec:
    name: str
    namespace: str
    owner: Owner
    release: int
    generation: int
    image: str
    port: int | None  # None: nobody reaches it, no Service
    replicas: int
    cpu: int  # millicores: request; there is no CPU limit
    memory: int  # bytes: request and limit
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    secret_env: Mapping[str, SecretRef] = field(default_factory=dict)
    secret_files: tuple[SecretFiles, ...] = ()
    volumes: tuple[VolumeMount, ...] = ()
    health: HealthCheck = field(default_factory=HealthCheck)
    pull_secret: str = ""  # a Secret in the cluster
    one_node: bool = False  # pods stay together and the old ones end before new ones start
    progress_deadline: int = 600  # seconds


# -- volumes and secrets --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VolumeSpec:
    name: str
    namespace: str
    owner: Owner
    size: int  # bytes
    storage_class: str = ""  # empty: the cluster's default
    access_mode: str = "ReadWriteOnce"


@dataclass(frozen=True, slots=True)
class SecretSpec:
    """One immutable version of some keys. Never logged: `repr` leaves the values out."""

    name: str  # of the object in the cluster, "database-v3"
    secret: str  # of the secret that people see, "database"
    namespace: str
    owner: Owner
    version: int
    type: str = "Opaque"
    values: Mapping[str, bytes] = field(default_factory=dict, repr=False)


# -- what the cluster says ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StorageClass:
    name: str
    default: bool
    expands: bool
    waits: bool  # binds only when the first pod needs it (WaitForFirstConsumer)
    retains: bool


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    version: str  # "v1.37.2"
    storage_classes: tuple[StorageClass, ...]
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Room:
    """What schedulable nodes have for pods: CPU in millicores, memory in bytes, all else counted."""

    nodes: int
    allocatable: Mapping[str, int]
