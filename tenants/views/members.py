"""Members of a team: who is in it, and what they may."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import urlencode

from tenants import access
from tenants.errors import NotFound
from tenants.models import Membership, Role, Team
from tenants.selectors import members as shown
from tenants.services import members as verbs
from tenants.views.invitations import grantable
from tenants.views.scope import Request, crumbs, page, searched, team_of, told

SHOWN = 50
REMOVE = "remove"


@page()
def members(request: Request, team: str) -> HttpResponse:
    """The list; whom one manages, one gives another role or takes out, one or several at a time."""
    found = team_of(request, team)
    return _list(request, found)


@page("POST")
def change(request: Request, team: str, pk: int) -> HttpResponse:
    """Another role."""
    found = team_of(request, team)
    role = request.POST.get("role", "")
    membership = verbs.change_role(actor=request.user, membership=_member(found, pk), role=role)
    told(request, f"{membership.user} is {Role(role).label} now.")
    return redirect("team_members", found.slug)


@page("GET", "POST")
def remove(request: Request, team: str, pk: int) -> HttpResponse:
    """Says what ends, then takes somebody out, or lets the viewer leave."""
    found = team_of(request, team)
    membership = _member(found, pk)
    leaves = membership.user_id == request.user.pk
    access.require(request.user, "team.leave" if leaves else "members.manage", found)
    if request.method == "POST":
        verbs.remove_member(actor=request.user, membership=membership)
        told(request, f"You left {found.name}." if leaves else f"{membership.user} is out of {found.name}.")
        return redirect("home") if leaves else redirect("team_members", found.slug)
    context = {
        "team": found,
        "row": shown.member(request.user, found, pk),
        "ends": shown.ends(membership),
        "crumbs": crumbs(found, "Members"),
    }
    return render(request, "tenants/members/remove.html", context)


@page("POST")
def change_many(request: Request, team: str) -> HttpResponse:
    """Several at once: another role, or out, which asks once more. What is allowed is done, and the rest named."""
    found = team_of(request, team)
    access.require(request.user, "members.manage", found)
    names, act = request.POST.getlist("member"), request.POST.get("act", "")
    if act == REMOVE and names and "sure" not in request.POST:
        context = {"team": found, "names": names[: verbs.AT_ONCE_MAX], "crumbs": crumbs(found, "Members")}
        return render(request, "tenants/members/remove_many.html", context)
    role = None if act == REMOVE else act
    answers = verbs.change_many(actor=request.user, team=found, usernames=names, role=role)
    done = sum(answer.done for answer in answers)
    if done:
        who = f"{answers[0].username} is" if len(answers) == 1 else f"{done} of {len(answers)} are"
        told(request, f"{who} {'out of the team' if role is None else f'{Role(role).label} now'}.")
    if done == len(answers):
        return redirect("team_members", found.slug)
    return _list(request, found, refused=[answer for answer in answers if not answer.done], done=done)


def _list(request: Request, team: Team, **more: object) -> HttpResponse:
    text, role = searched(request), request.GET.get("role", "")
    role = role if role in Role.values else ""
    found = Paginator(shown.listed(team, text, role), SHOWN).get_page(request.GET.get("page"))
    rows = shown.rows(request.user, team, found)
    query = urlencode({key: value for key, value in {"q": text, "role": role}.items() if value})
    context = {
        "team": team,
        "rows": rows,
        "shown": found,
        "query": f"{query}&" if query else "",
        "q": text,
        "role": role,
        "roles": Role.choices,
        "grantable": grantable(request, team),
        "several": any(row.may_change for row in rows),
        "inspects": access.can(request.user, "members.inspect", team),
        "offer": shown.offer_of(team),
        "crumbs": crumbs(team, "Members"),
        **more,
    }
    return render(request, "tenants/members/list.html", context)


def _member(team: Team, pk: int) -> Membership:
    membership = team.memberships.select_related("user", "team").filter(pk=pk).first()
    if membership is None:
        raise NotFound("This person is not a member.")
    return membership
