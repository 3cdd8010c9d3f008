"""Pages of an app that look: logs, releases, a comparison, events, settings and its deletion."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from tenants import access
from tenants.errors import NotFound
from tenants.forms.fields import ConfirmForm
from tenants.models import App, Release
from tenants.releases import diff, load
from tenants.rules import quantities
from tenants.selectors import apps, changes
from tenants.services import apps as verbs
from tenants.views.apps import app_context, ledger_of
from tenants.views.scope import Request, app_of, attempt, page, told, wanted_part


@page()
def logs(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    """The frame of the live log; its lines come over the socket."""
    found = app_of(request, team, namespace, app)
    access.require(request.user, "logs.read", found)
    context = {**app_context(request, found, "logs"), **apps.live_context(found, apps.last_rollout(found))}
    return render(request, "tenants/apps/logs.html", context)


@page()
def releases(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    """The ledger, newest first."""
    found = app_of(request, team, namespace, app)
    shown = list(found.releases.values_list("number", flat=True)[:200])
    context = {
        **app_context(request, found, "releases"),
        **apps.live_context(found, apps.last_rollout(found)),
        "ledger": ledger_of(found, 200),
        "numbers": shown,
    }
    part = wanted_part(request, "releases")
    return render(request, f"tenants/apps/releases.html{part}", context)


@page()
def compare(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    """Two releases side by side: what differs."""
    found = app_of(request, team, namespace, app)
    numbers = list(found.releases.values_list("number", flat=True)[:200])
    newest = numbers[0] if numbers else 1
    old = _release(found, request.GET.get("old", str(max(newest - 1, 1))))
    new = _release(found, request.GET.get("new", str(newest)))
    context = {
        **app_context(request, found, "compare"),
        **apps.live_context(found, apps.last_rollout(found)),
        "old": old,
        "new": new,
        "numbers": numbers,
        "rows": changes.differences(diff(load(old.spec), load(new.spec))),
    }
    return render(request, "tenants/apps/compare.html", context)


@page()
def events(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    """What the cluster says, live, above what people did."""
    found = app_of(request, team, namespace, app)
    context = {
        **app_context(request, found, "events"),
        **apps.live_context(found, apps.last_rollout(found)),
        "history": apps.history(request.user, found, most=50),
    }
    return render(request, "tenants/apps/events.html", context)


@page()
def settings(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    found = app_of(request, team, namespace, app)
    context = {**app_context(request, found, "settings"), **apps.live_context(found, apps.last_rollout(found))}
    return render(request, "tenants/apps/settings.html", context)


@page("GET", "POST")
def delete(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    found = app_of(request, team, namespace, app)
    access.require(request.user, "apps.delete", found)
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["confirm"]
        operation = attempt(form, lambda: verbs.delete_app(actor=request.user, app=found, confirm=typed))
        if operation:
            told(request, f"You asked to delete {found.name}.", operation)
            return redirect("team_apps", team)
    context = {
        **app_context(request, found, "delete"),
        **apps.live_context(found, apps.last_rollout(found)),
        "form": form,
    }
    return render(request, "tenants/apps/delete.html", context)


def _release(app: App, number: str) -> Release:
    known = quantities.number(number)
    found = app.releases.select_related("created_by").filter(number=known).first() if known is not None else None
    if found is None:
        raise NotFound("There is no such release.")
    return found
