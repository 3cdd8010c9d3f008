"""Use over time as files, and quota that nobody needs."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from tenants import access
from tenants.errors import Invalid
from tenants.forms.usage import UsageForm
from tenants.models import Cause, Team
from tenants.rules import quantities
from tenants.rules.resources import number
from tenants.selectors import chargeback, reclaim
from tenants.services import lowering
from tenants.streaming import streamed
from tenants.views.scope import Request, namespace_of, page, team_of, told


@page()
def of_team(request: Request, team: str) -> HttpResponseBase:
    """What a team was granted and used, for whoever is charged for it."""
    found = team_of(request, team)
    access.require(request.user, "usage.export", found)
    return _file(request, f"{found.slug}-usage", [found])


@page()
def of_site(request: Request) -> HttpResponseBase:
    """All teams' grants and use, for staff."""
    access.require_site(request.user, "teams.read")
    return _file(request, "usage", Team.objects.order_by("slug"))


@page()
def unused(request: Request) -> HttpResponse:
    """Namespaces that used less than a quarter of their quota for a month: those one looks after, for staff all."""
    context = {"unused": reclaim.unused(request.user), "crumbs": [("Unused quota", "")]}
    context["staff"] = access.can_site(request.user, "teams.read")
    context |= {"form": UsageForm(), "share": f"{reclaim.SHARE:.0%}", "days": reclaim.DAYS}
    return render(request, "tenants/quota/reclaim.html", context)


@page("POST")
def give_back(request: Request, team: str, namespace: str) -> HttpResponse:
    """One click: lowers to what the list offered. What stands against it is shown on the form to lower."""
    place = namespace_of(request, team, namespace)
    access.require(request.user, "quota.request", place)
    wants = _wants(request.POST.get("wants", ""))
    try:
        verb = {"actor": request.user, "namespace": place, "wants": wants}
        _, operation = lowering.lower(**verb, cause=Cause.RECLAIMED)  # type: ignore[arg-type]
    except Invalid as error:
        told(request, f"Nothing is changed yet. {error.message}")
        filled = urlencode({name: number(name, most) for name, most in wants.items() if name in place.limits})
        return redirect(f"{reverse('quota_lower', args=[place.team.slug, place.name])}?{filled}")
    told(request, "You lowered the quota.", operation)
    return redirect("quota", place.team.slug, place.name)


def _wants(text: str) -> dict[str, int]:
    """`cpu=500 memory=1073741824`, as `reclaim.Unused.wants` writes it; what is not so is left out."""
    pairs = (pair.rpartition("=") for pair in text.split()[:100])
    return {name: most for name, _, text in pairs if name and (most := quantities.number(text)) is not None}


def _file(request: Request, name: str, teams: Iterable[Team]) -> HttpResponseBase:
    form = UsageForm(request.GET)
    if not form.is_valid():
        raise Invalid(next(str(words[0]) for words in form.errors.values()))
    asked = form.cleaned_data
    return streamed(
        request,
        chargeback.as_csv(chargeback.lines(teams, **asked)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{asked["begin"]}-{asked["end"]}.csv"'},
    )
