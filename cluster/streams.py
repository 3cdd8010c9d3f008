"""One GET that stays open: raw chunks of a watch or a followed log, with this package's errors and its own deadlines.

The generated client's `_request_timeout=None` means 300 s, for streams too, and its `Watch` replays logs for ever; so
the request goes straight to the client's session.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from kubernetes.aio.client import ApiClient

from cluster.calls import refusal
from cluster.connection import Connection
from cluster.errors import Unauthorized, Unavailable

CONNECT_TIMEOUT = 3.0
HEADERS_TIMEOUT = 10.0
"""Seconds until an answer begins; a followed log of a container that writes nothing still begins at once."""


class Chunks:
    """The body as it comes. Iterating raises Unavailable when the connection breaks."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in self._response.content.iter_any():
                yield chunk
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(f"the stream was cut: {error}", reason="ConnectionLost") from error


@asynccontextmanager
async def stream(
    connection: Connection, path: str, query: Mapping[str, str], *, accept: str = "*/*"
) -> AsyncIterator[Chunks]:
    """Opens `path` (already encoded). Credentials are read anew once after a 401. Raises `cluster.errors`."""
    client = await connection.aio()
    try:
        response = await _open(client, path, query, accept)
    except Unauthorized:
        response = await _open(await connection.renew_aio(), path, query, accept)
    try:
        yield Chunks(response)
    finally:
        response.close()


async def _open(client: ApiClient, path: str, query: Mapping[str, str], accept: str) -> aiohttp.ClientResponse:
    configuration = client.configuration
    rest = client.rest_client
    if rest.pool_manager is None:
        rest.pool_manager = rest._create_pool_manager()  # the client makes it at its first own request
    headers = {"Accept": accept, "User-Agent": "berth"}
    token = (await configuration.auth_settings()).get("BearerToken")
    if token and token["value"]:
        headers["Authorization"] = token["value"]
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT + HEADERS_TIMEOUT):
            response = await rest.pool_manager.get(
                configuration.host.rstrip("/") + path,
                params=query,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT, sock_read=None),
            )
            if response.status == 200:
                return response
            body = await response.content.read(1 << 20)
    except TimeoutError as error:
        raise Unavailable("no answer from the API server in time", reason="Timeout") from error
    except (aiohttp.ClientError, OSError) as error:
        raise Unavailable(f"no connection to the API server: {error}", reason="Refused") from error
    response.close()
    raise refusal(response.status, body, response.headers)
