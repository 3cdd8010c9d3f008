"""What every pruned object is made of."""

from __future__ import annotations

from datetime import datetime
from sys import intern

import msgspec


class Part(msgspec.Struct, rename="camel", gc=False, frozen=True):
    """Base of everything here: immutable, in the API's spelling on the wire, without reference cycles."""


def share(found: Part, *fields: str) -> None:
    """Keeps texts that thousands of objects have in common once: namespaces, types, reasons, images."""
    for field in fields:
        msgspec.structs.force_setattr(found, field, intern(getattr(found, field)))


class Owner(Part, frozen=True):
    kind: str = ""
    name: str = ""
    uid: str = ""


class Reference(Part, frozen=True):
    """What an event speaks of, or an endpoint leads to."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class Metadata(Part, frozen=True):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    owner_references: tuple[Owner, ...] = ()

    def __post_init__(self) -> None:
        share(self, "namespace")
        for key, value in self.labels.items():
            self.labels[key] = intern(value)


class Object(Part, frozen=True):
    """Any object: what its metadata says, within reach."""

    metadata: Metadata

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def labels(self) -> dict[str, str]:
        return self.metadata.labels

    @property
    def annotations(self) -> dict[str, str]:
        return self.metadata.annotations


class Condition(Part, frozen=True):
    type: str
    status: str
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None

    def __post_init__(self) -> None:
        share(self, "type", "status", "reason")
