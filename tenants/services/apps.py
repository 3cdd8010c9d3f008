"""Apps: each change is one immutable release; a rollback is a new release with an old one's content."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from tenants import access, releases, rules
from tenants.errors import Conflict, Gone, Invalid, NotFound
from tenants.models import App, Namespace, Operation, Release, User
from tenants.models.app import UNDER_WAY, Outcome
from tenants.releases import ReleaseSpec
from tenants.services import parts
from tenants.services.wishes import carry_out, clean, confirmed, lock, lock_namespace, mark_deleting, under_way


def create_app(*, actor: User, namespace: Namespace, name: str, spec: ReleaseSpec) -> tuple[App, Operation]:
    """An app with its first release.

    Raises Invalid (`fields` as in ReleaseSpec, or name), QuotaExceeded, Conflict where the name is taken, Gone.
    """
    access.require(actor, "apps.write", namespace)
    name = clean("name", lambda: rules.app_name(name))
    spec = parts.clean_spec(spec)
    with transaction.atomic():
        namespace = lock_namespace(namespace)
        if namespace.apps.filter(name=name).exists():  # before its volumes and its room: it has them already
            raise _taken(namespace, name)
        spec = parts.resolve(namespace, None, spec)
        app = App.objects.create(namespace=namespace, name=name)
        _add_release(app, spec, actor)
        operation = carry_out(actor=actor, row=app, kind="app.apply", action="app.create", detail=f"v1, {spec.image}")
    return app, operation


def release_app(*, actor: User, app: App, spec: ReleaseSpec, expected: int | None) -> tuple[Release, Operation]:
    """The next release. `expected`: the number of the release that the form or script started from, None: whichever.

    Secrets are taken at their newest versions. Raises Conflict when somebody released meanwhile, Invalid with code
    "unchanged" when nothing differs (one that failed or is stuck may be tried again as it is), and as `create_app`.
    """
    access.require(actor, "apps.write", app)
    spec = parts.clean_spec(spec)
    with transaction.atomic():
        app = lock(app)
        current = current_release(app)
        if expected is not None and expected != current.number:
            raise _overtaken(app, current, expected)
        spec = parts.resolve(app.namespace, app, spec)
        return _release(actor, app, current, spec, action="app.release")


def refresh_secrets(*, actor: User, app: App) -> tuple[Release, Operation]:
    """The wanted release again with the newest versions of its secrets. Raises Invalid "unchanged" when it has them."""
    access.require(actor, "apps.write", app)
    with transaction.atomic():
        app = lock(app)
        current = current_release(app)
        spec = parts.resolve(app.namespace, app, parts.clean_spec(releases.load(current.spec)))
        return _release(actor, app, current, spec, action="app.refresh_secrets")


def roll_back(*, actor: User, app: App, number: int, expected: int | None = None) -> tuple[Release, Operation]:
    """A new release with image, configuration, scale and secrets' versions of release `number`, which worked once.

    `expected` as in `release_app`. Raises NotFound, Conflict (it never worked, or is the wanted one), Invalid (a volume
    or secret of it is gone), QuotaExceeded.
    """
    access.require(actor, "apps.write", app)
    with transaction.atomic():
        app = lock(app)
        current = current_release(app)
        if expected is not None and expected != current.number:
            raise _overtaken(app, current, expected)
        target = release_to_return_to(app, number)
        spec = parts.resolve(
            app.namespace, app, parts.clean_spec(releases.load(target.spec)), pinned_at=target.created_at
        )
        return _release(actor, app, current, spec, action="app.roll_back", target=number)


def delete_app(*, actor: User, app: App, confirm: str) -> Operation:
    """Deletes the app; its volumes and secrets stay. Raises Invalid at confirm, Gone."""
    access.require(actor, "apps.delete", app)
    confirmed(app.name, confirm)
    with transaction.atomic():
        if running := under_way(app):
            return running
        app = lock(app)
        mark_deleting(app)
        return carry_out(actor=actor, row=app, kind="app.delete", action="app.delete")


def current_release(app: App) -> Release:
    """The wanted release. Every app has one from its first transaction on."""
    if app.release is None:
        raise NotFound(f"{app.name} has no release.")
    return app.release


def release_to_return_to(app: App, number: int) -> Release:
    """The release that a rollback to `number` brings back. Raises NotFound, Conflict as `roll_back`."""
    target = app.releases.filter(number=number).first()
    if target is None:
        raise NotFound(f"{app.name} has no release v{number}.")
    if target.pk == app.release_id:
        raise Conflict(f"v{number} is the current release already.", code="current")
    if not target.worked:
        raise Conflict(f"v{number} never worked: choose a release that did.", code="never_worked")
    return target


def _release(
    actor: User, app: App, current: Release, spec: ReleaseSpec, *, action: str, target: int | None = None
) -> tuple[Release, Operation]:
    before = releases.load(current.spec)
    if spec == before and target is None and current.outcome not in (Outcome.FAILED, Outcome.STUCK):
        raise Invalid(f"Nothing differs from v{current.number}, so there is nothing to release.", code="unchanged")
    if current.outcome in UNDER_WAY:
        current.outcome, current.finished_at = Outcome.ABANDONED, timezone.now()
        current.save(update_fields=["outcome", "finished_at"])
    app.generation += 1
    release = _add_release(app, spec, actor, before=before, number=_next_number(app), target=target)
    changes: list[dict[str, Any]] = releases.without_values(release.changes)
    detail = f"v{release.number}" if target is None else f"v{release.number}, as v{target}"
    return release, carry_out(
        actor=actor, row=app, kind="app.apply", action=action, changes=changes, detail=f"{detail}, {spec.image}"
    )


def _add_release(
    app: App,
    spec: ReleaseSpec,
    actor: User,
    *,
    before: ReleaseSpec | None = None,
    number: int = 1,
    target: int | None = None,
) -> Release:
    release = Release.objects.create(
        app=app,
        number=number,
        spec=releases.dump(spec),
        changes=releases.diff(before, spec),
        rolled_back_to=target,
        created_by=actor,
    )
    app.release = release
    app.save(update_fields=["release", "generation", "updated_at"])
    return release


def _next_number(app: App) -> int:
    return app.releases.order_by("-number").values_list("number", flat=True)[0] + 1


def _taken(namespace: Namespace, name: str) -> Conflict:
    if App.objects.filter(namespace=namespace, name=name, deleting_since__isnull=False).exists():
        message = f"{name} is still being deleted: the name is free when its pods are gone."
        return Gone(message, fields={"name": message})
    message = f"There is an app “{name}” in {namespace} already: choose another name."
    return Conflict(message, code="taken", fields={"name": message})


def _overtaken(app: App, current: Release, expected: int) -> Conflict:
    who = current.created_by.get_username() if current.created_by else "somebody"
    message = (
        f"{who} released v{current.number} of {app.name} since you looked at v{expected}. "
        "Look at what changed, then deploy again."
    )
    return Conflict(message, code="overtaken")
