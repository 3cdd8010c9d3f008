"""Faults on demand: lost replies, conflicts, throttling, errors, silence and cut streams.

`POST /_faults` with {"match": {...}, "kind": ..., "times": n} adds one, `GET` lists them, `DELETE` clears them.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson

from simcluster import errors
from simcluster.http import Request, Response, answer, failure
from simcluster.routes import target_of

KINDS = ("lost_reply", "conflict", "throttle", "error", "hang", "cut")
Obj = dict[str, Any]


@dataclass
class Fault:
    """`times` requests that fit `match` (verb, resource, namespace, name, subresource) meet it; 0: all of them."""

    kind: str
    match: dict[str, str] = field(default_factory=dict)
    times: int = 1
    after_bytes: int = 0
    retry_after: int = 1
    code: int = 500
    met: int = 0

    @property
    def refusal(self) -> Callable[[], Response] | None:
        """Makes the answer that stands in for the handler's; None when the request is handled."""
        return self._refuse if self.kind in ("conflict", "throttle", "error") else None

    def _refuse(self) -> Response:
        if self.kind == "conflict":
            return failure(errors.conflict(self.match.get("resource", "objects"), self.match.get("name", "")))
        if self.kind == "throttle":
            message = "the server has received too many requests and has asked us to try again later"
            return failure(errors.too_many_requests(message, self.retry_after))
        if self.code == 500:
            return failure(errors.internal("etcdserver: request timed out"))
        return failure(
            errors.ApiError(self.code, "ServiceUnavailable", "the server is currently unable to handle the request")
        )

    async def before(self, transport: asyncio.Transport) -> bool:
        """Say nothing for as long as the client stays. True when the request is over."""
        if self.kind != "hang":
            return False
        while not transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return True

    def after(self, transport: asyncio.Transport) -> bool:
        """Close without the answer to what was just done. True when the request is over."""
        if self.kind != "lost_reply":
            return False
        transport.abort()
        return True

    async def cut(self, stream: AsyncIterator[bytes], transport: asyncio.Transport) -> AsyncIterator[bytes]:
        """The stream up to `after_bytes`, then a broken connection."""
        if self.kind != "cut":
            async for chunk in stream:
                yield chunk
            return
        left = self.after_bytes
        async for chunk in stream:
            if left > 0:
                yield chunk[:left]
            left -= len(chunk)
            if left <= 0:
                break
        await asyncio.sleep(0.05)
        transport.abort()


class Faults:
    """The faults that wait for their requests, oldest first."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, kind: str, match: dict[str, str] | None = None, **more: Any) -> Fault:
        """Raises ValueError on an unknown kind."""
        if kind not in KINDS:
            raise ValueError(f"fault {kind} is none of {', '.join(KINDS)}")
        fault = Fault(kind, match or {}, **more)
        self.waiting.append(fault)
        return fault

    def clear(self) -> None:
        self.waiting.clear()

    def meet(self, request: Request) -> Fault | None:
        """The fault that this request meets, used up by one."""
        if not self.waiting:
            return None
        seen = _seen(request)
        for fault in self.waiting:
            if all(seen.get(key) == value for key, value in fault.match.items()):
                fault.met += 1
                if fault.met == fault.times:
                    self.waiting.remove(fault)
                return fault
        return None

    def control(self, request: Request) -> Response:
        """The /_faults address."""
        if request.method == "DELETE":
            self.clear()
        elif request.method == "POST":
            try:
                body: Obj = orjson.loads(request.body)
                self.add(body.pop("kind"), body.pop("match", None), **body)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise errors.bad_request(f"no such fault: {error}") from error
        shown = [
            {"kind": fault.kind, "match": fault.match, "times": fault.times, "met": fault.met} for fault in self.waiting
        ]
        return answer({"faults": shown})


def _seen(request: Request) -> dict[str, str]:
    try:
        target = target_of(request)
    except (errors.ApiError, IndexError, ValueError):
        return {"path": request.path}
    found = {"verb": target.verb, "resource": target.resource.key, "namespace": target.namespace, "path": request.path}
    found |= {"name": target.name, "subresource": target.subresource}
    if target.verb == "create" and "name" not in request.query and not target.name:
        found["name"] = _body_name(request.body)
    return found


def _body_name(body: bytes) -> str:
    try:
        return str(orjson.loads(body)["metadata"]["name"])
    except (ValueError, KeyError, TypeError):
        return ""
