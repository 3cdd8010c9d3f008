"""What each page takes from who looks: time zone, language, when they were here, whether they must do more first."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from typing import cast

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone, translation

from tenants import peer, presence
from tenants.models import User
from tenants.sign_in import second_factor

Answer = Callable[[HttpRequest], HttpResponse]

# Where somebody may go who must set up a second factor first: its pages, what they ask for, and out.
OPEN_PATHS = (
    "/accounts/2fa/",
    "/accounts/reauthenticate/",
    "/accounts/logout/",
    "/accounts/login/",
    "/settings/theme/",
    "/turn-down/",
)


class ViewerMiddleware:
    """For pages; the API has no viewer, and its tokens are asked in `tenants.api.authentication`."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith("/api/") or not request.user.is_authenticated:
            return self.get_response(request)
        _note_visit(request)
        if not request.path.startswith(OPEN_PATHS) and second_factor.missing(request.user):
            return _to_set_up(request)
        language = request.user.language or settings.LANGUAGE_CODE
        with timezone.override(_zone(request.user.time_zone)), translation.override(language):
            return self.get_response(request)


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):  # one that a later database of zones has no more
        return zoneinfo.ZoneInfo("UTC")


def _note_visit(request: HttpRequest) -> None:
    """Of the account, and of the session, which is one of several."""
    presence.note(cast(User, request.user))
    key = request.session.session_key
    if key is None or not cache.add(f"visit:{key}", True, presence.NOTED.total_seconds()):
        return
    place = peer.address(request)
    seen = {"last_seen_at": timezone.now()} | ({"ip": place} if place else {})
    UserSession.objects.filter(session_key=key).update(**seen)


def _to_set_up(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):  # the whole page goes there, not a part of it
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("mfa_index")})
    return redirect("mfa_index")
