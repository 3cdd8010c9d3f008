"""Members of a team: who is in it, and what they may."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from tenants import access
from tenants.errors import NotFound
from tenants.forms.teams import MemberForm
from tenants.models import Membership, Role, Team
from tenants.services import members as verbs
from tenants.views.scope import Request, attempt, crumbs, page, team_of, told


@page("GET", "POST")
def members(request: Request, team: str) -> HttpResponse:
    """The list; POST adds somebody who has an account."""
    found = team_of(request, team)
    form = MemberForm(request.POST or None)
    grantable = [
        (role, label) for role, label in Role.choices if access.may_grant(request.user, found, old=None, new=role)
    ]
    form.fields["role"].choices = grantable or Role.choices  # type: ignore[attr-defined]
    if request.method == "POST":
        access.require(request.user, "members.manage", found)
        if form.is_valid():
            data = form.cleaned_data
            added = attempt(form, lambda: verbs.add_member(actor=request.user, team=found, **data))
            if added:
                told(request, f"{added.user} is in {found.name} as {added.get_role_display()}.")
                return redirect("team_members", found.slug)
    rows = [_row(request, found, membership, grantable) for membership in found.memberships.select_related("user")]
    context = {"team": found, "form": form, "rows": rows, "crumbs": crumbs(found, "Members")}
    return render(request, "tenants/teams/members.html", context)


@page("POST")
def change(request: Request, team: str, pk: int) -> HttpResponse:
    """Another role, or out: `role` empty removes."""
    found = team_of(request, team)
    membership = found.memberships.select_related("user", "team").filter(pk=pk).first()
    if membership is None:
        raise NotFound("This person is not a member.")
    role = request.POST.get("role", "")
    if role:
        verbs.change_role(actor=request.user, membership=membership, role=role)
        told(request, f"{membership.user} is {role} now.")
        return redirect("team_members", found.slug)
    leaves = membership.user_id == request.user.pk
    verbs.remove_member(actor=request.user, membership=membership)
    told(request, f"You left {found.name}." if leaves else f"{membership.user} is out of {found.name}.")
    return redirect("home") if leaves else redirect("team_members", found.slug)


def _row(request: Request, team: Team, membership: Membership, grantable: list[tuple[str, str]]) -> dict[str, object]:
    mine = membership.user_id == request.user.pk
    may = access.may_grant(request.user, team, old=membership.role, new=None)
    roles = [(role, label) for role, label in grantable] if may else []
    return {"membership": membership, "mine": mine, "roles": roles, "may_remove": may or mine}
