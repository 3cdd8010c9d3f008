"""Pages of volumes and secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from tenants import access, clusters, rules
from tenants.forms.fields import ConfirmForm
from tenants.forms.secrets import LoginChangeForm, SecretChangeForm, SecretForm
from tenants.forms.teams import VolumeForm
from tenants.models import Operation, Secret, Volume
from tenants.releases import is_behind
from tenants.selectors import operations, remains, teams
from tenants.services import secrets as secret_verbs
from tenants.services import volumes as volume_verbs
from tenants.services.parts import users_of
from tenants.services.quotas import secret_preflight, volume_preflight
from tenants.views.scope import (
    Request,
    attempt,
    crumbs,
    namespace_of,
    page,
    secret_of,
    told,
    volume_of,
    wanted_part,
)


@page("GET", "POST")
def new_volume(request: Request, team: str, namespace: str) -> HttpResponse:
    place = namespace_of(request, team, namespace)
    access.require(request.user, "volumes.write", place)
    classes = clusters.storage_classes(place.cluster)
    form = VolumeForm(request.POST or None, classes=classes, initial={"size": "1 GiB"})
    part = wanted_part(request, "remains")
    size, chosen = _volume_typed(form)
    if request.method == "POST" and form.is_valid() and not part:
        data = form.cleaned_data
        made = attempt(form, lambda: volume_verbs.create_volume(actor=request.user, namespace=place, **data))
        if made:
            volume, operation = made
            told(request, f"You asked for the volume {volume.name}.", operation)
            return redirect("volume", team, place.name, volume.name)
    context = {
        "namespace": place,
        "team": place.team,
        "form": form,
        "classes": classes,
        **remains.panel(volume_preflight(place, size, chosen), remains.OF_VOLUME, form.misread),
        "crumbs": crumbs(place, "New volume"),
    }
    return render(request, f"tenants/volumes/new.html{part}", context)


@page()
def volume(request: Request, team: str, namespace: str, volume: str) -> HttpResponse:
    found = volume_of(request, team, namespace, volume)
    used = teams.uses_in(found.namespace.team)["volumes"].get((found.namespace_id, found.name), [])
    context = {**_context(found), "volume": found, "uses": used, "crumbs": crumbs(found)}
    classes = {c["name"]: c for c in clusters.storage_classes(found.namespace.cluster)}
    default = next((c for c in classes.values() if c.get("default")), None)
    context["storage_class"] = classes.get(found.storage_class, default if not found.storage_class else None)
    return render(request, f"tenants/volumes/detail.html{wanted_part(request, 'state', 'latest')}", context)


@page("GET", "POST")
def delete_volume(request: Request, team: str, namespace: str, volume: str) -> HttpResponse:
    found = volume_of(request, team, namespace, volume)
    access.require(request.user, "volumes.delete", found)
    used = users_of(found.namespace, volume=found.name)
    return _deletion(
        request, found, used, lambda typed: volume_verbs.delete_volume(actor=request.user, volume=found, confirm=typed)
    )


@page("GET", "POST")
def new_secret(request: Request, team: str, namespace: str) -> HttpResponse:
    place = namespace_of(request, team, namespace)
    access.require(request.user, "secrets.write", place)
    kind = rules.REGISTRY_LOGIN if request.GET.get("kind") == "login" else rules.OPAQUE
    form = SecretForm(request.POST or None, initial={"type": kind})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = attempt(form, lambda: secret_verbs.set_secret(actor=request.user, namespace=place, new=True, **data))
        if made:
            secret, operation = made
            told(request, f"You set the secret {secret.name}.", operation)
            return _went(request, secret)
    context = {"namespace": place, "team": place.team, "form": form, "crumbs": crumbs(place, "New secret")}
    context |= remains.panel(secret_preflight(place), remains.OF_SECRET)
    return render(request, "tenants/secrets/new.html", context)


@page("GET", "POST")
def secret(request: Request, team: str, namespace: str, secret: str) -> HttpResponse:
    """Keys and who uses them; POST sets new values. Values never come back."""
    found = secret_of(request, team, namespace, secret)
    is_login = found.type == rules.REGISTRY_LOGIN
    sent = request.POST or None
    form = LoginChangeForm(sent) if is_login else SecretChangeForm(sent, keys=sorted(found.keys))
    if request.method == "POST":
        access.require(request.user, "secrets.write", found)
        if form.is_valid():
            data = form.cleaned_data
            made = attempt(
                form,
                lambda: secret_verbs.set_secret(
                    actor=request.user,
                    namespace=found.namespace,
                    name=found.name,
                    values=data["values"],
                    remove=data["remove"],
                    new=False,
                ),
            )
            if made:
                told(request, f"You set new values of {found.name}. Apps take them with their next release.", made[1])
                return _went(request, found)
    used = teams.uses_in(found.namespace.team)["secrets"].get((found.namespace_id, found.name), [])
    taken = {app: app.release.spec.get("secret_versions", {}).get(found.name, {}) for app, _ in used if app.release}
    behind = [app for app, versions in taken.items() if is_behind(versions, found.keys)]
    context = {**_context(found), "secret": found, "keys": sorted(found.keys.items()), "uses": used, "behind": behind}
    context |= {"is_login": is_login, **remains.panel(secret_preflight(found.namespace), remains.OF_SECRET)}
    return render(request, "tenants/secrets/detail.html", {**context, "form": form, "crumbs": crumbs(found)})


@page("GET", "POST")
def delete_secret(request: Request, team: str, namespace: str, secret: str) -> HttpResponse:
    found = secret_of(request, team, namespace, secret)
    access.require(request.user, "secrets.delete", found)
    used = users_of(found.namespace, secret=found.name)
    return _deletion(
        request, found, used, lambda typed: secret_verbs.delete_secret(actor=request.user, secret=found, confirm=typed)
    )


def _deletion(
    request: Request, found: Volume | Secret, users: Iterable[str], delete: Callable[[str], Operation]
) -> HttpResponse:
    """The page that asks for the name; while `users` use it, it names them and asks for nothing."""
    form = ConfirmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        operation = attempt(form, lambda: delete(form.cleaned_data["confirm"]))
        if operation:
            told(request, f"You asked to delete {found.name}.", operation)
            return redirect(f"team_{found.noun}s", found.team.slug)
    context = {**_context(found), found.noun: found, "users": sorted(users), "form": form}
    return render(request, f"tenants/{found.noun}s/delete.html", {**context, "crumbs": crumbs(found, "Delete")})


def _volume_typed(form: VolumeForm) -> tuple[int, str]:
    """Size and class as far as they can be read from a form that may still be wrong, as while its name is missing."""
    if not form.is_bound:
        return 1 << 30, ""
    form.is_valid()
    return form.cleaned_data.get("size") or 0, form.cleaned_data.get("storage_class") or ""


def _went(request: Request, secret: Secret) -> HttpResponse:
    """On to the secret's page. A form that htmx sent would otherwise put that page into itself."""
    address = reverse("secret", args=[secret.team.slug, secret.namespace.name, secret.name])
    return HttpResponseClientRedirect(address) if request.htmx else redirect(address)


def _context(thing: Volume | Secret) -> dict[str, Any]:
    latest = Operation.objects.filter(target_noun=thing.noun, target_id=thing.pk).select_related("actor").first()
    return {
        "namespace": thing.namespace,
        "team": thing.namespace.team,
        "latest": operations.row(latest) if latest else None,
    }
