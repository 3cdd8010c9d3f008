"""Accepting an invitation: signed in, signed out, without an account, or as somebody else.

The token stands behind the "#" of the mail's link, which browsers keep to themselves: no log, proxy or Referer ever
holds it. The page hands it over by POST, or one pastes it. The session then carries its hash. GET changes nothing,
for mail scanners follow links.
"""

from __future__ import annotations

from uuid import UUID

from allauth.account.adapter import get_adapter
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenants.errors import NotFound
from tenants.forms.joining import CodeForm
from tenants.models import Invitation, Membership, Role
from tenants.services import invitations as verbs
from tenants.views.scope import Request, page, told

# The session's key for the hash of an invitation's token.
CARRIED = "invitation"


@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Takes the token, from the link by script or from the mail by hand."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = verbs.by_token(form.cleaned_data["code"])
        if not verbs.works(found):
            return dead(request)
        request.session[CARRIED] = found.digest
        return redirect("join_invitation")
    return render(request, "tenants/joining/code.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: Request) -> HttpResponse:
    """What one is invited to, and the way in from where one stands; POST accepts."""
    if CARRIED not in request.session:
        return redirect("join")
    found = verbs.by_digest(request.session[CARRIED])
    if not verbs.works(found):
        del request.session[CARRIED]
        return dead(request)
    if request.method == "POST":
        if not request.user.is_authenticated:
            return redirect(_sign_in())
        return _accepted(request, found)
    known = request.user.is_authenticated
    context = {
        "invitation": found,
        "theirs": known and verbs.is_for(found, request.user),
        "other": known and not verbs.is_for(found, request.user),
        "sign_in": _sign_in(),
    }
    return render(request, "tenants/joining/invitation.html", context)


@require_http_methods(["POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """On to a new account, whose address counts as confirmed: the invitation came there. No other address does."""
    found = verbs.by_digest(request.session.get(CARRIED, ""))
    if not verbs.works(found):
        return dead(request)
    if request.user.is_authenticated or not found.email:
        return redirect("join_invitation")
    get_adapter().stash_verified_email(request, found.email)
    return redirect(f"{reverse('account_signup')}?next={reverse('join_invitation')}")


@require_http_methods(["POST"])
def switch(request: HttpRequest) -> HttpResponse:
    """Signs out, and keeps the invitation for whoever signs in next."""
    carried = request.session.get(CARRIED)
    logout(request)
    if carried:
        request.session[CARRIED] = carried
    return redirect("join_invitation")


@page("POST")
def accept(request: Request, pk: UUID) -> HttpResponse:
    """One of those that wait on the home page."""
    return _accepted(request, verbs.by_id(pk))


@page("POST")
def decline(request: Request, pk: UUID) -> HttpResponse:
    found = verbs.by_id(pk)
    try:
        verbs.decline(actor=request.user, invitation=found)
    except NotFound:
        return dead(request)
    told(request, "Declined.")
    return redirect("home")


def dead(request: HttpRequest) -> HttpResponse:
    """The one answer for an invitation that was used, taken back, ran out, is another's, or never was."""
    return render(request, "tenants/joining/dead.html", {"words": verbs.DEAD}, status=404)


def _accepted(request: Request, found: Invitation | None) -> HttpResponse:
    try:
        membership: Membership = verbs.accept(actor=request.user, invitation=found)
    except NotFound:
        return dead(request)
    request.session.pop(CARRIED, None)
    team = membership.team
    told(request, f"You are in {team.name} as {Role(membership.role).label}.")
    return redirect("team", team.slug)


def _sign_in() -> str:
    return f"{reverse('account_login')}?next={reverse('join_invitation')}"
