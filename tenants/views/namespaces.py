"""Pages of a namespace."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from tenants import access
from tenants.forms.fields import ConfirmForm
from tenants.forms.people import ReasonForm
from tenants.forms.teams import NamespaceForm
from tenants.models import Operation, Plan, Volume
from tenants.selectors import namespaces, operations, teams
from tenants.services import namespaces as verbs
from tenants.views.scope import Request, attempt, crumbs, namespace_of, page, team_of, told, wanted_part


@page("GET", "POST")
def new(request: Request, team: str) -> HttpResponse:
    found = team_of(request, team)
    access.require(request.user, "namespaces.create", found)
    plans = list(Plan.objects.filter(active=True))
    form = NamespaceForm(request.POST or None, initial={"plan": plans[0].pk if plans else None})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(form, lambda: verbs.create_namespace(actor=request.user, team=found, **data))
        if made:
            namespace, operation = made
            told(request, f"You asked for {namespace}.", operation)
            return redirect("namespace", found.slug, namespace.name)
    context = {"team": found, "form": form, "plans": plans, "crumbs": crumbs(found, "New namespace")}
    return render(request, "tenants/namespaces/new.html", context)


@page()
def detail(request: Request, team: str, namespace: str) -> HttpResponse:
    found = namespace_of(request, team, namespace)
    part = wanted_part(request, "latest")
    latest = Operation.objects.filter(target_noun="namespace", target_id=found.pk).select_related("actor").first()
    context = {
        **namespaces.live_context(found),
        "team": found.team,
        "rows": teams.app_rows(found.team, namespace=found),
        "volumes": list(Volume.objects.filter(namespace=found)),
        "latest": operations.row(latest) if latest else None,
        "crumbs": crumbs(found),
    }
    return render(request, f"tenants/namespaces/detail.html{part}", context)


@page("GET", "POST")
def delete(request: Request, team: str, namespace: str) -> HttpResponse:
    found = namespace_of(request, team, namespace)
    access.require(request.user, "namespaces.delete", found)
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["confirm"]
        operation = attempt(form, lambda: verbs.delete_namespace(actor=request.user, namespace=found, confirm=typed))
        if operation:
            told(request, f"You asked to delete {found}.", operation)
            return redirect("namespace", found.team.slug, found.name)
    counts = {"apps": found.apps.count(), "volumes": found.volumes.count(), "secrets": found.secrets.count()}
    context = {"namespace": found, "team": found.team, "form": form, **counts, "crumbs": crumbs(found, "Delete")}
    return render(request, "tenants/namespaces/delete.html", context)


@page("GET", "POST")
def pause(request: Request, team: str, namespace: str) -> HttpResponse:
    found = namespace_of(request, team, namespace)
    access.require(request.user, "namespaces.pause", found)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        if attempt(form, lambda: verbs.pause_namespace(actor=request.user, namespace=found, reason=reason)):
            told(request, f"{found} is paused.")
            return redirect("namespace", found.team.slug, found.name)
    context = {"namespace": found, "team": found.team, "form": form, "crumbs": crumbs(found, "Pause")}
    return render(request, "tenants/namespaces/pause.html", context)


@page("POST")
def resume(request: Request, team: str, namespace: str) -> HttpResponse:
    found = verbs.resume_namespace(actor=request.user, namespace=namespace_of(request, team, namespace))
    told(request, f"{found} is repaired again.")
    return redirect("namespace", found.team.slug, found.name)
