"""Home, search, the theme, and the page of an operation."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tenants.forms.teams import TeamForm
from tenants.models import App, Operation, Secret, Team, User, Volume
from tenants.selectors import finding, joining, operations, search, teams
from tenants.services import accounts
from tenants.views.scope import Request, crumbs, page, searched, wanted_part

STAFF_TEAMS = 50


@page()
def home(request: Request) -> HttpResponse:
    """What is unhealthy now and my teams; a new user sees one thing to do, staff all teams."""
    part = wanted_part(request, "overview")
    context = teams.home_context(request.user)
    if part and not context["teams"]:
        return HttpResponse(headers={"HX-Refresh": "true"})
    context["waiting"] = joining.waiting_for(request.user)
    if not context["teams"] and request.user.is_site_staff:
        text = searched(request)
        found = Team.objects.visible_to(request.user).filter(Q(slug__icontains=text) | Q(name__icontains=text))
        shown = list(found[: STAFF_TEAMS + 1])
        context |= {"teams": shown[:STAFF_TEAMS], "more": len(shown) > STAFF_TEAMS, "q": text}
        context["adoptable"] = joining.adoptable(request.user).count()
        return render(request, "tenants/home_staff.html", {**context, "crumbs": [("Home", "")]})
    if not context["teams"]:
        first = {"form": TeamForm(), "waiting": context["waiting"], "crumbs": [("Home", "")]}
        return render(request, "tenants/first_use.html", first)
    return render(request, f"tenants/home.html{part}", {**context, "crumbs": [("Home", "")]})


@page()
def find(request: Request) -> HttpResponse:
    """Everything whose name contains the text."""
    text = searched(request)
    context = {"q": text, "hits": search.find(request.user, text), "crumbs": [("Search", "")]}
    return render(request, f"tenants/search.html{wanted_part(request, 'hits')}", context)


@page("POST")
def theme(request: Request) -> HttpResponse:
    """Light, dark, or as the system; kept with the account."""
    accounts.edit_profile(actor=request.user, theme=request.POST.get("theme", ""))
    back = request.POST.get("next", "")
    local = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if local and back.startswith("/") else "home")


@page()
def operation(request: Request, pk: UUID) -> HttpResponse:
    """How far a wish is on its way to the cluster."""
    found = finding.operation(request.user, pk)
    request.team = found.team
    context = {
        **operations.live_context(found),
        "target": _target(request.user, found),
        "crumbs": crumbs(found.team, "Operation"),
    }
    return render(request, "tenants/operations/detail.html", context)


def _target(user: User, operation: Operation) -> str:
    """The page of what the operation is about, while it stands."""
    noun, place = operation.target_noun, operation.namespace
    if place is None or operation.team is None:
        return ""
    where = [operation.team.slug, place.name]
    return reverse("namespace", args=where) if noun == "namespace" else _object(user, noun, operation.target_id, where)


def _object(user: User, noun: str, pk: int, where: list[str]) -> str:
    model = {"app": App, "volume": Volume, "secret": Secret}[noun]
    name = model.objects.visible_to(user).filter(pk=pk).values_list("name", flat=True).first()
    return reverse(noun, args=[*where, name]) if name else ""
