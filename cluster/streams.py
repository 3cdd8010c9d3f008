"""One long answer of an API server, chunk by chunk: what watches and followed logs stand on.

Raw, because `kubernetes.aio.watch.Watch` replays finished logs for ever and typed models cost many times the bytes.
Time limits are explicit, because the client's default ends every stream after five minutes.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from cluster.calls import refusal
from cluster.connection import Connection
from cluster.errors import Unauthorized, Unavailable

CONNECT_TIMEOUT = 5.0
"""Seconds for the TCP and TLS handshake."""
HEAD_TIMEOUT = 15.0
"""Seconds until an answer begins, the handshake included; the log of a container that writes nothing begins at once."""
REFUSAL_BYTES = 1 << 16
"""How much of an error's body is read."""

TCP = (("TCP_KEEPIDLE", 15), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 30_000))
"""A peer that is gone without a word is noticed after 30 s (tcp(7)); what the system does not know is left out."""


@asynccontextmanager
async def opened(
    connection: Connection,
    path: str,
    query: Mapping[str, str],
    *,
    silence: float | None,
    accept: str = "application/json",
) -> AsyncIterator[AsyncIterator[bytes]]:
    """The chunks of one GET as they come. `path` is encoded already, `query` is not.

    `silence`: seconds without a byte after which the stream counts as dead (None: it may be silent for ever).
    Raises `cluster.errors`, inside the block too; a 401 is met once with fresh credentials.
    """
    try:
        async with asyncio.timeout(HEAD_TIMEOUT):
            response = await _ask(connection, path, query, silence, accept)
            if response.status == 401:
                response.close()
                await connection.renew_aio()
                response = await _ask(connection, path, query, silence, accept)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable(f"no stream from the API server: {error!r}", reason="Refused") from error
    try:
        if response.status != 200:
            raise await _refused(response)
        _notice_death(response)
        yield _chunks(response)
    finally:
        response.close()


async def _ask(
    connection: Connection, path: str, query: Mapping[str, str], silence: float | None, accept: str
) -> aiohttp.ClientResponse:
    client = await connection.aio()
    headers = {"Accept": accept, "User-Agent": "berth"}
    token = (await client.configuration.auth_settings()).get("BearerToken")
    if token and token["value"]:
        headers["Authorization"] = token["value"]
    url = URL(f"{client.configuration.host.rstrip('/')}{path}?{urlencode(query)}", encoded=True)
    limits = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=silence)
    answer = await client.rest_client.request("GET", url, headers=headers, _request_timeout=limits)
    response: aiohttp.ClientResponse = answer.response
    return response


def _notice_death(response: aiohttp.ClientResponse) -> None:
    transport = response.connection.transport if response.connection else None
    stream: socket.socket | None = transport.get_extra_info("socket") if transport else None
    if stream is None:
        return
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in TCP:
        if hasattr(socket, name):
            stream.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


async def _refused(response: aiohttp.ClientResponse) -> Exception:
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            body = await response.content.read(REFUSAL_BYTES)
    except (aiohttp.ClientError, TimeoutError, OSError):
        body = b""
    error = refusal(response.status, body, response.headers)
    if isinstance(error, Unauthorized):
        error.message = f"credentials refused after they were read again: {error.message}"
    return error


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Raises Unavailable with reason "Silent" after too long a silence, "ConnectionLost" when it breaks."""
    try:
        while chunk := await response.content.readany():
            yield chunk
    except TimeoutError as error:
        raise Unavailable("the stream was silent for too long", reason="Silent") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unavailable(f"the stream broke: {error!r}", reason="ConnectionLost") from error
