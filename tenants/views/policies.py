"""The staff's pages of the site's policy: what holds, its versions, editing one, trying it out, putting it live."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from tenants import access, weighing
from tenants.errors import Conflict, DomainError, Forbidden, NotFound
from tenants.forms.policies import PolicyForm, Typed, arranged, typed_of
from tenants.models import Policy
from tenants.rules import policy as rules
from tenants.rules import quantities
from tenants.selectors import policies as shown
from tenants.selectors.tryout import would_have
from tenants.services import policies as verbs
from tenants.views.recent import recently_signed_in
from tenants.views.scope import Crumb, Request, page, told

TRIED_SHOWN = 100
"""Of the requests that a policy is tried out on, so many are listed: those that differ first."""


@page()
def policies(request: Request) -> HttpResponse:
    """What holds now, in words, and all versions."""
    access.require_site(request.user, "policies.read")
    held, policy = weighing.current()
    context = {
        "held": held,
        "by_rules": shown.decided_by(held) if held else 0,
        "versions": shown.versions(),
        "crumbs": [("Policies", "")],
        **shown.described(policy),
    }
    return render(request, "tenants/policies/list.html", context)


@page("GET", "POST")
def new(request: Request) -> HttpResponse:
    """The form of the next version, filled with the one it starts from (`?from=`, else what holds)."""
    access.require_site(request.user, "policies.edit")
    if request.method != "POST":
        base = _base(request.GET.get("from", ""))
        return _edit(request, PolicyForm(typed_of(_rules_of(base)), bound=False), base, shown.newest())
    base, newest = _base(request.POST.get("based_on", "")), quantities.number(request.POST.get("newest", ""))
    if do := request.POST.get("do", ""):
        typed = arranged(request.POST, do)
        return _edit(request, PolicyForm(typed, bound=False), base, newest, added=do == "add")
    form = PolicyForm(Typed(dict(request.POST.lists())), bound=True)
    if form.is_valid():
        try:
            row = verbs.save(
                actor=request.user,
                body=form.body(),
                note=form.walls.cleaned_data["note"],
                based_on=base.pk if base else None,
                newest=newest,
            )
        except (Forbidden, NotFound):
            raise
        except DomainError as error:
            form.take(error)
            if error.code == "overtaken":
                newest = shown.newest()
        else:
            told(request, f"Version {row.number} is saved as a draft. Below is what it would have done.")
            return redirect("policy", row.number)
    return _edit(request, form, base, newest)


@page("GET", "POST")
@recently_signed_in()
def policy(request: Request, number: int) -> HttpResponse:
    """One version: what it changes, what it would have said to the last requests; by POST it goes live."""
    access.require_site(request.user, "policies.read")
    version = shown.version(number)
    refused = ""
    if request.method == "POST":
        try:
            row = verbs.go_live(
                actor=request.user, policy=version.row, holds=quantities.number(request.POST.get("holds", ""))
            )
        except Conflict as error:
            refused, version = error.message, shown.version(number)
        else:
            told(request, f"Version {row.number} holds from now on.")
            return redirect("policies")
    held, _ = weighing.current()
    body = rules.load(version.row.body)
    tried = would_have(body) if version.state != "past" else None
    rows = sorted(tried.rows, key=lambda row: not row.differs)[:TRIED_SHOWN] if tried else []
    context: dict[str, Any] = {
        "version": version,
        "held": held,
        "refused": refused,
        "changes": shown.changed(version.row),
        "by_rules": shown.decided_by(version.row),
        "tried": tried,
        "tried_rows": rows,
        "crumbs": _crumbs(f"Version {number}"),
        **shown.described(body),
    }
    return render(request, "tenants/policies/version.html", context)


def _edit(
    request: Request, form: PolicyForm, base: Policy | None, newest: int | None, *, added: bool = False
) -> HttpResponse:
    context = {
        "form": form,
        "base": base,
        "newest": newest,
        "added": len(form.rules) - 1 if added else None,
        "crumbs": _crumbs("New version"),
    }
    return render(request, "tenants/policies/edit.html", context)


def _base(asked: str) -> Policy | None:
    """The version that the form starts from. Raises NotFound."""
    found = quantities.number(asked)
    return weighing.current()[0] if found is None else shown.version(found).row


def _rules_of(row: Policy | None) -> rules.Policy:
    return rules.load(row.body) if row is not None else rules.Policy()


def _crumbs(title: str) -> list[Crumb]:
    return [("Policies", reverse("policies")), (title, "")]
