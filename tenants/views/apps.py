"""New app, and the pages that make a release of one: deploy, configuration, scale, rollback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from cluster import images
from tenants import access
from tenants.errors import Invalid, QuotaExceeded
from tenants.forms import apps as forms
from tenants.models import App, Namespace
from tenants.releases import Health, ReleaseSpec, load
from tenants.rules import quantities
from tenants.selectors import apps, ledger, preview, remains
from tenants.services import apps as verbs
from tenants.services.quotas import preflight, without_room
from tenants.views.scope import Request, app_of, attempt, crumbs, namespace_of, page, sent, told, wanted_part

# What a new app begins with.
START = ReleaseSpec(image="", health=Health(kind="http", path="/"))


@page("GET", "POST")
def new(request: Request, team: str, namespace: str) -> HttpResponse:
    """One form; `?part=remains` answers what is left of the quota while one types."""
    place = namespace_of(request, team, namespace)
    access.require(request.user, "apps.write", place)
    chosen = sent(request.POST, "namespace") or place.name
    if chosen != place.name and place.team.namespaces.filter(deleting_since=None, name=chosen).exists():
        place = namespace_of(request, team, chosen)
    form = forms.NewAppForm(request.POST or None, namespace=place, initial=forms.initial_of(START))
    part = wanted_part(request, "remains")
    spec = draft(form, START)
    if request.method == "POST" and form.is_valid() and not part:
        name = form.cleaned_data["name"]
        made = attempt(form, lambda: verbs.create_app(actor=request.user, namespace=place, name=name, spec=spec))
        if made:
            app, operation = made
            told(request, f"You asked for {app.name}.", operation)
            return redirect("app", place.team.slug, place.name, app.name)
    context = {
        **remains_context(place, None, spec, form),
        "namespace": place,
        "places": place.team.namespaces.filter(deleting_since=None),
        "team": place.team,
        "form": form,
        "sizes": forms.SIZES.items(),
        "preview": preview.of(place, form["name"].value() or "app", spec, f"{request.scheme}://{request.get_host()}"),
        "crumbs": crumbs(place, "New app"),
    }
    return render(request, f"tenants/apps/new.html{part}", context)


@page()
def detail(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    found = app_of(request, team, namespace, app)
    rollout = apps.last_rollout(found)
    part = wanted_part(request, "actions", "remedy", "releases")
    context = {
        **app_context(request, found, "overview"),
        **apps.live_context(found, rollout),
        "ledger": ledger_of(found, 5),
        "uses": apps.parts(found),
        "history": apps.history(request.user, found),
        "remedy": _remedy(found, rollout),
    }
    return render(request, f"tenants/apps/detail.html{part}", context)


@page("GET", "POST")
def deploy(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    """Another image; the remedy of a stuck rollout sends the tag alone."""
    found = app_of(request, team, namespace, app)
    data = request.POST.copy() if request.method == "POST" else None
    if data is not None and "tag" in data:
        data["image"] = f"{images.split(_spec(found).image).name}:{str(data['tag']).strip()}"
        data["pull_secret"] = _spec(found).pull_secret
    return _change(request, found, "deploy", lambda **kw: forms.DeployForm(**kw, namespace=found.namespace), data)


@page("GET", "POST")
def configuration(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    found = app_of(request, team, namespace, app)
    return _change(
        request, found, "configuration", lambda **kw: forms.ConfigurationForm(**kw, namespace=found.namespace)
    )


@page("GET", "POST")
def scale(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    return _change(request, app_of(request, team, namespace, app), "scale", forms.ScaleForm)


@page("POST")
def roll_back(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    found = app_of(request, team, namespace, app)
    number = quantities.number(request.POST.get("number", ""))
    if number is None:
        raise Invalid.at("number", "Choose a release of the list.")
    try:
        release, operation = verbs.roll_back(actor=request.user, app=found, number=number)
    except QuotaExceeded:
        return _no_room(request, found, f"v{number}", load(verbs.release_to_return_to(found, number).spec))
    told(request, f"You asked for v{release.number}, which brings back v{number}.", operation)
    return redirect("app", team, namespace, app)


@page("POST")
def refresh_secrets(request: Request, team: str, namespace: str, app: str) -> HttpResponse:
    """The wanted release again with the newest values of its secrets."""
    found = app_of(request, team, namespace, app)
    try:
        release, operation = verbs.refresh_secrets(actor=request.user, app=found)
    except QuotaExceeded:
        return _no_room(request, found, "A release with the newest values", _spec(found))
    told(request, f"You asked for v{release.number}, with the newest values of its secrets.", operation)
    return redirect("app", team, namespace, app)


def app_context(request: Request, app: App, tab: str) -> dict[str, Any]:
    """What every page of an app shows: the header, the tabs, the way back."""
    titles = {"overview": ()} | {name: (name.capitalize(),) for name in (*TABS, "deploy", "compare", "delete")}
    return {
        "app": app,
        "namespace": app.namespace,
        "team": app.namespace.team,
        "tab": tab,
        "may_write": access.can(request.user, "apps.write", app) and not app.deleting,
        "crumbs": crumbs(app, *titles[tab]),
        "back_to": _back_to(app),
    }


def ledger_of(app: App, most: int) -> list[ledger.LedgerRow]:
    """The newest releases, and which of them the quota has no room for now."""
    releases = list(app.releases.select_related("created_by")[:most])
    back = [release for release in releases if ledger.returnable(release, app.release)]
    return ledger.rows(releases, app.release, without_room(app, back))


def remains_context(
    namespace: Namespace, app: App | None, spec: ReleaseSpec, form: forms.SpecForm | None = None
) -> dict[str, Any]:
    """The panel that says what the quota leaves, surge included; what is wrong, where an amount cannot be read."""
    found = preflight(namespace, app=app, spec=spec, count=("apps", "volumes"))
    return remains.panel(found, errors=form.misread if form is not None else None)


def draft(form: forms.SpecForm, base: ReleaseSpec) -> ReleaseSpec:
    """The release as far as it can be read from a form that may still be wrong."""
    if not form.is_bound or form.is_valid():
        return form.spec(base) if form.is_bound else base
    known = {name: form.cleaned_data.get(name) for name in ("image", "cpu", "memory", "replicas", "env")}
    return msgspec.structs.replace(base, **{name: value for name, value in known.items() if value is not None})


TABS = ("logs", "releases", "configuration", "scale", "events", "settings")


def _back_to(app: App) -> int | None:
    """Number of the last release that worked, where it is neither the wanted one nor what that brings back."""
    serving, wanted = app.serving, app.release
    if serving is None or wanted is None or serving.pk == wanted.pk or wanted.rolled_back_to == serving.number:
        return None
    return serving.number


def _spec(app: App) -> ReleaseSpec:
    return load(verbs.current_release(app).spec)


def _change(
    request: Request, app: App, tab: str, make: Callable[..., forms.SpecForm], data: QueryDict | None = None
) -> HttpResponse:
    """A page that turns the current release into the next: GET shows it, POST releases."""
    current = verbs.current_release(app)
    base = load(current.spec)
    data = data if data is not None else request.POST or None
    form = make(data=data, initial=forms.initial_of(base))
    part = wanted_part(request, "remains")
    spec = draft(form, base)
    if request.method == "POST":
        access.require(request.user, "apps.write", app)
        if form.is_valid() and not part:
            shown = quantities.number(request.POST.get("expected", ""))
            made = attempt(form, lambda: verbs.release_app(actor=request.user, app=app, spec=spec, expected=shown))
            if made:
                release, operation = made
                told(request, f"You asked for v{release.number}.", operation)
                return redirect("app", app.team.slug, app.namespace.name, app.name)
    number = _next_number(app)
    context = {
        **app_context(request, app, tab),
        **apps.live_context(app, apps.last_rollout(app)),
        **remains_context(app.namespace, app, spec, form),
        "form": form,
        "current": current,
        "next_number": number,
        "next_words": str(number),
        "sizes": forms.SIZES.items(),
        "repository": images.split(base.image).name,
        "tags": ledger.tags_before(app),
    }
    return render(request, f"tenants/apps/{tab}.html{part}", context)


def _no_room(request: Request, app: App, what: str, spec: ReleaseSpec) -> HttpResponse:
    """The answer to a button whose release the quota has no room for: the figures, and what to change."""
    context = {
        **app_context(request, app, "releases"),
        **apps.live_context(app, apps.last_rollout(app)),
        **remains_context(app.namespace, app, spec),
        "what": what,
    }
    return render(request, "tenants/apps/no_room.html", context, status=QuotaExceeded.status)


def _remedy(app: App, rollout: Any) -> dict[str, Any] | None:
    """What to do about a diagnosis, for somebody who may: where the link goes and what it says."""
    if rollout is None or rollout.diagnosis is None or app.release is None:
        return None
    image = images.split(app.release.spec["image"])
    return {
        "action": rollout.diagnosis.action,
        "repository": image.name,
        "tag": image.tag or "",
        "login": app.release.spec.get("pull_secret", ""),
        "next": _next_number(app),
        "tags": ledger.tags_before(app),
    }


def _next_number(app: App) -> int:
    newest = app.releases.order_by("-number").values_list("number", flat=True).first()
    return (newest or 0) + 1
