"""The approvers' pages: the queue of quota requests, and one of them with its decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from tenants import access, weighing
from tenants.errors import Invalid
from tenants.forms.approvals import DecisionForm
from tenants.forms.joining import ReplyForm
from tenants.models import QuotaRequest
from tenants.models.granting import State
from tenants.rules import resources
from tenants.rules.granting import Move
from tenants.selectors import approvals as shown
from tenants.selectors import people, quota_requests, threads, usage, verdicts
from tenants.services import quota_decisions as verbs
from tenants.services import quota_requests as asking
from tenants.views.recent import kept, recently_signed_in
from tenants.views.scope import Request, attempt, page, searched, sent, told, wanted_part

SHOWN = 50
MOST_RESOURCES = 20
"""Of one request: so many amounts are kept while the password is asked for."""
KEPT = ("decision", "timed", "until", "text", "over_capacity", *(f"granted-{n}" for n in range(MOST_RESOURCES)))


@page()
def approvals(request: Request) -> HttpResponse:
    """What waits for a decision, with filters."""
    access.require_site(request.user, "quota.comment")
    if part := wanted_part(request, "count"):
        return render(request, f"components/staff_nav.html{part}")
    text, chosen = searched(request), people.chosen(shown.FILTERS, request.GET.dict())
    query = urlencode({key: value for key, value in {"q": text, **chosen}.items() if value})
    context = {
        "shown": Paginator(shown.queue(text, **chosen), SHOWN).get_page(request.GET.get("page")),
        "q": text,
        "chosen": chosen,
        "filters": [(name, choices, chosen.get(name, "")) for name, choices in shown.FILTERS.items()],
        "query": f"{query}&" if query else "",
        "crumbs": [("Approvals", "")],
    }
    return render(request, f"tenants/approvals/queue.html{wanted_part(request, 'rows')}", context)


@page("GET", "POST")
@recently_signed_in(keep=KEPT)
def approval(request: Request, number: int) -> HttpResponse:
    """One request with all that a decision needs; POST decides."""
    found = _request(request, number)
    if request.method == "POST":
        return _decide(request, found)
    if part := wanted_part(request, "live"):
        return _changed(request, found, part)
    typed = kept(request)
    form = DecisionForm(asked=found, initial=typed) if found.state == State.SUBMITTED else None
    return _page(request, found, form)


@page("POST")
def beside(request: Request, number: int) -> HttpResponse:
    """What is said beside the amounts while one types, and what the button would do."""
    found = _request(request, number)
    form = DecisionForm(request.POST, asked=found)
    form.is_valid()
    context = _deed(found, form) | {"form": form, "typing": True}
    given, drawn = form.given(), request.POST.get("resource", "")
    wanted = {want.resource: want.wanted for want in form.wants}
    if drawn in wanted:
        context["chart"] = _chart(found, drawn, wanted[drawn], given[0].get(drawn) if given else None)
    return render(request, "tenants/approvals/detail.html#beside", context)


@page("POST")
def comment(request: Request, number: int) -> HttpResponse:
    """A question or a word to the team, without a decision."""
    found = _request(request, number)
    form = ReplyForm(request.POST)
    if form.is_valid():
        text = form.cleaned_data["text"]
        if attempt(form, lambda: asking.comment(actor=request.user, request=found, text=text)):
            return redirect("approval", number)
    decision = DecisionForm(asked=found) if found.state == State.SUBMITTED else None
    return _page(request, found, decision, reply=form)


def _decide(request: Request, found: QuotaRequest) -> HttpResponse:
    """Refused, the page shows the request as it is now, and what was typed."""
    form = DecisionForm(request.POST, asked=found)
    if form.is_valid():
        data = form.cleaned_data
        decided = attempt(
            form,
            lambda: verbs.decide(
                actor=request.user,
                request=found,
                revision=data["revision"],
                by=Move(data["decision"]),
                granted=data.get("granted"),
                until=data["until"],
                text=data["text"],
                over_capacity=data["over_capacity"],
            ),
        )
        if decided is not None:
            told(request, _said(decided))
            return redirect("approval", found.number)
        found = _request(request, found.number)
    return _page(request, found, form if found.state == State.SUBMITTED else None, refused=form)


def _changed(request: Request, found: QuotaRequest, part: str) -> HttpResponse:
    """What an open page shows otherwise now; its form is made anew once it is about something else than it showed."""
    stale = request.GET.get("seen") != quota_requests.seen(found)
    form = None
    if stale and found.state == State.SUBMITTED:
        form = DecisionForm(asked=found, initial={"text": sent(request.GET, "text")})
    context = _context(request, found, form) | {"stale": stale}
    return render(request, f"tenants/approvals/detail.html{part}", context)


def _request(request: Request, number: int) -> QuotaRequest:
    access.require_site(request.user, "quota.comment")
    return quota_requests.request_of(request.user, number)


def _page(
    request: Request,
    found: QuotaRequest,
    form: DecisionForm | None,
    *,
    refused: DecisionForm | None = None,
    reply: ReplyForm | None = None,
) -> HttpResponse:
    context = _context(request, found, form)
    if refused is not None and form is None:
        context["refused"] = refused.non_field_errors()
    context["reply"] = reply or ReplyForm()
    status = 409 if refused is not None and refused.non_field_errors() else 200
    return render(request, "tenants/approvals/detail.html", context, status=status)


def _context(request: Request, found: QuotaRequest, form: DecisionForm | None) -> dict[str, Any]:
    at, waiting, following = shown.place(found)
    wants = list(found.wants.all())
    charted = next((w for w in wants if w.resource == request.GET.get("resource")), wants[0] if wants else None)
    lines = shown.lines(found)
    context: dict[str, Any] = {
        "asked": found,
        "team": found.team,
        "stands": threads.state_of(found),
        "sentence": shown.sentence(found),
        "outcome": shown.outcome(found),
        "lines": lines,
        "hints": verdicts.hints_of(found),
        "room": shown.room(found),
        "wants": [(want.resource, resources.heading(want.resource)) for want in wants],
        "charted": charted,
        "habit": next((line.habit for line in lines if charted and line.resource == charted.resource), ""),
        "chart": _chart(found, charted.resource, charted.wanted) if charted else None,
        "thread": threads.thread(found),
        "earlier": shown.earlier(found),
        "why_not": verbs.why_not(request.user, found),
        "seen": quota_requests.seen(found),
        "decided": any(line.given for line in lines),
        "extends": found.extends,
        "longer": quota_requests.longer(found),
        "may": f"you are not in {found.team}.",
        "place": at,
        "waiting": waiting,
        "following": following,
        "form": form,
        "crumbs": [("Approvals", reverse("approvals")), (f"Request {found.number}", "")],
    }
    return context | (_deed(found, form) if form is not None else {})


def _chart(found: QuotaRequest, resource: str, wanted: int, part: int | None = None) -> usage.Chart:
    """With lines of what is asked for, and of the `part` that would be given."""
    lines = [usage.Extra("wanted", wanted, "requested")] if found.state == State.SUBMITTED else []
    if part not in (None, wanted, found.namespace.limits.get(resource, 0)):
        lines.append(usage.Extra("part", part or 0, "your part"))
    return usage.chart(found.namespace, resource, weighing.PEAK_DAYS, lines)


def _deed(found: QuotaRequest, form: DecisionForm) -> dict[str, Any]:
    """What the form as it stands would do: words for its button, and those beside its amounts."""
    if not form.is_bound:
        first = {key: str(value) for key, value in form.initial.items() if value not in (None, False)}
        form = DecisionForm({**{name: form[name].value() for name in form.fields}, **first}, asked=found)
        form.is_valid()
    decision, given = form.cleaned_data.get("decision"), form.given()
    team = found.team.name
    if decision == Move.ASK_CHANGES:
        return {"button": f"Ask {team} for changes", "notes": [], "asked": found}
    if decision == Move.REJECT:
        return {"button": f"Reject request {found.number}", "notes": [], "asked": found}
    if given is None:
        return {"button": "Approve", "notes": [], "asked": found}
    amounts, until = given
    day_wrong = _day_wrong(found, until)
    try:
        verbs.amounts_given(found, amounts if decision == Move.APPROVE_PART else None)
    except Invalid as wrong:
        return {"button": "Approve in part", "notes": list(wrong.fields.values()), "asked": found}
    standing = weighing.standing(found.namespace)
    two = verbs.needs_two(weighing.current()[1], amounts, standing)
    words = ", ".join(resources.say(resource, amount) for resource, amount in amounts.items())
    last = f" until {shown.day_words(until)}" if until else ""
    back = ", ".join(resources.say(resource, standing.get(resource, 0)) for resource in amounts)
    return {
        "asked": found,
        "day_wrong": day_wrong,
        "button": f"Approve {words}{'' if day_wrong else last}",
        "notes": shown.beside(found, amounts, until) if decision == Move.APPROVE_PART else [],
        "lacking": _lacking(found, amounts),
        "two": two,
        "back": back,
    }


def _day_wrong(found: QuotaRequest, until: date | None) -> str:
    try:
        verbs.last_day(found, until)
    except Invalid as wrong:
        return wrong.fields["until"]
    return ""


def _lacking(found: QuotaRequest, amounts: Mapping[str, int]) -> str:
    over = verbs.over_capacity(found, amounts)
    much = [resources.named(name, more) for name, more in over.items()]
    return f"The cluster has {' and '.join(much)} too little left for this." if over else ""


def _said(decided: QuotaRequest) -> str:
    if decided.state == State.SUBMITTED:
        return "Your approval is kept. It takes two: another approver must approve the same."
    if decided.state in (State.APPROVED, State.PARTLY_APPROVED):
        return f"{shown.outcome(decided)} approved."
    return f"Request {decided.number}: {State(decided.state).label}. {decided.team.name} hears of it."
