"""ASGI: pages, API, sockets, and the hub's life beside the server's."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any
from urllib.parse import urlsplit

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

import django
from django.core.handlers.asgi import ASGIHandler

django.setup(set_prefix=False)

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from django.conf import settings

from tenants.live import hub as hubs
from tenants.live.events import serve_on
from tenants.live.routing import websocket_urlpatterns

View = Callable[..., Any]
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class Pages(ASGIHandler):
    """Django's handler; a StopIteration that leaves a view is answered as any other mistake of the code.

    A future cannot hold one, so the thread of a plain view would never answer (PEP 479 has the reason).
    """

    def make_view_atomic(self, view: View) -> View:
        inner = super().make_view_atomic(view)
        if iscoroutinefunction(inner):
            return inner

        @wraps(inner)
        def answering(*args: Any, **kwargs: Any) -> Any:
            try:
                return inner(*args, **kwargs)
            except StopIteration as error:
                raise RuntimeError("a StopIteration left the view") from error

        return answering


_pages = Pages()
_sockets = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
_denied = WebsocketDenier.as_asgi()


def same_origin(scope: Scope) -> bool:
    """Whether a socket's Origin is exactly this site: scheme, host and port. Missing and "null" are not."""
    headers = dict(scope.get("headers", ()))
    given = headers.get(b"origin", b"").decode("latin-1").lower()
    public = getattr(settings, "PUBLIC_URL", None)
    if public:
        parts = urlsplit(public)
        return given == f"{parts.scheme}://{parts.netloc}".lower()
    host = headers.get(b"host", b"").decode("latin-1").lower()
    name = urlsplit(f"//{host}").hostname or ""
    return name in {"127.0.0.1", "localhost", "::1", "testserver"} and given == f"http://{host}"


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """The server's one entry."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        known = any(scope["path"].lstrip("/") == str(route.pattern) for route in websocket_urlpatterns)
        await (_sockets if known and same_origin(scope) else _denied)(scope, receive, send)
    else:
        await _pages(scope, receive, send)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            serve_on(asyncio.get_running_loop())
            if settings.LIVE:
                hub = hubs.Hub()
                await hub.start()
                hubs.use(hub)
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            if settings.LIVE:
                await hubs.current().stop()
                hubs.use(None)
            serve_on(None)
            await send({"type": "lifespan.shutdown.complete"})
            return
