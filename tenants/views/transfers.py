"""Handing a team over: the offer, and the page where the other side answers it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render

from tenants import access
from tenants.forms.people import TransferForm
from tenants.selectors import members as shown
from tenants.services import transfers as verbs
from tenants.views.recent import kept, recently_signed_in
from tenants.views.scope import Request, attempt, crumbs, page, team_of, told


@page("GET", "POST")
@recently_signed_in(keep=("to", "keeps"))
def offer(request: Request, team: str) -> HttpResponse:
    """An owner chooses a member, and what they are themselves afterwards."""
    found = team_of(request, team)
    access.require(request.user, "team.transfer", found)
    takers = shown.takers(found, request.user)
    form = TransferForm(request.POST or None, initial=kept(request), takers=takers)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if made := attempt(form, lambda: verbs.offer(actor=request.user, team=found, **data)):
            told(request, f"{found.name} is offered to {made.taker}. Nothing changes until they accept.")
            return redirect("team_members", found.slug)
    context = {
        "team": found,
        "form": form,
        "takers": takers,
        "offer": shown.offer_of(found),
        "crumbs": crumbs(found, "Hand over"),
    }
    return render(request, "tenants/members/offer.html", context)


@page()
def transfer(request: Request, pk: UUID) -> HttpResponse:
    """What is offered, by whom, and how it stands."""
    found = shown.transfer(request.user, pk)
    request.team = found.team
    theirs = found.taker_id == request.user.pk
    context = {"transfer": found, "team": found.team, "theirs": theirs, "crumbs": crumbs(found.team, "Hand over")}
    return render(request, "tenants/members/transfer.html", context)


@page("POST")
def accept(request: Request, pk: UUID) -> HttpResponse:
    done = verbs.accept(actor=request.user, transfer=shown.transfer(request.user, pk))
    told(request, f"You own {done.team.name} now.")
    return redirect("team_members", done.team.slug)


@page("POST")
def decline(request: Request, pk: UUID) -> HttpResponse:
    done = verbs.decline(actor=request.user, transfer=shown.transfer(request.user, pk))
    told(request, "Declined. All stays as it is.")
    return redirect("team", done.team.slug)


@page("POST")
def withdraw(request: Request, pk: UUID) -> HttpResponse:
    done = verbs.withdraw(actor=request.user, transfer=shown.transfer(request.user, pk))
    told(request, f"{done.team.name} is not offered any more.")
    return redirect("team_members", done.team.slug)
