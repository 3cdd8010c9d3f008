"""Long answers that are written while they are read, under WSGI and ASGI alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse


def streamed(request: HttpRequest, chunks: Iterator[bytes], **about: Any) -> StreamingHttpResponse:
    """`chunks` as an answer; `about` is its content type and headers.

    While a chunk is sent no connection to the database is held: a slow reader keeps none from others. So no query may
    be half read where `chunks` yields: what it still had would be lost.
    """

    def released() -> Iterator[bytes]:
        for chunk in chunks:
            if not connection.in_atomic_block:
                connection.close()
            yield chunk

    return StreamingHttpResponse(_awaited(released()) if isinstance(request, ASGIRequest) else released(), **about)


async def _awaited(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (chunk := await sync_to_async(lambda: next(chunks, None))()) is not None:
        yield chunk
