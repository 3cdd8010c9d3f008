"""Signing in through the organization: to its provider, back from it, and what an account is connected with.

The way to the provider is a page that leads on, not a redirect: browsers hold redirects of a form to `form-action`,
which would have to name every address that a provider passes people through.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.helpers import render_authentication_error
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.views import connections as allauths_connections
from django.contrib import messages
from django.contrib.sessions.backends.base import UpdateError
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from requests import RequestException

from tenants.sign_in import entrance
from tenants.sign_in.oidc import OidcClient
from tenants.views.recent import recently_signed_in, signed_in_recently
from tenants.views.scope import page


@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider, by POST: a link alone signs nobody in."""
    client = _client(request, provider_id)
    if request.method != "POST":
        next_page = get_next_redirect_url(request)
        return redirect(f"{reverse('account_login')}{'?' + urlencode({'next': next_page}) if next_page else ''}")
    if request.POST.get("process") == "connect" and not signed_in_recently(request):
        return redirect("socialaccount_connections")
    answer = _flow(OAuth2LoginView, request, client)
    if answer.status_code != 302:
        return answer
    return render(
        request, "socialaccount/leaving.html", {"address": answer["Location"], "provider": client.get_provider()}
    )


@require_http_methods(["GET", "HEAD"])
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """From the provider, with a code for this browser's sign-in."""
    return _flow(OAuth2CallbackView, request, _client(request, provider_id))


@page("GET", "POST")
@recently_signed_in(from_get=True)
def connections(request: HttpRequest) -> HttpResponse:
    """What else the account is signed in with; connects and disconnects."""
    answer: HttpResponse = allauths_connections(request)
    return answer


@require_http_methods(["GET", "HEAD"])
def use_pass(request: HttpRequest) -> HttpResponse:
    """Opens the sign-in by password to whom a command gave a pass (`manage.py local_sign_in`)."""
    if entrance.holder(request.GET.get("pass", "")):
        request.session[entrance.PASS] = request.GET["pass"]
    else:
        messages.error(request, "This pass does not work, or is older than 15 minutes.")
    return redirect("account_login")


def _client(request: HttpRequest, provider_id: str) -> OidcClient:
    client = OidcClient(request, provider_id)
    try:
        client.get_provider()
    except SocialApp.DoesNotExist as error:
        raise Http404("There is no such sign-in.") from error
    return client


def _flow(view: Any, request: HttpRequest, client: OidcClient) -> HttpResponse:
    """One step of allauth's; a provider that does not answer, or answers nonsense, is told in words.

    Two tabs may connect one account with the organization at once: the database lets one of them. Whoever signed in
    in another tab has a new session there, and is led to it.
    """
    try:
        answer: HttpResponse = view.adapter_view(client)(request)
    except (OAuth2Error, RequestException, ValueError, KeyError) as error:
        answer = render_authentication_error(request, client.get_provider(), exception=error)
    except UpdateError:
        request.session.modified = False
        answer = redirect("account_login")
    except IntegrityError:
        messages.error(request, "You signed in twice at once. Sign in again.")
        answer = redirect("account_login")
    return answer
