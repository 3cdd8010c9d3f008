"""What is asked of people who just proved who they are: a token, a deletion, a second factor, an address.

Signing in counts, and so does typing the password (or a code, or touching a passkey) again, for 15 minutes
(ACCOUNT_REAUTHENTICATION_TIMEOUT) and for that session alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.http import urlencode

KEPT = "kept_form"
# By these somebody shows who they are; a link in a mail does not.
PROOFS = frozenset({"password", "mfa", "socialaccount"})

View = Callable[..., HttpResponse]


def signed_in_recently(request: HttpRequest) -> bool:
    """Whether this session's person proved who they are within the last 15 minutes."""
    if not request.user.is_authenticated:
        return False
    proofs = [
        record["at"] for record in get_authentication_records(request, request.user) if record["method"] in PROOFS
    ]
    return bool(proofs) and time.time() - max(proofs) < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def recently_signed_in(*, keep: Collection[str] = (), from_get: bool = False) -> Callable[[View], View]:
    """A page that takes a form only of somebody who `signed_in_recently`; below `page`.

    Others are asked for their password and come back to the page. Of the form they sent, the fields named in `keep`
    are kept for `kept`: never name one that may hold a secret. `from_get`: asked already when the page is opened.
    """

    def wrap(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            reads = request.method in ("GET", "HEAD")
            if signed_in_recently(request) or (reads and not from_get):
                return view(request, *args, **kwargs)
            if not reads:
                fields = {name: request.POST.getlist(name) for name in keep if name in request.POST}
                request.session[KEPT] = {"path": request.path, "user": request.user.pk, "fields": fields}
            return to_prove(request)

        return inner

    return wrap


def kept(request: HttpRequest, *lists: str) -> dict[str, Any]:
    """What was typed into this page's form before the password was asked for, as `initial` of a form takes it; once.

    `lists` names the fields that have several values.
    """
    found = request.session.get(KEPT)
    if request.method != "GET" or not found or found["path"] != request.path or found["user"] != request.user.pk:
        return {}
    del request.session[KEPT]
    messages.info(request, "Thank you. Here is what you typed: look at it, and send it again.")
    return {name: values if name in lists else values[-1] for name, values in found["fields"].items() if values}


def to_prove(request: HttpRequest) -> HttpResponse:
    """Leads to where one proves who one is, and from there back to this page."""
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    path = request.get_full_path()
    target = methods[0]["url"] if methods else resolve_url(settings.LOGIN_URL)
    if not methods:  # signs in elsewhere alone: the only proof is to do that again
        kept_form = request.session.get(KEPT)
        logout(request)
        request.session[KEPT] = kept_form
        messages.info(request, "Sign in again to go on.")
    return HttpResponseRedirect(f"{target}?{urlencode({'next': path})}")
