"""The ASGI application: one request in, one answer or stream out."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any

from simcluster import deletes, discovery, errors, reads, reviews, watch, writes
from simcluster.admission import AdmittedStore
from simcluster.faults import Faults
from simcluster.http import Receive, Request, Response, Scope, Send, answer, failure, read, text, write
from simcluster.kubelet_door import PodLogs
from simcluster.routes import Target, target_of
from simcluster.store import Obj, Store
from simcluster.views import scale_of

log = logging.getLogger(__name__)
DIRECT: dict[str, Callable[[Store, Target, Request], Response]] = {
    "get": reads.get,
    "list": reads.list_,
    "watch": watch.watch,
    "delete": deletes.delete,
    "deletecollection": deletes.delete_collection,
}
WRITES: dict[str, Callable[[AdmittedStore, Target, Request], Response]] = {
    "create": writes.create,
    "update": writes.update,
    "patch": writes.patch,
}
ACTIONS: dict[str, Callable[[Store, Target, Request], Response]] = {
    "binding": reviews.bind,
    "eviction": reviews.evict,
    "finalize": reviews.finalize,
    "token": reviews.token,
}
HEALTH = frozenset((("healthz",), ("readyz",), ("livez",)))


class App:
    """Routes requests to the handlers; `logs` is whoever holds the containers' logs."""

    def __init__(self, store: Store, admitted: AdmittedStore, faults: Faults, logs: PodLogs | None):
        self.store = store
        self.admitted = admitted
        self.faults = faults
        self.logs = logs

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _refuse_socket(receive, send)
            return
        try:
            request = await read(scope, receive)
        except ConnectionResetError:
            return
        transport = scope["extensions"]["simcluster.transport"]
        fault = None if request.path.startswith("/_faults") else self.faults.meet(request)
        if fault is not None and await fault.before(transport):
            return
        response = await self._answer(request, scope) if fault is None or not fault.refusal else fault.refusal()
        if fault is not None and fault.after(transport):
            return
        if response.stream is not None and fault is not None:
            response.stream = fault.cut(response.stream, transport)
        await write(response, request, send)
        if response.stream is not None:
            await _pump(response.stream, receive, send)

    async def _answer(self, request: Request, scope: Scope) -> Response:
        try:
            return await self._handle(request, scope)
        except errors.ApiError as error:
            return failure(error)
        except Exception as error:  # whatever it was: an API server answers 500 and lives on
            log.exception("%s %s failed", request.method, request.path)
            return failure(errors.internal(f"{type(error).__name__}: {error}"))

    async def _handle(self, request: Request, scope: Scope) -> Response:
        segments = request.segments
        if not segments:
            return discovery.paths()
        if tuple(segments[:1]) in HEALTH:
            return text("ok")
        if segments[0] == "_faults":
            return self.faults.control(request)
        found = discovery.discover(request, dict(scope["headers"]).get(b"host", b"").decode())
        if found is not None:
            return found
        if segments[0] not in ("api", "apis") or len(segments) < (3 if segments[0] == "api" else 4):
            return text("404 page not found\n", 404)
        return await self._resource(target_of(request), request)

    async def _resource(self, target: Target, request: Request) -> Response:
        if target.subresource not in ("", "status"):
            return await self._subresource(target, request)
        if reviews.is_review(target.resource):
            return reviews.review(target, request)
        act = DIRECT.get(target.verb)
        if act is not None:
            return act(self.store, target, request)
        return WRITES[target.verb](self.admitted, target, request)

    async def _subresource(self, target: Target, request: Request) -> Response:
        live = reads.find(self.store, target)
        if target.subresource == "scale":
            if target.verb == "get":
                return answer(scale_of(live))
            return writes.put_scale(self.admitted, target, request, live)
        if target.subresource == "log":
            return await self._log(target, request, live)
        return ACTIONS[target.subresource](self.store, target, request)

    async def _log(self, target: Target, request: Request, pod: Obj) -> Response:
        if self.logs is None:
            raise errors.internal("no kubelet runs here")
        chunks = self.logs.log(target.namespace, target.name, request.query)
        if chunks is None:
            return Response(status=204)
        if not (pod.get("spec") or {}).get("nodeName"):
            async for chunk in chunks:
                return Response(content_type="text/plain", stream=_after(chunk, chunks))
            return Response(204)
        first = await anext(chunks, b"")
        return Response(content_type="text/plain", stream=_after(first, chunks))


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for chunk in rest:
        yield chunk


async def _pump(stream: AsyncIterator[bytes], receive: Receive, send: Send) -> None:
    """Write a stream until it ends or the client goes; either way the stream is closed."""
    gone = asyncio.ensure_future(_disconnected(receive))
    writing = asyncio.ensure_future(_write_all(stream, send))
    try:
        await asyncio.wait((gone, writing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (gone, writing):
            task.cancel()
        await asyncio.gather(gone, writing, return_exceptions=True)
        close: Any = getattr(stream, "aclose", None)
        if close is not None:
            await close()
    if not writing.cancelled():
        await send({"type": "http.response.body", "body": b""})


async def _write_all(stream: AsyncIterator[bytes], send: Send) -> None:
    async for chunk in stream:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _refuse_socket(receive: Receive, send: Send) -> None:
    """Shells are not simulated: an upgrade is answered with 403 and the lifespan is not spoken."""
    message = await receive()
    if message["type"] == "websocket.connect":
        await send({"type": "websocket.close", "code": 1000})
