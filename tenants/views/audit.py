"""The audit log: a team's, the whole site's for staff, one entry with its place in the chain, and exports."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from tenants import access
from tenants.errors import Invalid, NotFound
from tenants.forms.audit import AuditFilterForm
from tenants.models import AuditEntry, Operation, Team
from tenants.selectors import audit, auditlines, changes, integrity, operations
from tenants.streaming import streamed
from tenants.views.scope import Request, crumbs, page, searched, team_of

SHOWN = 50


@page()
def activity(request: Request, team: str) -> HttpResponse:
    """The team's audit log as far as the viewer may read it, and what is on its way."""
    found = team_of(request, team)
    under_way = Operation.objects.filter(team=found).open().select_related("actor")[:20]
    context = {
        "team": found,
        "operations": [operations.row(operation) for operation in under_way],
        "whole": access.can(request.user, "audit.read_all", found),
        "crumbs": crumbs(found, "Activity"),
    }
    return render(request, "tenants/teams/activity.html", context | _log(request, found))


@page()
def site(request: Request) -> HttpResponse:
    """All teams' lines and those of no team, for staff; to anybody else it is not there."""
    _for_staff(request)
    return render(request, "tenants/audit/site.html", {"crumbs": [("Audit", "")], **_log(request)})


@page()
def entry(request: Request, pk: int) -> HttpResponse:
    """One entry: every field, what changed, and whether it is as it was written."""
    found = audit.entry(request.user, pk)
    team = Team.objects.visible_to(request.user).filter(pk=found.team_id or 0).first()
    if team is not None:
        request.team = team
    place, link = integrity.place(found)
    context = {
        "entry": found,
        "team": team,
        "rows": changes.differences(found.changes),
        "place": place.value,
        "link": link,
        "door": audit.DOORS.get(found.door, found.door),
        "crumbs": [*crumbs(team, "Activity")[:-1], (f"Entry {found.pk}", "")],
    }
    return render(request, "tenants/audit/entry.html", context)


@page()
def export(request: Request, team: str) -> HttpResponseBase:
    """What the filters of the page leave of the team's log, as a file."""
    found = team_of(request, team)
    return _file(request, f"{found.slug}-audit", found)


@page()
def export_site(request: Request) -> HttpResponseBase:
    """What the filters of the page leave of the site's log, as a file."""
    _for_staff(request)
    return _file(request, "audit")


def _for_staff(request: Request) -> None:
    if not request.user.is_site_staff:
        raise NotFound("There is no such page.")


def _filters(request: Request) -> AuditFilterForm:
    asked = request.GET.copy()
    asked["q"] = searched(request)
    return AuditFilterForm(
        asked,
        role=audit.ROLES.items(),
        door=audit.DOORS.items(),
        outcome=audit.OUTCOMES.items(),
        action=[(action, audit.say(action)) for action in audit.actions()],
    )


def _log(request: Request, team: Team | None = None) -> dict[str, Any]:
    """What templates/tenants/audit/log.html shows."""
    form = _filters(request)
    asked = request.GET.copy()
    cursors = {way: asked.pop(way, [""])[-1] for way in ("before", "after")}
    if form.is_valid():
        shown = audit.page(request.user, audit.Wanted(**form.wanted), team, size=SHOWN, **cursors)
    else:
        shown = audit.Page([], "", "")
    return {
        "form": form,
        "entries": [(line, changes.differences(line.changes)) for line in shown.entries],
        "shown": shown,
        "asked": asked.urlencode(),
        "doors": audit.DOORS,
        "about": _about(shown.entries, form),
    }


def _about(entries: list[AuditEntry], form: AuditFilterForm) -> str:
    """The one thing that the log is narrowed to, in words."""
    target = form.wanted.get("target", "")
    return (entries[0].target if entries else target.replace(":", " ")) if target else ""


def _file(request: Request, name: str, team: Team | None = None) -> StreamingHttpResponse:
    form = _filters(request)
    kind = request.GET.get("format", "csv")
    if kind not in auditlines.FORMATS or not form.is_valid():
        raise Invalid("This export cannot be made: go back and look at the filters.")
    media_type, write = auditlines.FORMATS[kind]
    day = f"{timezone.localdate():%Y-%m-%d}"
    return streamed(
        request,
        write(audit.all_of(audit.entries(request.user, audit.Wanted(**form.wanted), team))),
        content_type=f"{media_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}-{day}.{kind}"'},
    )
