"""Asking to join a team, and answering those who ask."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from tenants import access
from tenants.forms.joining import AskForm, ReplyForm
from tenants.models import JoinRequest, Role
from tenants.selectors import joining
from tenants.services import joining as verbs
from tenants.views.invitations import grantable
from tenants.views.scope import Request, attempt, crumbs, page, searched, team_of, told, wanted_part

SHOWN = 50
FOUND = 25


@page()
def directory(request: Request) -> HttpResponse:
    """Teams that can be found, whether one is in them or not."""
    text = searched(request)
    shown = Paginator(joining.directory(request.user, text), FOUND).get_page(request.GET.get("page"))
    context = {"q": text, "shown": shown, "crumbs": [("Find a team", "")]}
    return render(request, f"tenants/joining/directory.html{wanted_part(request, 'teams')}", context)


@page("GET", "POST")
def ask(request: Request, team: str) -> HttpResponse:
    found = joining.findable(request.user, team)
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        message = form.cleaned_data["message"]
        made = attempt(form, lambda: verbs.ask(actor=request.user, team=found, message=message))
        if made:
            told(request, f"{found.name} has your request. You hear of the answer here and by mail.")
            return redirect("request", made.pk)
    context = {"found": found, "form": form, "crumbs": [("Find a team", reverse("directory")), (found.name, "")]}
    return render(request, "tenants/joining/ask.html", context)


@page()
def mine(request: Request) -> HttpResponse:
    """What one asked; for the site's support also what nobody in a team can answer."""
    shown = Paginator(joining.requests_by(request.user), SHOWN).get_page(request.GET.get("page"))
    context = {"shown": shown, "adoptable": joining.adoptable(request.user)[:SHOWN]}
    return render(request, "tenants/joining/mine.html", {**context, "crumbs": [("Your requests", "")]})


@page()
def requests(request: Request, team: str) -> HttpResponse:
    """The team's requests: those that are open, or all of them with `?all=1`."""
    found = team_of(request, team)
    access.require(request.user, "joining.read", found)
    every = request.GET.get("all") == "1"
    shown = Paginator(joining.requests_of(found, every=every), SHOWN).get_page(request.GET.get("page"))
    context = {"team": found, "shown": shown, "every": every, "crumbs": crumbs(found, "Requests")}
    return render(request, "tenants/joining/requests.html", context)


@page("GET", "POST")
def one(request: Request, pk: UUID) -> HttpResponse:
    """The thread, for the person who asked and for those who answer; POST adds a message."""
    found = _request(request, pk)
    form = ReplyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["text"]
        if attempt(form, lambda: verbs.reply(actor=request.user, request=found, text=text)):
            return redirect("request", found.pk)
    return _page(request, found, form)


@page("POST")
def accept(request: Request, pk: UUID) -> HttpResponse:
    found = _request(request, pk)
    role = request.POST.get("role", "")
    membership = verbs.accept(actor=request.user, request=found, role=role)
    told(request, f"{membership.user} is in {found.team} as {Role(membership.role).label}.")
    return _back(request, found)


@page("POST")
def decline(request: Request, pk: UUID) -> HttpResponse:
    """With what stands in the message's field, if anything does."""
    found = _request(request, pk)
    form = ReplyForm(request.POST)
    text = request.POST.get("text", "")
    if attempt(form, lambda: verbs.decline(actor=request.user, request=found, text=text)):
        told(request, f"Declined. {found.person} hears of it.")
        return _back(request, found)
    return _page(request, found, form)


@page("POST")
def withdraw(request: Request, pk: UUID) -> HttpResponse:
    found = _request(request, pk)
    verbs.withdraw(actor=request.user, request=found)
    told(request, "Your request is withdrawn.")
    return redirect("requests")


def _request(request: Request, pk: UUID) -> JoinRequest:
    found = joining.request_of(request.user, pk)
    request.team = found.team if access.can(request.user, "joining.read", found.team) else None
    return found


def _page(request: Request, found: JoinRequest, form: ReplyForm) -> HttpResponse:
    theirs = found.person_id == request.user.pk
    decides = not theirs and verbs.decides(request.user, found.team)
    context = {
        "asked": found,
        "thread": joining.thread(found),
        "form": form,
        "theirs": theirs,
        "decides": decides,
        "roles": grantable(request, found.team) or Role.choices,
        "crumbs": _crumbs(request, found),
    }
    return render(request, "tenants/joining/request.html", context)


def _crumbs(request: Request, found: JoinRequest) -> list[tuple[str, str]]:
    """By way of the team for those who answer there, of one's own requests for others."""
    if request.team is None:
        return [("Your requests", reverse("requests")), (found.team.name, "")]
    place = [found.team.slug]
    trail = [(found.team.name, reverse("team", args=place)), ("Requests", reverse("team_requests", args=place))]
    return [*trail, (str(found.person), "")]


def _back(request: Request, found: JoinRequest) -> HttpResponse:
    """To the team's list; support, who have none, to their own."""
    if access.can(request.user, "members.manage", found.team):
        return redirect("team_requests", found.team.slug)
    return redirect("requests")
