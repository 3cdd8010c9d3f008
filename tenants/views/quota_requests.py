"""A request for more quota: its page, its thread, and what its team does with it; the team's list of requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from tenants import access, expiry
from tenants.errors import Conflict
from tenants.forms.quota import CommentForm
from tenants.models import QuotaRequest
from tenants.models.granting import State
from tenants.selectors import quota_requests, threads
from tenants.services import quota_requests as verbs
from tenants.services.quota_decisions import why_not
from tenants.views.scope import Crumb, Request, attempt, page, team_of, told, wanted_part

SHOWN = 50


@page()
def one(request: Request, number: int) -> HttpResponse:
    """What was asked, where it stands, and the thread. A draft is still the form; approvers come to their own page."""
    found = _request(request, number)
    if found.state == State.DRAFT:
        return redirect("quota_request_edit", found.number)
    if found.state == State.SUBMITTED and not why_not(request.user, found):
        return redirect("approval", found.number)
    return _page(request, found, CommentForm())


@page("POST")
def comment(request: Request, number: int) -> HttpResponse:
    found = _request(request, number)
    form = CommentForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["text"]
        if attempt(form, lambda: verbs.comment(actor=request.user, request=found, text=text)):
            return redirect("quota_request", found.number)
    access.require(request.user, "team.read", found)
    return _page(request, found, form)


@page("POST")
def withdraw(request: Request, number: int) -> HttpResponse:
    """With what stands in the message's field, if anything does."""
    found = _request(request, number)
    verbs.withdraw(actor=request.user, request=found, text=request.POST.get("text", ""))
    told(request, "Withdrawn. What you have stays as it is.")
    return redirect("quota_request", found.number)


@page("GET", "POST")
def extend(request: Request, number: int) -> HttpResponse:
    """GET is where mails lead: it shows the request, with the button."""
    found = _request(request, number)
    access.require(request.user, "quota.request", found)
    if request.method != "POST":
        return redirect("quota_request", found.number)
    try:
        made = verbs.extend(actor=request.user, request=found)
    except Conflict as error:
        open_one = quota_requests.open_in(found.namespace)
        other = next((open_one[name] for name in error.fields if name in open_one), None)
        if other is None:
            raise
        told(request, error.message)
        return redirect("quota_request", other.number)
    approved = made.state != State.SUBMITTED
    told(request, "Extended." if approved else "Asked for once more: an approver decides, nothing ends before the day.")
    return redirect("quota_request", made.number)


@page()
def of_team(request: Request, team: str) -> HttpResponse:
    """What is open; all requests with `?all=1`."""
    found = team_of(request, team)
    every = request.GET.get("all") == "1"
    rows = quota_requests.of_team(request.user, found, every=every)
    shown = Paginator(rows, SHOWN).get_page(request.GET.get("page"))
    context = {
        "team": found,
        "shown": shown,
        "rows": [(one, threads.state_of(one), quota_requests.asked(one)) for one in shown],
        "every": every,
        "places": found.namespaces.filter(deleting_since=None),
        "crumbs": [
            *_above(found.name, "team", found.slug),
            *_above("Quota", "team_quota", found.slug),
            ("Requests", ""),
        ],
    }
    return render(request, f"tenants/quota/requests.html{wanted_part(request, 'rows')}", context)


def _request(request: Request, number: int) -> QuotaRequest:
    found = quota_requests.request_of(request.user, number)
    request.team = found.team
    return found


def _page(request: Request, found: QuotaRequest, form: CommentForm) -> HttpResponse:
    team, place = found.team, found.namespace
    context: dict[str, Any] = {
        **quota_requests.live_context(found),
        **quota_requests.ways_on(request.user, found),
        "next_day": verbs.extended(found),
        "warned": _days(expiry.WARNED_AT),
        "namespace": place,
        "team": team,
        "form": form,
        "crumbs": [
            *_above(team.name, "team", team.slug),
            *_above("Quota requests", "team_quota_requests", team.slug),
            (f"Request {found.number}", ""),
        ],
    }
    part = wanted_part(request, "live")
    return render(request, f"tenants/quota/request.html{part}", context)


def _days(warned: Iterable[int]) -> str:
    """When a raise's end is told: "7, 3 and 1"."""
    *first, last = sorted(warned, reverse=True)
    return f"{', '.join(map(str, first))} and {last}"


def _above(title: str, name: str, team: str) -> list[Crumb]:
    return [(title, reverse(name, args=[team]))]
