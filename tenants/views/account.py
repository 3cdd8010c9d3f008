"""The viewer's own settings, and tokens for scripts."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render

from tenants import access
from tenants.forms.teams import TokenForm
from tenants.models import ApiToken, User
from tenants.selectors import finding
from tenants.services import tokens as verbs
from tenants.views.scope import Request, attempt, page, told

MEANINGS = {
    "read": "see teams, apps and logs",
    "apps": "create, release and delete apps",
    "volumes": "claim and delete volumes",
    "secrets": "set and delete secrets, never read them",
    "teams": "change teams, members and namespaces",
}


@page()
def settings(request: Request) -> HttpResponse:
    themes = User._meta.get_field("theme").choices
    live = ApiToken.objects.visible_to(request.user).filter(revoked_at=None).count()
    return render(
        request, "tenants/account/settings.html", {"tokens": live, "themes": themes, "crumbs": [("Your account", "")]}
    )


@page("GET", "POST")
def tokens(request: Request) -> HttpResponse:
    """The viewer's tokens; a new one is shown once, in the answer to its making."""
    form = TokenForm(request.POST or None)
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
        "scopes": [(scope, MEANINGS[scope]) for scope in access.SCOPES],
        "api": f"{request.scheme}://{request.get_host()}/api/v1",
        "crumbs": [("Your account", "/settings/"), ("Tokens", "")],
    }
    return render(request, "tenants/account/tokens.html", context)


@page("POST")
def revoke(request: Request, pk: UUID) -> HttpResponse:
    token = finding.token(request.user, pk)
    verbs.revoke_token(actor=request.user, token=token)
    told(request, f"{token.name} does not work any more.")
    return redirect("tokens")
