"""The audit log for scripts: a team's, the site's for staff, one entry; as pages, or whole as CSV or JSON lines."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.pagination import Pages
from tenants.api.serializers.audit import AuditEntryOut, AuditOut, AuditPage, AuditQuery
from tenants.api.views.door import Door, call
from tenants.api.views.logs import ErrorsAreJson
from tenants.errors import NotFound
from tenants.models import Team
from tenants.selectors import audit, auditlines, integrity
from tenants.selectors.audit import Wanted
from tenants.streaming import streamed

NAMES = {"q": "words", "from": "since", "to": "until"}
ANSWERS = {
    (200, "application/json"): AuditPage,
    (200, auditlines.CSV): OpenApiTypes.STR,
    (200, auditlines.JSON_LINES): OpenApiTypes.STR,
}
ALL_OF_IT = "all of it as a stream with “Accept: text/csv” or “application/x-ndjson”"


class _Log(Door):
    content_negotiation_class = ErrorsAreJson

    def log(self, team: Team | None = None) -> HttpResponseBase:
        """What is asked for of a team's log, or of all that the caller may see."""
        asked = {NAMES.get(name, name): value for name, value in self.asked.items()}
        size = asked.pop("page_size", Pages.page_size)
        cursors = {name: asked.pop(name, "") for name in ("before", "after")}
        wanted = Wanted(**asked)
        accepted = self.request.headers.get("Accept", "")
        for media_type, write in auditlines.FORMATS.values():
            if media_type in accepted:
                lines = write(audit.all_of(audit.entries(self.user, wanted, team)))
                return streamed(self.request._request, lines, content_type=f"{media_type}; charset=utf-8")
        page = audit.page(self.user, wanted, team, size=size, **cursors)
        return Response(
            {
                "next": self._beside("before", page.older),
                "previous": self._beside("after", page.newer),
                "results": AuditOut(page.entries, many=True).data,
            }
        )

    def _beside(self, way: str, cursor: str) -> str | None:
        if not cursor:
            return None
        query = self.request.query_params.copy()
        for name in ("before", "after"):
            query.pop(name, None)
        query[way] = cursor
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")


class TeamAudit(_Log):
    @call(
        "list_audit",
        f"Who did what in a team: all of it, or your own lines, as your role allows; {ALL_OF_IT}",
        query=AuditQuery,
        answer=ANSWERS,
    )
    def get(self, request: Request, team: str) -> HttpResponseBase:
        return self.log(self.team())


class SiteAudit(_Log):
    @call(
        "list_site_audit",
        f"Who did what in all teams and with accounts, for the site's staff; {ALL_OF_IT}",
        query=AuditQuery,
        answer=ANSWERS,
    )
    def get(self, request: Request) -> HttpResponseBase:
        if not self.user.is_site_staff:
            raise NotFound("There is no such call.")
        return self.log()


class OneEntry(Door):
    @call("get_audit_entry", "One entry, and whether it is as it was written", answer=AuditEntryOut)
    def get(self, request: Request, pk: int) -> Response:
        entry: Any = audit.entry(self.user, pk)
        place, link = integrity.place(entry)
        entry.chain = {
            "state": place.value,
            "position": link.position if link else None,
            "previous": link.previous if link else None,
            "digest": link.digest if link else None,
        }
        return Response(AuditEntryOut(entry).data)
