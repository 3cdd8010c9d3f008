"""watch: a stream of events from a resourceVersion on, with bookmarks, WatchList and 410 as an ERROR event."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson

from simcluster import errors
from simcluster.http import Request, Response
from simcluster.reads import matcher, metadata_only, version_number, wanted_form
from simcluster.resources import Resource
from simcluster.routes import Target
from simcluster.store import Event, Obj, Store
from simcluster.tables import table
from simcluster.views import as_served

BOOKMARK_EVERY = 60.0
BEFORE_END = 2.0
"""Seconds before its time is up that a watch gets a last bookmark."""
LONGEST = 1800.0
Shape = Callable[[Obj], Any]


def watch(store: Store, target: Target, request: Request) -> Response:
    """A stream of JSON lines. The first events are there before this returns, so nothing between is missed."""
    stream = WatchStream(store, target, request)
    return Response(content_type="application/json", stream=stream.lines())


class WatchStream:
    """One watcher: its filter, its form and the events that wait to be written."""

    def __init__(self, store: Store, target: Target, request: Request):
        self.store = store
        self.resource = target.resource
        self.storage = target.resource.storage
        self.namespace = target.namespace
        self.name = target.name
        self.match = matcher(target.resource, request)
        self.shape = _shape(target.resource, wanted_form(request), request)
        self.bookmarks = request.flag("allowWatchBookmarks")
        self.timeout = float(request.number("timeoutSeconds") or 0) or LONGEST
        self.waiting: deque[bytes] = deque()
        self.ready = asyncio.Event()
        self.ended = False
        self.sent = store.version
        self._begin(request)

    async def lines(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self.timeout
        bookmark = _next_bookmark(loop.time(), end)
        try:
            while True:
                if self.waiting:
                    chunk = b"".join(self.waiting)
                    self.waiting.clear()
                    yield chunk
                    continue
                if self.ended or loop.time() >= end:
                    return
                if loop.time() >= bookmark:
                    bookmark = _next_bookmark(loop.time(), end)
                    self._bookmark({})
                    continue
                self.ready.clear()
                try:
                    async with asyncio.timeout(min(end, bookmark) - loop.time()):
                        await self.ready.wait()
                except TimeoutError:
                    continue
        finally:
            self.close()

    def close(self) -> None:
        if self._hear in self.store.listeners:
            self.store.listeners.remove(self._hear)

    def _begin(self, request: Request) -> None:
        text = request.query.get("resourceVersion", "")
        if request.query.get("sendInitialEvents"):
            _check_initial(request)
        initial = request.flag("sendInitialEvents")
        if initial or (not request.query.get("sendInitialEvents") and text in ("", "0")):
            for obj in self.store.list(self.storage, self.namespace):
                if self._sees(obj):
                    self._say("ADDED", obj)
            if initial:
                self._bookmark({"annotations": {"k8s.io/initial-events-end": "true"}})
        elif text not in ("", "0"):
            try:
                missed = self.store.events_since(self.storage, version_number(text))
            except errors.ApiError as error:
                if error.code != 410:
                    raise
                self.waiting.append(orjson.dumps({"type": "ERROR", "object": error.status}) + b"\n")
                self.ended = True
                return
            for event in missed:
                self._hear(event)
        self.store.listeners.append(self._hear)

    def _hear(self, event: Event) -> None:
        self.sent = event.version
        if event.resource != self.storage or not self._concerns(event.obj):
            return
        now = event.type != "DELETED" and (self.match is None or self.match(event.obj))
        before = event.old is not None and (self.match is None or self.match(event.old))
        if not now and not before:
            return
        kind = "MODIFIED" if now and before else "ADDED" if now else "DELETED"
        obj = event.obj
        if kind == "DELETED" and event.type != "DELETED" and event.old is not None:
            meta = {**event.old["metadata"], "resourceVersion": event.obj["metadata"]["resourceVersion"]}
            obj = {**event.old, "metadata": meta}
        if self.shape is None and obj is event.obj:
            self.waiting.append(b'{"type":"%b","object":%b}\n' % (kind.encode(), event.json))
        else:
            self._say(kind, obj)
        self.ready.set()

    def _concerns(self, obj: Obj) -> bool:
        meta = obj["metadata"]
        if self.namespace and meta.get("namespace") != self.namespace:
            return False
        return not self.name or meta["name"] == self.name

    def _sees(self, obj: Obj) -> bool:
        return self._concerns(obj) and (self.match is None or self.match(obj))

    def _say(self, kind: str, obj: Obj) -> None:
        shown = obj if self.shape is None else self.shape(obj)
        self.waiting.append(orjson.dumps({"type": kind, "object": shown}) + b"\n")
        self.ready.set()

    def _bookmark(self, meta: Obj) -> None:
        if not self.bookmarks:
            return
        version = str(max(self.sent, self.store.version))
        shown = {
            "kind": self.resource.kind,
            "apiVersion": self.resource.api_version,
            "metadata": {"resourceVersion": version, **meta},
        }
        self.waiting.append(orjson.dumps({"type": "BOOKMARK", "object": shown}) + b"\n")
        self.ready.set()


def _next_bookmark(now: float, end: float) -> float:
    due = min(now + BOOKMARK_EVERY, end - BEFORE_END)
    return due if due > now else end


def _shape(resource: Resource, form: str, request: Request) -> Shape | None:
    """How each object is shown; None: as it is stored."""
    if form == "Table":
        include = request.query.get("includeObject", "")
        first = [True]

        def row(obj: Obj) -> Obj:
            made = table(resource, [as_served(obj, resource)], obj["metadata"], include, columns=first[0])
            first[0] = False
            return made

        return row
    if form:
        return metadata_only
    return (lambda obj: as_served(obj, resource)) if resource.stored_as else None


def _check_initial(request: Request) -> None:
    if request.query.get("resourceVersionMatch") != "NotOlderThan":
        message = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        cause = ("FieldValueForbidden", "resourceVersionMatch", message)
        raise errors.invalid("ListOptions", "meta.k8s.io", "", [cause])
