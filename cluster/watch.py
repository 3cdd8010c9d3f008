"""What stands in a cluster, kept up to date by one watch a kind.

In layers: `Informer` (some kinds) → `_Kind.run` (for ever, with back-off) → list, then watch → one connection. A watch
that the server ends is taken up where it stopped; 410 and silence mean list again, and a list replaces all: no ghosts
stay, no deletion is missed. Resource versions are opaque and only compared for equality.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from cluster import names, paths
from cluster.cache import Cache, Codec, EventCache
from cluster.connection import Connection
from cluster.errors import ClusterError, Expired, Unavailable
from cluster.pulse import KindHealth, Pulse
from cluster.streams import opened

log = logging.getLogger(__name__)

PAGE = 500
"""Objects a page of a list."""
LIST_SILENCE = 30.0
"""Seconds without a byte after which a list is given up."""
SILENCE = 150.0
"""Seconds without an event after which a watch is taken for dead: the API server sends a bookmark about each minute."""
WATCH_SECONDS = (270, 330)
"""How long the API server is asked to keep a watch open; spread, so that not all are opened anew at once."""
SHORT = 1.0
"""Seconds: a watch that ends earlier, without an error, counts as a fault; it is not asked for in a tight loop."""
RETRY_FIRST, RETRY_MOST = 0.2, 30.0
"""Seconds between two tries while the cluster does not answer."""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `object` is what stands now (of DELETED: what stood last), `old` what stood before.

    SYNCED: a kind was listed to its end; it names no object, and comes again after each new list.
    """

    kind: str
    type: Literal["ADDED", "MODIFIED", "DELETED", "SYNCED"]
    namespace: str = ""
    name: str = ""
    object: Any = None
    old: Any = None


class Informer:
    """A cache of the managed objects of one cluster, of `kinds` (keys of `cluster.pruned.TYPES`, unless `raw`).

    Everything on one event loop.

    `on_change` is called on the loop after the cache holds the change, and must not block. `raw`: objects are whole
    dicts (without managedFields) instead of `cluster.pruned` Structs. Events have no label: all are watched, those of
    managed namespaces are held, the newest 20 of each object. `pulse` is told when a watch opens or breaks.
    """

    def __init__(
        self,
        connection: Connection,
        kinds: Iterable[str],
        *,
        on_change: Callable[[Change], None],
        raw: bool = False,
        silence: float | None = None,
        pulse: Pulse | None = None,
    ) -> None:
        self.synced = asyncio.Event()
        self._on_change = on_change
        silence = SILENCE if silence is None else silence
        self.answered = asyncio.Event()  # set for a moment only: see `hurry`
        self._kinds = {kind: _Kind(self, connection, kind, raw=raw, silence=silence) for kind in kinds}
        self._namespaces = self._kinds.get("Namespace")
        if "Event" in self._kinds and self._namespaces is None:
            self._namespaces = _Kind(self, connection, "Namespace", raw=raw, silence=silence, told=False)
        self._everything = set(self._kinds.values()) | ({self._namespaces} if self._namespaces else set())
        self._pulse = pulse
        if pulse is not None:
            pulse.feel(self)

    async def run(self) -> None:
        """Lists and watches until cancelled. Never raises for the cluster's faults."""
        self.turned()
        async with asyncio.TaskGroup() as group:
            for kind in self._everything:
                group.create_task(kind.run(), name=f"watch {kind.kind}")

    def get(self, kind: str, namespace: str, name: str) -> Any | None:
        """One object, or None. Of kinds without a namespace, `namespace` is ""."""
        return self._kinds[kind].cache.get(namespace, name)

    def objects(self, kind: str, namespace: str) -> list[Any]:
        """The objects of one kind in one namespace ("" for kinds without)."""
        return self._kinds[kind].cache.objects(namespace)

    def health(self) -> dict[str, KindHealth]:
        """Kind → how true its cache is."""
        return {kind.kind: kind.health() for kind in self._everything}

    def turned(self) -> None:
        """A watch opened or broke."""
        if self._pulse is not None:
            self._pulse.look()

    def hurry(self) -> None:
        """The cluster answered somebody: watches that wait to be opened again do not wait longer."""
        self.answered.set()
        self.answered.clear()

    async def namespaces_known(self) -> None:
        """Waits until the managed namespaces are listed."""
        if self._namespaces is not None:
            await self._namespaces.synced.wait()

    def manages(self, namespace: str) -> bool:
        """Whether a namespace is one of ours."""
        return self._namespaces is None or self._namespaces.cache.get("", namespace) is not None

    def tell(self, change: Change) -> None:
        """Hands a change on; a fault of the listener is its own and never stops the watch."""
        if change.type == "SYNCED" and all(kind.synced.is_set() for kind in self._kinds.values()):
            self.synced.set()
        try:
            self._on_change(change)
        except Exception:
            log.exception("listener failed on %s %s %s/%s", change.type, change.kind, change.namespace, change.name)


class _Frame(msgspec.Struct, gc=False):
    type: str
    object: msgspec.Raw


class _Metadata(msgspec.Struct, rename="camel", gc=False):
    resource_version: str = ""


class _Bookmark(msgspec.Struct, gc=False):
    metadata: _Metadata


class _Trouble(msgspec.Struct, gc=False):
    """The Status object of an ERROR frame."""

    code: int = 0
    message: str = ""
    reason: str = ""


_FRAME = msgspec.json.Decoder(_Frame)
_BOOKMARK = msgspec.json.Decoder(_Bookmark)
_TROUBLE = msgspec.json.Decoder(_Trouble)


