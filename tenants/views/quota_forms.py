"""The forms of quota: asking for more, going on with a request that was kept or sent, and giving some back."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from cluster.specs import STANDARD
from tenants import access, weighing
from tenants.errors import Conflict, Gone
from tenants.forms import quota as forms
from tenants.forms.quota import LowerForm, RequestForm
from tenants.models import Namespace, QuotaRequest
from tenants.models.granting import State
from tenants.rules.granting import Move, after
from tenants.rules.resources import heading
from tenants.selectors import quota_form, quota_requests, threads
from tenants.services import lowering
from tenants.services import quota_requests as verbs
from tenants.views.scope import Request, attempt, crumbs, namespace_of, page, told, wanted_part

KEEP = "draft"


@page("GET", "POST")
def new(request: Request, team: str, namespace: str) -> HttpResponse:
    """`?part=weighed` answers what the policy says while one types."""
    place = _place(request, team, namespace)
    form = RequestForm(request.POST or None, offered=weighing.offered(place))
    if request.method == "POST" and not wanted_part(request, "weighed"):
        valid, keep = form.is_valid(), request.POST.get("act") == KEEP
        verb: dict[str, Any] = {"actor": request.user, "namespace": place, "wants": form.wants, "until": form.last_day}
        made: QuotaRequest | None = None
        if keep:
            kept: dict[str, Any] = {"reason": form.reason_typed, "unread": form.unread}
            made = attempt(form, lambda: verbs.draft(**verb, **kept))
        elif valid:
            reason = form.cleaned_data["reason"]
            made = attempt(form, lambda: verbs.ask(**verb, reason=reason))
        if made:
            return _made(request, made)
    return _form_page(request, place, form, None)


@page("GET", "POST")
def edit(request: Request, number: int) -> HttpResponse:
    """A draft, or a request that is not decided yet. What is typed into a draft is kept, right or wrong."""
    found = quota_requests.request_of(request.user, number)
    access.require(request.user, "quota.request", found)
    request.team = found.team
    if after(Move.EDIT, found.state) is None:
        raise Conflict(f"Request {found.number} is {State(found.state).label} already: it is not changed any more.")
    wants = {want.resource: want.wanted for want in found.wants.all()}
    initial = forms.initial(wants, reason=found.reason, until=found.until, unread=found.unread)
    form = RequestForm(request.POST or None, offered=weighing.offered(found.namespace), initial=initial)
    if request.method == "POST" and not wanted_part(request, "weighed"):
        changed = _change(request, found, form)
        if changed:
            return _made(request, changed)
    return _form_page(request, found.namespace, form, found)


@page("POST")
def discard(request: Request, number: int) -> HttpResponse:
    found = quota_requests.request_of(request.user, number)
    verbs.discard(actor=request.user, request=found)
    told(request, "The draft is deleted.")
    return redirect("team_quota_requests", found.team.slug)


@page("GET", "POST")
def lower(request: Request, team: str, namespace: str) -> HttpResponse:
    """Immediate; where a rollout would not fit any more it asks whether that is meant. `?part=left` while one types."""
    place = _place(request, team, namespace)
    suggested = {name: request.GET[name] for name in place.limits if name in request.GET}
    form = LowerForm(request.POST or None, offered=list(place.limits), initial=suggested)
    if request.method == "POST" and form.is_valid() and not wanted_part(request, "left"):
        meant = form.cleaned_data["confirm"]
        verb: dict[str, Any] = {"actor": request.user, "namespace": place, "wants": form.wants, "confirmed": meant}
        if done := attempt(form, lambda: lowering.lower(**verb)):
            told(request, "You lowered the quota.", done[1])
            return redirect("quota", place.team.slug, place.name)
    hints = _lowered(place, form)
    if part := wanted_part(request, "left"):
        return render(request, f"tenants/quota/lower.html{part}", {"hints": hints})
    context = {
        "namespace": place,
        "team": place.team,
        "form": form,
        "hints": hints,
        "rows": quota_form.rows(place, {name: form[name] for name in form.offered}),
        "asks_to_confirm": "confirm" in form.errors,
        "crumbs": _crumbs(place, "Lower"),
    }
    return render(request, "tenants/quota/lower.html", context)


def _lowered(place: Namespace, form: LowerForm) -> list[quota_form.Hint]:
    """What the form as it stands would leave, with what nobody can read of it."""
    if not form.is_bound:
        form = LowerForm({name: form[name].value() or "" for name in form.offered}, offered=form.offered)
    form.is_valid()
    wrong = lowering.faults(place, form.wants)
    tight = lowering.too_tight(place, form.wants)
    return quota_form.unread(form.misread) + quota_form.lowered(place, form.wants, wrong, tight)


def _change(request: Request, found: QuotaRequest, form: RequestForm) -> QuotaRequest | None:
    valid, draft = form.is_valid(), found.state == State.DRAFT
    verb: dict[str, Any] = {"actor": request.user, "request": found, "wants": form.wants, "until": form.last_day}
    keep = draft and request.POST.get("act") == KEEP
    if not valid and not draft:
        return None
    kept: dict[str, Any] = {"reason": form.reason_typed, "unread": form.unread if draft else {}}
    changed = attempt(form, lambda: verbs.edit(**verb, **kept))
    if changed is None or keep:
        return changed
    if not valid:
        return None
    if after(Move.SUBMIT, changed.state) is None:
        return changed
    return attempt(form, lambda: verbs.submit(actor=request.user, request=found))


def _made(request: Request, made: QuotaRequest) -> HttpResponse:
    if made.state == State.DRAFT:
        told(request, "Kept as a draft: you alone see it until you send it.")
        return redirect("quota_request_edit", made.number)
    if made.state in (State.APPROVED, State.APPLIED):
        told(request, f"Approved at once by {threads.ruled(made.rule) if made.rule else 'the policy'}.")
    else:
        told(request, "Sent. An approver decides; you hear of it here and by mail.")
    return redirect("quota_request", made.number)


def _form_page(request: Request, place: Namespace, form: RequestForm, asked: QuotaRequest | None) -> HttpResponse:
    part = wanted_part(request, "weighed")
    if form.is_bound:
        form.is_valid()
        wants, until = form.wants, form.last_day
    else:
        wants = {want.resource: want.wanted for want in asked.wants.all()} if asked else {}
        until = asked.until if asked else None
    context: dict[str, Any] = {"outlook": quota_form.outlook(place, wants, until, asked_as=asked, errors=form.misread)}
    if part:
        return render(request, f"tenants/quota/form.html{part}", context)
    fields = {name: form[name] for name in form.offered}
    rows = quota_form.rows(place, fields)
    more = [row for row in rows if row.line.resource in STANDARD[quota_form.MAIN :]]
    context |= {
        "namespace": place,
        "team": place.team,
        "form": form,
        "asked": asked,
        "rows": [row for row in rows if row not in more],
        "more": more,
        "more_open": any(row.field.value() for row in more),
        "here": reverse("quota_request_edit", args=[asked.number])
        if asked
        else reverse("quota_request_new", args=[place.team.slug, place.name]),
        "open": [(heading(name), one) for name, one in quota_requests.open_in(place).items()],
        "drafts": quota_requests.drafts(request.user, place) if asked is None else [],
        "crumbs": _crumbs(place, f"Request {asked.number}" if asked and asked.submitted_at else "Request more"),
    }
    return render(request, "tenants/quota/form.html", context)


def _place(request: Request, team: str, namespace: str) -> Namespace:
    place = namespace_of(request, team, namespace)
    access.require(request.user, "quota.request", place)
    if place.deleting:
        raise Gone(f"{place} is being deleted: its quota is not changed any more.")
    return place


def _crumbs(place: Namespace, title: str) -> list[tuple[str, str]]:
    *above, (name, _) = crumbs(place)
    there = reverse("namespace", args=[place.team.slug, place.name])
    return [*above, (name, there), ("Quota", reverse("quota", args=[place.team.slug, place.name])), (title, "")]
