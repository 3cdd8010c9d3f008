"""The viewer's own notices, what they want to be told of, and the links of mails that turn a kind down."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tenants.forms.notices import NoticesForm
from tenants.notices import DAILY, KINDS, read_link
from tenants.selectors import notices as shown
from tenants.services import notices as verbs
from tenants.services.notices import Wish
from tenants.views.scope import Request, attempt, page, sent, told, wanted_part


@page()
def notices(request: Request) -> HttpResponse:
    """Unread ones first; `?team=` of one team, `?before=` what is older."""
    teams = shown.teams(request.user)
    slug = sent(request.GET, "team")
    team = shown.team(request.user, slug) if slug else None
    rows = shown.listed(request.user, team=team.slug if team else "")
    found = shown.page(rows, request.GET.get("before", ""))
    context = {
        "shown": found,
        "teams": teams,
        "only": team,
        "unread": shown.unread(request.user),
        "later": "before" in request.GET,
        "older": urlencode({**({"team": team.slug} if team else {}), "before": found.older}),
        "crumbs": [("Notices", "")],
    }
    return render(request, f"tenants/notices/list.html{wanted_part(request, 'notices')}", context)


@page()
def open_notice(request: Request, pk: int) -> HttpResponse:
    """Goes to what the notice is about; it is read then."""
    notice = verbs.mark_read(actor=request.user, notice=shown.one(request.user, pk))
    local = url_has_allowed_host_and_scheme(notice.path, allowed_hosts=None)
    return redirect(notice.path if notice.path and local else "notices")


@page("POST")
def read(request: Request, pk: int) -> HttpResponse:
    verbs.mark_read(actor=request.user, notice=shown.one(request.user, pk))
    return _back(request)


@page("POST")
def read_all(request: Request) -> HttpResponse:
    """All of them, or those of the team that is filtered by."""
    slug = sent(request.POST, "team")
    verbs.mark_all_read(actor=request.user, team=shown.team(request.user, slug) if slug else None)
    return _back(request)


@page("GET", "POST")
def choices(request: Request) -> HttpResponse:
    """Which kinds, where, and how by mail."""
    found = shown.choices(request.user)
    held = [choice for choice in found if not choice.kind.secures]
    initial: dict[str, Any] = {f"portal-{choice.name}": choice.in_portal for choice in held}
    initial |= {f"mail-{choice.name}": choice.by_mail for choice in held}
    initial["mails_paused"] = request.user.mails_paused
    kinds = {choice.name: choice.kind for choice in found}
    form = NoticesForm(request.POST or None, kinds=kinds, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        wishes = {
            choice.name: Wish(in_portal=data[f"portal-{choice.name}"], by_mail=data[f"mail-{choice.name}"])
            for choice in held
        }
        paused = data["mails_paused"]
        if attempt(form, lambda: verbs.choose(actor=request.user, wishes=wishes, mails_paused=paused)):
            told(request, "Saved.")
            return redirect("notice_choices")
    context = {"form": form, "crumbs": [("Your account", reverse("settings")), ("Notices", "")]}
    return render(request, "tenants/notices/choices.html", context)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def turn_down(request: HttpRequest, token: str) -> HttpResponse:
    """A link of a mail. To look changes nothing; POST does, from the page or from a mail program (RFC 8058).

    It takes no session and no CSRF token: the link alone says who and which kind.
    """
    found = read_link(token)
    if found is None:
        raise Http404("This link leads nowhere.")
    done = request.method == "POST"
    if done:
        verbs.turn_down(token=token)
    kind = found[1]
    words = "The daily mail" if kind == DAILY else KINDS[kind].label
    context = {"words": words, "daily": kind == DAILY, "done": done, "token": token}
    return render(request, "tenants/notices/turn_down.html", context)


def _back(request: Request) -> HttpResponse:
    team = sent(request.POST, "team")
    return redirect(f"{reverse('notices')}{'?' + urlencode({'team': team}) if team else ''}")
