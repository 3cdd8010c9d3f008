"""Long answers hold no connection while a slow reader reads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.db import connection
from django.test import AsyncRequestFactory, RequestFactory

from tenants.models import User
from tenants.streaming import streamed

pytestmark = pytest.mark.django_db(transaction=True)


def chunks() -> Iterator[bytes]:
    for _ in range(2):
        yield str(User.objects.count()).encode()


def test_between_two_chunks_none_is_held() -> None:
    answer = streamed(RequestFactory().get("/"), chunks(), content_type="text/plain")
    for chunk in answer:
        assert chunk == b"0"
        assert connection.connection is None


async def test_nor_in_a_process_that_serves_sockets_too() -> None:
    request = AsyncRequestFactory().get("/")
    assert isinstance(request, ASGIRequest)
    answer = streamed(request, chunks(), content_type="text/plain")
    assert isinstance(answer.streaming_content, AsyncIterator)
    async for chunk in answer.streaming_content:
        assert chunk == b"0"
        assert await sync_to_async(lambda: connection.connection)() is None
