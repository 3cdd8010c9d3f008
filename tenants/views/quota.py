"""What a namespace and a team have, use and used."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from tenants.forms.usage import UsageForm
from tenants.models import QuotaRequest
from tenants.models.granting import State
from tenants.selectors import quota, usage
from tenants.views.scope import Request, crumbs, namespace_of, page, team_of, wanted_part


@page()
def of_namespace(request: Request, team: str, namespace: str) -> HttpResponse:
    """Bars, open requests and changes, live; and the chart of one resource (`?resource=`), the tightest at first."""
    found = namespace_of(request, team, namespace)
    part = wanted_part(request, "use")
    context = quota.page_context(found)
    lines = context["lines"]
    asked = request.GET.get("resource", "")
    resource = asked if asked in found.limits else max(lines, key=lambda line: line.share).resource
    context |= {
        "team": found.team,
        "resource": resource,
        "chart": usage.chart(found, resource),
        "drafts": QuotaRequest.objects.filter(namespace=found, author=request.user, state=State.DRAFT),
        "crumbs": crumbs(found, "Quota"),
    }
    return render(request, f"tenants/quota/namespace.html{part}", context)


@page()
def of_team(request: Request, team: str) -> HttpResponse:
    """All namespaces of the team, live, and their sums."""
    found = team_of(request, team)
    context = {
        **quota.team_context(found),
        "form": UsageForm(),
        "nearly_full": f"{quota.NEARLY_FULL:.0%}",
        "crumbs": crumbs(found, "Quota"),
    }
    return render(request, "tenants/quota/team.html", context)
