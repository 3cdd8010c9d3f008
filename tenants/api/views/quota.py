"""Quota for scripts: what is used now and was used, what nobody needs, and files for charge-back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.serializers.quota import HistoryOut, HistoryQuery, QuotaOut, UnusedOut, UsageQuery
from tenants.api.views.door import Door, call
from tenants.api.views.logs import ErrorsAreJson
from tenants.errors import Invalid
from tenants.models import Team
from tenants.rules import periods
from tenants.rules.broken import Broken
from tenants.rules.resources import base_unit
from tenants.selectors import chargeback, quota, reclaim, usage
from tenants.streaming import streamed

CSV = {(200, "text/csv"): OpenApiTypes.STR}


class Quota(Door):
    @call("get_quota", "What is used, reserved and free in a namespace, and how old that is", answer=QuotaOut)
    def get(self, request: Request, team: str, namespace: str) -> Response:
        found = self.namespace()
        return Response(QuotaOut(quota.figures_context(found)).data)


class History(Door):
    @call("get_quota_history", "What a namespace used of one resource", query=HistoryQuery, answer=HistoryOut)
    def get(self, request: Request, team: str, namespace: str) -> Response:
        found, resource = self.namespace(), self.asked["resource"]
        if resource not in found.limits:
            raise Invalid.at("resource", f"One of {', '.join(found.limits)}.")
        told = {
            "resource": resource,
            "unit": base_unit(resource),
            "statistics": usage.statistics(found)[resource],
            "samples": usage.history(found, resource, self.asked.get("days", periods.USUAL)),
        }
        return Response(HistoryOut(told).data)


class Reclaim(Door):
    @call("list_unused_quota", "Namespaces that used less than a quarter of their quota for 30 days", many=UnusedOut)
    def get(self, request: Request) -> Response:
        return self.page(reclaim.unused(self.user), UnusedOut)


class _Report(Door):
    content_negotiation_class = ErrorsAreJson

    def report(self, teams: Iterable[Team]) -> HttpResponseBase:
        asked: Mapping[str, Any] = self.asked
        try:
            first, last = periods.span(asked.get("begin"), asked.get("end"), timezone.now())
        except Broken as broken:
            raise Invalid.at("begin", broken.message) from broken
        lines = chargeback.lines(teams, first, last, asked.get("period", "day"))
        return streamed(self.request._request, chargeback.as_csv(lines), content_type="text/csv; charset=utf-8")


class TeamUsage(_Report):
    @call("export_usage", "What a team was granted and used, as CSV", query=UsageQuery, answer=CSV)
    def get(self, request: Request, team: str) -> HttpResponseBase:
        found = self.team()
        access.require(self.user, "usage.export", found)
        return self.report([found])


class SiteUsage(_Report):
    @call("export_site_usage", "What all teams were granted and used, as CSV", query=UsageQuery, answer=CSV)
    def get(self, request: Request) -> HttpResponseBase:
        access.require_site(self.user, "teams.read")
        return self.report(Team.objects.order_by("slug"))