class _Kind:
    """The watch of one kind."""

    def __init__(
        self, informer: Informer, connection: Connection, kind: str, *, raw: bool, silence: float, told: bool = True
    ) -> None:
        self.kind = kind
        self.cache: Cache = EventCache() if kind == "Event" else Cache()
        self.synced = asyncio.Event()
        self._informer = informer
        self._connection = connection
        self._codec = Codec(kind, raw=raw)
        self._silence = silence
        self._told = told
        self._path = paths.collection(kind)
        self._query = {} if kind == "Event" else {"labelSelector": names.MANAGED}
        self._version = ""  # where the next watch begins; empty: list first
        self._connected = False
        self._last_contact: datetime | None = None
        self._error = ""
        self._wait = RETRY_FIRST

    def health(self) -> KindHealth:
        return KindHealth(self.synced.is_set(), self._connected, self._last_contact, self._error)

    async def run(self) -> None:
        """For ever: whatever the cluster answers, it is asked again, ever more slowly while it fails."""
        if self.kind == "Event":
            await self._informer.namespaces_known()
        while True:
            failed = True
            try:
                if not self._version:
                    await self._list()
                await self._watch()
                failed = False
            except ClusterError as error:
                self._error = error.message
                if isinstance(error, Expired) or error.reason == "Silent":
                    self._version = ""
                log.info("watch of %s: %s", self.kind, error.message)
            except msgspec.DecodeError as error:
                self._error, self._version = f"unreadable answer: {error}", ""
                log.warning("watch of %s: unreadable answer: %s", self.kind, error)
            self._connected = False
            self._informer.turned()
            if failed:
                await self._rest()

    async def _rest(self) -> None:
        """The pause between two tries, ever longer; cut short when the cluster answers another watch meanwhile."""
        wait = self._wait * random.uniform(0.5, 1.0)  # noqa: S311
        self._wait = min(RETRY_MOST, 2 * self._wait)
        await asyncio.sleep(min(wait, SHORT))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, wait - SHORT)):
                await self._informer.answered.wait()

    # -- list

    async def _list(self) -> None:
        """Reads everything and makes the cache equal to it."""
        found: list[Any] = []
        query = {**self._query, "limit": str(PAGE)}
        while True:
            items, metadata = self._codec.page(await self._read(query))
            found += items
            self._heard()
            if not metadata.continue_:
                break
            query["continue"] = metadata.continue_
        self._replace(found)
        self._version = metadata.resource_version
        self.synced.set()
        self._tell(Change(self.kind, "SYNCED"))

    async def _read(self, query: dict[str, str]) -> bytes:
        async with opened(self._connection, self._path, query, silence=LIST_SILENCE) as chunks:
            return b"".join([chunk async for chunk in chunks])

    def _replace(self, found: list[Any]) -> None:
        seen = {self._codec.key(one): one for one in found}
        for key in [key for key in self.cache.keys() if key not in seen]:  # noqa: SIM118
            self._gone(key)
        for one in found:
            self._stands(one)

    # -- watch

    async def _watch(self) -> None:
        """One connection, until the server ends it. Raises Expired when its place in history is gone."""
        query = {
            **self._query,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(random.randint(*WATCH_SECONDS)),  # noqa: S311
        }
        started = asyncio.get_running_loop().time()
        async with opened(self._connection, self._path, query, silence=self._silence) as chunks:
            self._connected = True
            self._heard()
            self._informer.turned()
            self._informer.hurry()
            async for line in _lines(chunks):
                self._frame(line)
        if asyncio.get_running_loop().time() - started < SHORT:
            raise Unavailable("the watch ended at once", reason="Short")
        self._wait = RETRY_FIRST

    def _frame(self, line: bytes) -> None:
        frame = _FRAME.decode(line)
        if frame.type == "ERROR":
            trouble = _TROUBLE.decode(frame.object)
            kind = Expired if trouble.code == 410 else Unavailable
            raise kind(trouble.message, status=trouble.code, reason=trouble.reason)
        self._heard()
        self._wait = RETRY_FIRST
        if frame.type == "BOOKMARK":
            self._version = _BOOKMARK.decode(frame.object).metadata.resource_version
        else:
            found = self._codec.one(frame.object)
            self._version = self._codec.version(found)
            if frame.type == "DELETED":
                self._gone(self._codec.key(found), found)
            else:
                self._stands(found)

    def _stands(self, found: Any) -> None:
        key = self._codec.key(found)
        if self.kind == "Event" and not self._informer.manages(key[0]):
            return
        before = self.cache.get(*key)
        if before is not None and self._codec.version(before) == self._codec.version(found):
            return
        self.cache.put(key, found)
        self._tell(Change(self.kind, "MODIFIED" if before is not None else "ADDED", *key, found, before))

    def _gone(self, key: tuple[str, str], last: Any = None) -> None:
        old = self.cache.drop(key)
        if old is not None:
            self._tell(Change(self.kind, "DELETED", *key, old if last is None else last, old))

    def _heard(self) -> None:
        self._last_contact = datetime.now(UTC)
        self._error = ""

    def _tell(self, change: Change) -> None:
        if self._told:
            self._informer.tell(change)


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines of a stream, however long; a last one without its end was cut and is left out."""
    parts: list[bytes] = []
    async for chunk in chunks:
        end = chunk.rfind(b"\n")
        if end < 0:
            parts.append(chunk)
            continue
        whole = b"".join([*parts, chunk[:end]])
        parts = [chunk[end + 1 :]]
        for line in whole.split(b"\n"):
            if line:
                yield line
