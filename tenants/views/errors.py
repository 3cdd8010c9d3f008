"""Pages for what goes wrong, in the site's words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tenants import peer
from tenants.models import Namespace, Team, User
from tenants.services import refusals
from tenants.views.scope import Crumb

LIMITED = {
    "account_login": "sign-in",
    "account_signup": "sign-up",
    "account_reset_password": "new passwords",
    "account_reset_password_from_key": "new passwords",
    "account_change_password": "new passwords",
    "account_email": "addresses",
    "account_reauthenticate": "sign-in",
    "mfa_login_webauthn": "sign-in",
}
"""Name of an address → what its limit is of."""


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Also the answer to a stranger: nothing here tells whether it exists. Leads to what still stands above it."""
    return render(request, "404.html", {"crumbs": [], "above": _above(request)}, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"exception": str(exception), "crumbs": []}, status=403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old tab, or a cross-site request."""
    words = "This form is too old, or cookies are off. Go back, load the page again and send it once more."
    return render(request, "403.html", {"exception": words, "crumbs": []}, status=403)


def _above(request: HttpRequest) -> Crumb | None:
    """The namespace or the team that the address is in, where the viewer may see it."""
    names = request.resolver_match.kwargs if request.resolver_match else {}
    if not request.user.is_authenticated or "team" not in names:
        return None
    places = Namespace.objects.visible_to(request.user).select_related("team")
    place = places.filter(team__slug=names["team"], name=names.get("namespace", "")).first()
    if place is not None:
        return str(place), reverse("namespace", args=[place.team.slug, place.name])
    team = Team.objects.visible_to(request.user).filter(slug=names["team"]).first()
    return (team.name, reverse("team", args=[team.slug])) if team else None


def too_many(request: HttpRequest) -> HttpResponse:
    """A rate limit of sign-in and the like holds: says for how long to wait."""
    name = request.resolver_match.url_name if request.resolver_match else ""
    actor = request.user if isinstance(request.user, User) else None
    refusals.limit(LIMITED.get(name or "", "attempts"), network=peer.network(request), actor=actor)
    response = render(request, "429.html", {"crumbs": []}, status=429)
    response.headers["Retry-After"] = "60"
    return response
