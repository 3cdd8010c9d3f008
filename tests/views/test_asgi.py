"""What the server's handler answers where Django's own would not."""

from __future__ import annotations

import pytest
from asgiref.testing import ApplicationCommunicator
from django.http import HttpRequest, HttpResponse
from django.urls import path
from pytest_django import Settings

from portal.asgi import application


def spent(request: HttpRequest) -> HttpResponse:
    return next(iter(()))


urlpatterns = [path("spent", spent)]


@pytest.mark.django_db(transaction=True)
async def test_a_view_that_a_stop_iteration_leaves_is_answered(settings: Settings) -> None:
    settings.ROOT_URLCONF = __name__
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/spent",
        "query_string": b"",
        "headers": [(b"host", b"testserver")],
    }
    browser = ApplicationCommunicator(application, scope)
    await browser.send_input({"type": "http.request", "body": b"", "more_body": False})
    answer = await browser.receive_output(10)
    await browser.wait()
    assert answer["status"] == 500
