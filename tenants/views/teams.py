"""Pages of a team."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from tenants import access
from tenants.forms.fields import ConfirmForm
from tenants.forms.teams import TeamForm, TeamSettingsForm
from tenants.models import Secret, Team, Volume
from tenants.selectors import teams
from tenants.services import teams as verbs
from tenants.views.recent import recently_signed_in
from tenants.views.scope import Request, attempt, crumbs, page, searched, team_of, told, wanted_part


@page("GET", "POST")
def new(request: Request) -> HttpResponse:
    form = TeamForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        team = attempt(form, lambda: verbs.create_team(actor=request.user, name=data["name"], slug=data["slug"]))
        if team:
            told(request, f"{team.name} is yours. Now give it a namespace.")
            return redirect("namespace_new", team.slug)
    return render(request, "tenants/teams/new.html", {"form": form, "crumbs": [("New team", "")]})


@page()
def overview(request: Request, team: str) -> HttpResponse:
    found = team_of(request, team)
    return render(request, "tenants/teams/detail.html", {**teams.overview_context(found), "crumbs": crumbs(found)})


@page()
def app_list(request: Request, team: str) -> HttpResponse:
    found = team_of(request, team)
    only = request.GET.get("only") == "unhealthy"
    text = searched(request)
    rows = teams.app_rows(found, search=text, only_unhealthy=only)
    context = {"team": found, "rows": rows, "q": text, "only": only, "place": _first_place(found)}
    part = wanted_part(request, "rows")
    return render(request, f"tenants/apps/list.html{part}", {**context, "crumbs": crumbs(found, "Apps")})


@page()
def volume_list(request: Request, team: str) -> HttpResponse:
    found = team_of(request, team)
    rows = (
        Volume.objects.filter(namespace__team=found)
        .select_related("namespace__team")
        .order_by("namespace__name", "name")
    )
    uses = teams.uses_in(found)
    context = {"team": found, "volumes": [(row, uses["volumes"].get((row.namespace_id, row.name), [])) for row in rows]}
    context["place"] = _first_place(found)
    return render(request, "tenants/volumes/list.html", {**context, "crumbs": crumbs(found, "Volumes")})


@page()
def secret_list(request: Request, team: str) -> HttpResponse:
    found = team_of(request, team)
    rows = Secret.objects.filter(namespace__team=found).select_related("namespace__team", "changed_by")
    uses = teams.uses_in(found)
    ordered = rows.order_by("namespace__name", "name")
    context = {
        "team": found,
        "secrets": [(row, uses["secrets"].get((row.namespace_id, row.name), [])) for row in ordered],
    }
    context["place"] = _first_place(found)
    return render(request, "tenants/secrets/list.html", {**context, "crumbs": crumbs(found, "Secrets")})


@page("GET", "POST")
def settings(request: Request, team: str) -> HttpResponse:
    found = team_of(request, team)
    kept = ("name", "description", "discoverable", "viewers_read_logs")
    initial = {field: getattr(found, field) for field in kept}
    form = TeamSettingsForm(request.POST or None, initial=initial)
    if request.method == "POST":
        access.require(request.user, "team.edit", found)
        if form.is_valid():
            data = form.cleaned_data
            if attempt(form, lambda: verbs.edit_team(actor=request.user, team=found, **data)):
                told(request, "Saved.")
                return redirect("team_settings", found.slug)
    context = {"team": found, "form": form, "crumbs": crumbs(found, "Settings")}
    return render(request, "tenants/teams/settings.html", context)


@page("GET", "POST")
@recently_signed_in(from_get=True)
def delete(request: Request, team: str) -> HttpResponse:
    found = team_of(request, team)
    access.require(request.user, "team.delete", found)
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["confirm"]
        if attempt(form, lambda: verbs.delete_team(actor=request.user, team=found, confirm=typed)):
            told(request, f"{found.name} is being deleted: its name is free when its namespaces are gone.")
            return redirect("home")
    places = list(found.namespaces.all())
    context = {"team": found, "form": form, "places": places, "crumbs": crumbs(found, "Delete")}
    return render(request, "tenants/teams/delete.html", context)


def _first_place(team: Team) -> object:
    """Where “New …” begins; None while there is no namespace."""
    return team.namespaces.filter(deleting_since=None).order_by("name").first()
