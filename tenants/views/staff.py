"""The pages of the site's staff: who and what teams there are, and suspension. No page here shows a secret, a log or a
token, opens a shell, or lets anybody be somebody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from tenants import access
from tenants.forms.people import ReasonForm
from tenants.models import Team, User
from tenants.selectors import finding
from tenants.selectors import people as shown
from tenants.services import suspensions as verbs
from tenants.views.scope import Crumb, Request, attempt, page, searched, told

SHOWN = 50


@page()
def people(request: Request) -> HttpResponse:
    """Everybody who has an account, by name, with filters."""
    access.require_site(request.user, "people.read")
    chosen = shown.chosen(shown.PEOPLE_FILTERS, request.GET.dict())
    rows = shown.people(searched(request), **chosen)
    return _list(request, "people", rows, shown.PEOPLE_FILTERS, chosen)


@page()
def teams(request: Request) -> HttpResponse:
    """All teams, by name, with filters."""
    access.require_site(request.user, "teams.read")
    chosen = shown.chosen(shown.TEAM_FILTERS, request.GET.dict())
    rows = shown.teams(searched(request), **chosen)
    return _list(request, "teams", rows, shown.TEAM_FILTERS, chosen)


@page()
def person(request: Request, username: str) -> HttpResponse:
    """Somebody's teams and roles, and how many sessions and tokens they have."""
    access.require_site(request.user, "people.read")
    found = shown.person(username)
    context = {"person": found, "crumbs": _crumbs("people", found.user.username)}
    return render(request, "tenants/staff/person.html", context)


@page("GET", "POST")
def suspend_person(request: Request, username: str) -> HttpResponse:
    """Says what happens, asks for the reason, and does it."""
    access.require_site(request.user, "people.suspend")
    found = shown.person(username)

    def suspend(reason: str) -> User:
        return verbs.suspend_person(actor=request.user, person=found.user, reason=reason)

    back = reverse("staff_person", args=[username])
    context = {"person": found, "name": username, "crumbs": _crumbs("people", username)}
    return _suspend(request, suspend, back, context)


@page("POST")
def lift_person(request: Request, username: str) -> HttpResponse:
    access.require_site(request.user, "people.suspend")
    verbs.lift_person(actor=request.user, person=shown.person(username).user)
    told(request, f"{username} may sign in again.")
    return redirect("staff_person", username)


@page("GET", "POST")
def suspend_team(request: Request, team: str) -> HttpResponse:
    """As for a person."""
    access.require_site(request.user, "teams.suspend")
    found = finding.team(request.user, team)

    def suspend(reason: str) -> Team:
        return verbs.suspend_team(actor=request.user, team=found, reason=reason)

    context = {"team": found, "name": found.name, "crumbs": _crumbs("teams", found.name)}
    return _suspend(request, suspend, reverse("team", args=[team]), context)


@page("POST")
def lift_team(request: Request, team: str) -> HttpResponse:
    access.require_site(request.user, "teams.suspend")
    found = verbs.lift_team(actor=request.user, team=finding.team(request.user, team))
    told(request, f"{found.name} is open again.")
    return redirect("team", team)


def _suspend(request: Request, suspend: Callable[[str], object], back: str, context: Mapping[str, Any]) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: suspend(reason)):
            told(request, f"{context['name']} is suspended.")
            return redirect(back)
    return render(request, "tenants/staff/suspend.html", {**context, "form": form, "back": back})


def _list(
    request: Request, noun: str, rows: Any, filters: Mapping[str, Any], chosen: Mapping[str, str]
) -> HttpResponse:
    text = searched(request)
    query = urlencode({key: value for key, value in {"q": text, **chosen}.items() if value})
    context = {
        "shown": Paginator(rows, SHOWN).get_page(request.GET.get("page")),
        "q": text,
        "chosen": chosen,
        "filters": [(name, choices, chosen.get(name, "")) for name, choices in filters.items()],
        "query": f"{query}&" if query else "",
        "crumbs": [("People" if noun == "people" else "Teams", "")],
    }
    return render(request, f"tenants/staff/{noun}.html", context)


def _crumbs(noun: str, title: str) -> list[Crumb]:
    return [("People" if noun == "people" else "Teams", reverse(f"staff_{noun}")), (title, "")]
