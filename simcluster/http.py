"""Requests and answers: the thin layer between ASGI and the handlers."""

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

import orjson

from simcluster import errors

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

JSON = "application/json"


@dataclass
class Request:
    """One request: decoded path segments, first values of the query, lower-case header names."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    warnings: list[str] = field(default_factory=list)

    @property
    def segments(self) -> list[str]:
        return [unquote(part) for part in self.path.split("/") if part]

    def flag(self, name: str) -> bool:
        """As Go's conversion reads booleans from a query."""
        return self.query.get(name, "").lower() in ("true", "1", "t")

    def number(self, name: str) -> int | None:
        """Raises 400 when the parameter is no integer."""
        text = self.query.get(name)
        if not text:
            return None
        try:
            return int(text)
        except ValueError as error:
            raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from error


@dataclass
class Response:
    """A whole answer, or a stream of chunks when `stream` is set."""

    status: int = 200
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)
    stream: AsyncIterator[bytes] | None = None


def answer(obj: Any, status: int = 200) -> Response:
    return Response(status, orjson.dumps(obj))


def text(body: str, status: int = 200) -> Response:
    return Response(status, body.encode(), "text/plain; charset=utf-8")


def failure(error: errors.ApiError) -> Response:
    """The Status object of an error."""
    return Response(error.code, orjson.dumps(error.status), JSON, dict(error.headers))


async def read(scope: Scope, receive: Receive) -> Request:
    """The request with its body. Repeated query parameters keep the first value."""
    raw_path = scope.get("raw_path") or scope["path"].encode()
    query = {
        name: values[0]
        for name, values in parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True).items()
    }
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    request = Request(scope["method"], raw_path.decode("latin-1").partition("?")[0], query, headers)
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            break
    request.body = b"".join(chunks)
    return request


async def write(response: Response, request: Request, send: Send) -> None:
    """Send a whole answer. Streams are sent by the caller, who knows when the client has gone."""
    headers = [
        (b"audit-id", str(uuid.uuid4()).encode()),
        (b"cache-control", b"no-cache, private"),
        (b"content-type", response.content_type.encode()),
    ]
    headers += [(name.lower().encode(), value.encode()) for name, value in response.headers.items()]
    headers += [(b"warning", f'299 - "{_escaped(warning)}"'.encode()) for warning in request.warnings]
    if response.stream is None:
        headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if response.stream is None:
        await send({"type": "http.response.body", "body": response.body})


def _escaped(warning: str) -> str:
    return warning.replace("\\", "\\\\").replace('"', '\\"')
