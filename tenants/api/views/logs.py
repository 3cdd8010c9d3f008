"""An app's logs for scripts: all pods together, as plain text or as JSON lines, followed where asked.

Which pods there are, and the lines of a followed log, come through the same hub as those of browsers: a script that
follows costs the cluster no stream of its own. The last lines are read from the cluster within the hub's places.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import cast

from asgiref.sync import async_to_sync
from channels.db import database_sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from tenants import access
from tenants.api import loglines
from tenants.api.errors import Unavailable
from tenants.api.serializers.logs import LogsQuery
from tenants.api.serializers.shapes import ErrorOut
from tenants.api.views.door import Door, call
from tenants.errors import DomainError
from tenants.live import hub as hubs
from tenants.live.hub import Hub
from tenants.live.logs.places import Full
from tenants.live.logs.streams import TAIL
from tenants.live.logs.view import why_full
from tenants.models import ApiToken, App
from tenants.services.tokens import live_token

TEXT, JSON_LINES = "text/plain", "application/x-ndjson"


class Busy(DomainError):
    """All log streams that there may be are open."""

    code = "busy"
    status = 429


class ErrorsAreJson(BaseContentNegotiation):
    """Lines are written by the view itself as Accept asks; what goes wrong is JSON as everywhere."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        first = next(iter(renderers))
        return first, first.media_type or ""


class Logs(Door):
    content_negotiation_class = ErrorsAreJson

    @call(
        "get_logs",
        "The lines of all pods of an app, as text, or as JSON lines with “Accept: application/x-ndjson”",
        query=LogsQuery,
        answer={
            (200, TEXT): OpenApiTypes.STR,
            (200, JSON_LINES): OpenApiTypes.STR,
            429: OpenApiResponse(ErrorOut, "Too many logs are open: try again after Retry-After seconds."),
        },
    )
    def get(self, request: Request, team: str, namespace: str, app: str) -> HttpResponseBase:
        found = self.app()
        access.require(self.user, "logs.read", found)
        tail = self.asked.get("tail", TAIL)
        json = "json" in request.headers.get("Accept", "")
        write = loglines.as_json if json else loglines.as_text
        kind = JSON_LINES if json else f"{TEXT}; charset=utf-8"
        hub = _hub(found.namespace.cluster)
        if not self.asked.get("follow"):
            try:
                lines = async_to_sync(_last)(hub, found, tail, self.user.pk)
            except Full as full:
                raise Busy(f"{why_full(full)} Try again in a moment.") from full
            return HttpResponse(b"".join(map(write, lines)), content_type=kind)
        stream = _follow(hub, found, cast(ApiToken, request.auth), tail, write)
        return StreamingHttpResponse(stream, content_type=kind, headers={"X-Accel-Buffering": "no"})


def _hub(cluster: str) -> Hub:
    """The process's hub, in step with the cluster of that alias. Raises Unavailable."""
    try:
        hub = hubs.current()
    except RuntimeError as error:
        raise Unavailable("This server follows no logs: ask one that serves pages.") from error
    informer = hub.informers.get(cluster)
    if informer is None or not informer.synced.is_set():
        raise Unavailable("The cluster does not answer. Try again in a moment.")
    return hub


async def _last(hub: Hub, app: App, tail: int, user: int) -> list[loglines.Line]:
    place = (app.namespace.cluster, app.namespace.cluster_name, app.name)
    return await loglines.last(hub.logs.places, hub.runs(place), tail, user=user, team=app.namespace.team_id)


async def _follow(hub: Hub, app: App, token: ApiToken, tail: int, write: loglines.Write) -> AsyncIterator[bytes]:
    async def may_read() -> bool:
        return await _may_read(token.digest, app.pk)

    async for line in loglines.follow(hub, app, user=token.user_id, tail=tail, may_read=may_read):
        yield write(line)


@database_sync_to_async
def _may_read(hashed: str, pk: int) -> bool:
    """Whether the token, its owner and their role still allow it; gives the database's connection back, too."""
    token = live_token(hashed)
    if token is None:
        return False
    app = App.objects.visible_to(token.user).select_related("namespace__team").filter(pk=pk).first()
    return app is not None and access.can(token.user, "logs.read", app)
