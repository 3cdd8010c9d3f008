"""Inviting people into a team, and the list of invitations that wait."""

from __future__ import annotations

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render

from tenants import access
from tenants.forms.joining import InviteForm
from tenants.models import Role, Team
from tenants.selectors import joining
from tenants.services import invitations as verbs
from tenants.views.scope import Request, attempt, crumbs, page, team_of, told

SHOWN = 50


@page("GET", "POST")
def invitations(request: Request, team: str) -> HttpResponse:
    """The form and the list; where not everybody could be invited, what became of each."""
    found = team_of(request, team)
    access.require(request.user, "joining.read", found)
    roles = grantable(request, found)
    form = InviteForm(request.POST or None, roles=roles)
    answers: list[verbs.Answer] | None = None
    if request.method == "POST":
        access.require(request.user, "members.manage", found)
        if form.is_valid():
            data = form.cleaned_data
            answers = attempt(form, lambda: verbs.invite(actor=request.user, team=found, **data))
        if answers and all(answer.invitation for answer in answers):
            told(request, _invited(answers))
            return redirect("team_invitations", found.slug)
        if answers:
            left = "\n".join(answer.invitee for answer in answers if not answer.invitation)
            form = InviteForm(initial={**form.cleaned_data, "people": left}, roles=roles)
    shown = Paginator(joining.invitations_of(found), SHOWN).get_page(request.GET.get("page"))
    context = {
        "team": found,
        "form": form if roles else None,
        "answers": answers,
        "shown": shown,
        "rows": joining.invitation_rows(request.user, found, list(shown)),
        "crumbs": crumbs(found, "Invitations"),
    }
    return render(request, "tenants/joining/invitations.html", context)


@page("POST")
def resend(request: Request, team: str, pk: UUID) -> HttpResponse:
    found = team_of(request, team)
    access.require(request.user, "members.manage", found)
    sent = verbs.resend(actor=request.user, invitation=joining.invitation_of(found, pk))
    told(request, f"A new mail is on its way to {sent.invitee}; the old one does not work any more.")
    return redirect("team_invitations", found.slug)


@page("POST")
def revoke(request: Request, team: str, pk: UUID) -> HttpResponse:
    found = team_of(request, team)
    access.require(request.user, "members.manage", found)
    gone = verbs.revoke(actor=request.user, invitation=joining.invitation_of(found, pk))
    told(request, f"The invitation of {gone.invitee} does not work any more.")
    return redirect("team_invitations", found.slug)


def grantable(request: Request, team: Team) -> list[tuple[str, str]]:
    """Roles that the viewer may give; [] for whoever manages nobody."""
    return [(role, label) for role, label in Role.choices if access.may_grant(request.user, team, old=None, new=role)]


def _invited(answers: list[verbs.Answer]) -> str:
    if len(answers) > 1:
        return f"{len(answers)} invitations are on their way."
    return f"An invitation is on its way to {answers[0].invitee}."
