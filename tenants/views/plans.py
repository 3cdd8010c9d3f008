"""The staff's pages of plans, and of what they set for one team."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from tenants import access, weighing
from tenants.forms.plans import PlanForm, TeamWallsForm
from tenants.rules.policy_checks import resources_of
from tenants.selectors import finding
from tenants.selectors import policies as shown
from tenants.services import plans as verbs
from tenants.services import policies
from tenants.views.scope import Request, attempt, page, told


@page()
def plans(request: Request) -> HttpResponse:
    """The sizes that are offered, and those that were."""
    access.require_site(request.user, "policies.read")
    return render(request, "tenants/policies/plans.html", {"plans": shown.plans(), "crumbs": [("Plans", "")]})


@page("GET", "POST")
def new(request: Request) -> HttpResponse:
    access.require_site(request.user, "policies.edit")
    form = PlanForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: verbs.save_plan(actor=request.user, plan=None, **form.cleaned_data))
        if made:
            told(request, f"{made[0].title} is offered." if made[0].active else f"{made[0].title} is made.")
            return redirect("plans")
    context = {"form": form, "plan": None, "crumbs": [("Plans", reverse("plans")), ("New plan", "")]}
    return render(request, "tenants/policies/plan.html", context)


@page("GET", "POST")
def plan(request: Request, plan: str) -> HttpResponse:
    """Its form: limits for new namespaces, container defaults for all that have it."""
    access.require_site(request.user, "policies.edit")
    found = shown.plan(plan)
    form = PlanForm(request.POST or None, plan=found)
    if request.method == "POST" and form.is_valid():
        done = attempt(form, lambda: verbs.save_plan(actor=request.user, plan=found, **form.cleaned_data))
        if done:
            row, reached = done
            places = "1 namespace" if reached == 1 else f"{reached} namespaces"
            told(request, f"{row.title} is saved." + (f" Its container defaults go to {places}." if reached else ""))
            return redirect("plans")
    context = {"form": form, "plan": found, "crumbs": [("Plans", reverse("plans")), (found.title, "")]}
    return render(request, "tenants/policies/plan.html", context)


@page("GET", "POST")
def team_quota(request: Request, team: str) -> HttpResponse:
    """What the team is granted against its ceilings; labels, ceilings and number of namespaces are set here."""
    access.require_site(request.user, "policies.read")
    found = finding.team(request.user, team)
    _, policy = weighing.current()
    form = TeamWallsForm(request.POST or None, team=found, resources=resources_of(policy))
    if request.method == "POST":
        access.require_site(request.user, "policies.edit", found)
        if form.is_valid():
            data = form.cleaned_data
            done = attempt(
                form,
                lambda: policies.edit_team_quota(
                    actor=request.user,
                    team=found,
                    labels=data["labels"],
                    ceilings=form.ceilings(),
                    namespaces_max=data["namespaces_max"],
                ),
            )
            if done:
                told(request, f"Saved for {found.name}.")
                return redirect("staff_team_quota", found.slug)
    context = {
        "team": found,
        "form": form,
        "rows": [(wall, form.ceiling_field(wall.resource)) for wall in shown.team_walls(found)],
        "namespaces": found.namespaces.count(),
        "most": weighing.namespaces_max(found, policy),
        "policy_most": policy.namespaces_max,
        "crumbs": [("Teams", reverse("staff_teams")), (found.name, "")],
    }
    return render(request, "tenants/policies/team.html", context)
