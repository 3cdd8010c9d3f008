"""What an informer holds: objects by kind, namespace and name, pruned or whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import msgspec

from cluster.pruned import TYPES

EVENTS_PER_OBJECT = 20
"""How many of the newest events are kept of one object: a crashing pod makes them for ever."""

Key = tuple[str, str]
"""(namespace, name); the namespace of a cluster-wide object is ""."""


class ListMeta(msgspec.Struct, rename="camel", gc=False):
    resource_version: str = ""
    continue_: str = msgspec.field(default="", name="continue")


class Codec:
    """Decodes one kind from the wire: into its pruned Struct, or whole without the notes of field managers."""

    def __init__(self, kind: str, *, raw: bool) -> None:
        self.kind = kind
        self.raw = raw
        shape: Any = dict[str, Any] if raw else TYPES[kind]
        page = msgspec.defstruct("Page", [("metadata", ListMeta), ("items", list[shape] | None, None)])
        self._page = msgspec.json.Decoder(page)
        self._object = msgspec.json.Decoder(shape)

    def page(self, body: bytes) -> tuple[list[Any], ListMeta]:
        """A list's items, and what its metadata says. Raises msgspec.DecodeError."""
        found: Any = self._page.decode(body)
        items = found.items or []
        return [self._trimmed(item) for item in items], found.metadata

    def one(self, body: bytes | msgspec.Raw) -> Any:
        return self._trimmed(self._object.decode(body))

    def key(self, found: Any) -> Key:
        if self.raw:
            metadata = found["metadata"]
            return metadata.get("namespace", ""), metadata["name"]
        return found.metadata.namespace, found.metadata.name

    def version(self, found: Any) -> str:
        version: str = found["metadata"]["resourceVersion"] if self.raw else found.metadata.resource_version
        return version

    def _trimmed(self, found: Any) -> Any:
        if self.raw:
            found["metadata"].pop("managedFields", None)
        return found


class Cache:
    """The objects of one kind, by namespace."""

    def __init__(self) -> None:
        self._spaces: dict[str, dict[str, Any]] = defaultdict(dict)

    def get(self, namespace: str, name: str) -> Any | None:
        return self._spaces[namespace].get(name) if namespace in self._spaces else None

    def objects(self, namespace: str) -> list[Any]:
        return list(self._spaces[namespace].values()) if namespace in self._spaces else []

    def put(self, key: Key, found: Any) -> Any | None:
        """Answers what stood there before."""
        old = self._spaces[key[0]].get(key[1])
        self._spaces[key[0]][key[1]] = found
        return old

    def drop(self, key: Key) -> Any | None:
        """Answers what stood there."""
        space = self._spaces.get(key[0])
        if space is None:
            return None
        old = space.pop(key[1], None)
        if not space:
            del self._spaces[key[0]]
        return old

    def keys(self) -> Iterator[Key]:
        for namespace, space in self._spaces.items():
            for name in space:
                yield namespace, name

    def __len__(self) -> int:
        return sum(map(len, self._spaces.values()))


class EventCache(Cache):
    """Events, at most EVENTS_PER_OBJECT of each object that they speak of: the oldest go first."""

    def __init__(self) -> None:
        super().__init__()
        self._of: dict[tuple[str, str, str], dict[str, None]] = {}

    def put(self, key: Key, found: Any) -> Any | None:
        old = super().put(key, found)
        held = self._of.setdefault(_spoken_of(key[0], found), {})
        held.pop(key[1], None)
        held[key[1]] = None
        if len(held) > EVENTS_PER_OBJECT:
            oldest = next(iter(held))
            del held[oldest]
            super().drop((key[0], oldest))
        return old

    def drop(self, key: Key) -> Any | None:
        old = super().drop(key)
        if old is not None:
            about = _spoken_of(key[0], old)
            held = self._of.get(about, {})
            held.pop(key[1], None)
            if not held:
                self._of.pop(about, None)
        return old


def _spoken_of(namespace: str, event: Any) -> tuple[str, str, str]:
    if isinstance(event, dict):
        about = event.get("involvedObject", {})
        return namespace, about.get("kind", ""), about.get("name", "")
    return namespace, event.involved_object.kind, event.involved_object.name
