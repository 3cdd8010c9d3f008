"""The viewer's own account: profile, sessions, tokens for scripts, and its end. The rest of it is allauth's pages."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from tenants import access, roles, rules
from tenants.errors import NotFound
from tenants.forms.accounts import ProfileForm
from tenants.forms.fields import ConfirmForm
from tenants.forms.teams import TokenForm
from tenants.models import ApiToken
from tenants.selectors import accounts as shown
from tenants.selectors import finding
from tenants.services import accounts
from tenants.services import tokens as verbs
from tenants.views.recent import kept, recently_signed_in
from tenants.views.scope import Crumb, Request, attempt, page, told

MEANINGS = {
    "read": "see teams, apps and logs",
    "apps": "create, release and delete apps",
    "volumes": "claim and delete volumes",
    "secrets": "set and delete secrets, never read them",
    "account": "change your profile, end sessions",
    "teams": "change, hand over and delete teams; members and namespaces",
    "quota": "ask for quota and lower it",
    "site": "suspend people and teams, decide about quota, as staff of the site",
}


@page("GET", "POST")
def settings(request: Request) -> HttpResponse:
    """Name, time zone, language, light or dark."""
    user = request.user
    now = {"name": user.get_full_name(), "time_zone": user.time_zone, "theme": user.theme}
    form = ProfileForm(request.POST or None, initial={**now, "language": user.language or "en"})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if attempt(form, lambda: accounts.edit_profile(actor=user, **data)):
            told(request, "Saved.")
            return redirect("settings")
    context = {"form": form, "zones": rules.time_zones(), "crumbs": _crumbs("Profile")}
    return render(request, "tenants/account/settings.html", context)


@page()
def sessions(request: Request) -> HttpResponse:
    """Where the viewer is signed in."""
    places = shown.sessions(request.user, request.session.session_key)
    return render(request, "tenants/account/sessions.html", {"places": places, "crumbs": _crumbs("Sessions")})


@page("POST")
def end_session(request: Request, pk: int) -> HttpResponse:
    session = shown.session(request.user, pk)
    if session is None:
        raise NotFound("There is no such session.")
    accounts.end_session(actor=request.user, session=session)
    told(request, f"Signed out of {rules.device(session.user_agent)}.")
    return redirect("sessions")


@page("POST")
def end_other_sessions(request: Request) -> HttpResponse:
    count = accounts.end_other_sessions(actor=request.user, keep=request.session.session_key)
    told(request, f"Signed out of {count} other session{'' if count == 1 else 's'}.")
    return redirect("sessions")


@page("GET", "POST")
@recently_signed_in(keep=("name", "scopes", "days"))
def tokens(request: Request) -> HttpResponse:
    """The viewer's tokens; a new one is shown once, in the answer to its making."""
    form = TokenForm(request.POST or None, initial=kept(request, "scopes"))
    made = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(form, lambda: verbs.create_token(actor=request.user, **data))
        if made:
            form = TokenForm()
    context = {
        "form": form,
        "made": made,
        "tokens": ApiToken.objects.visible_to(request.user),
        "scopes": [(scope, MEANINGS[scope]) for scope in _scopes(request)],
        "api": f"{request.scheme}://{request.get_host()}/api/v1",
        "crumbs": _crumbs("Tokens"),
    }
    return render(request, "tenants/account/tokens.html", context)


@page("POST")
def revoke(request: Request, pk: UUID) -> HttpResponse:
    token = finding.token(request.user, pk)
    verbs.revoke_token(actor=request.user, token=token)
    told(request, f"{token.name} does not work any more.")
    return redirect("tokens")


@page("POST")
def revoke_all(request: Request) -> HttpResponse:
    count = verbs.revoke_all(actor=request.user)
    told(request, f"{count} token{'' if count == 1 else 's'} revoked.")
    return redirect("tokens")


@page("GET", "POST")
@recently_signed_in(from_get=True)
def leave(request: Request) -> HttpResponse:
    """Deletes the account; says before what goes, and which teams must be handed over first."""
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data["confirm"]
        if attempt(form, lambda: accounts.leave_site(actor=request.user, confirm=typed)):
            logout(request)
            told(request, "Your account is deleted.")
            return redirect("account_login")
    context = {
        "form": form,
        "alone": roles.sole_owner_of(request.user),
        "teams": request.user.memberships.filter(team__deleting_since=None).count(),
        "tokens": shown.live_tokens(request.user),
        "crumbs": _crumbs("Delete account"),
    }
    return render(request, "tenants/account/leave.html", context)


def _scopes(request: Request) -> list[str]:
    """What tokens of the viewer's could be for: the site's own matters are its staff's."""
    return [scope for scope in access.SCOPES if scope != "site" or request.user.is_site_staff]


def _crumbs(title: str) -> list[Crumb]:
    return [("Your account", reverse("settings")), (title, "")]
