"""Secrets: values pass through sealed and are never kept; rows know keys and versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import transaction
from django.utils import timezone

from tenants import access, rules
from tenants.errors import Conflict, Gone, Invalid, NotFound
from tenants.models import Namespace, Operation, Secret, User
from tenants.services.parts import listed, users_of
from tenants.services.quotas import secret_preflight
from tenants.services.wishes import carry_out, clean, confirmed, lock, lock_namespace, mark_deleting, under_way


def set_secret(
    *,
    actor: User,
    namespace: Namespace,
    name: str,
    values: Mapping[str, str],
    remove: Collection[str] = (),
    type: str = rules.OPAQUE,  # noqa: A002
    new: bool | None = None,
) -> tuple[Secret, Operation]:
    """Creates a secret, or changes some of its keys; keys that are not named keep their value.

    `new`: True makes one or raises Conflict, False changes one or raises NotFound; `type` counts for a new one alone,
    but a login goes into a login only.
    Apps keep the versions that they run with until `refresh_secrets` or their next release. Raises Invalid at name,
    values, remove or type, Conflict when a key to remove is in use, Gone, QuotaExceeded.
    """
    access.require(actor, "secrets.write", namespace)
    name = clean("name", lambda: rules.secret_name(name))
    values = clean("values", lambda: rules.secret_values(values))
    kind = clean("type", lambda: rules.secret_type(type))
    gone = {key for key in remove if key not in values}
    if not values and not gone:
        raise Invalid.at("values", "Set at least one key.")
    with transaction.atomic():
        namespace = lock_namespace(namespace)
        secret = _find(namespace, name)
        if secret is not None and new is True:
            raise _taken(secret)
        if secret is None and new is False:
            raise NotFound(f"{name} is gone.")
        made = secret is None
        if secret is None:
            secret = Secret(namespace=namespace, name=name, type=kind, generation=0)
        _check_keys(secret, kind, values, gone)
        if values:
            secret_preflight(namespace).require()
        changes = _set(secret, actor, values, gone)
        operation = carry_out(
            actor=actor,
            row=secret,
            kind="secret.apply",
            action="secret.create" if made else "secret.set",
            changes=changes,
            detail=f"version {secret.version}",
            values=values or None,
        )
    return secret, operation


def delete_secret(*, actor: User, secret: Secret, confirm: str) -> Operation:
    """Deletes all versions. Raises Invalid at confirm, Conflict while an app uses it, Gone."""
    access.require(actor, "secrets.delete", secret)
    confirmed(secret.name, confirm)
    with transaction.atomic():
        if running := under_way(secret):
            return running
        secret = lock(secret)
        users = users_of(secret.namespace, secret=secret.name)
        if users:
            raise Conflict(
                f"{secret.name} is used by {listed(users)}: release without it, or delete the app, first.",
                code="in_use",
            )
        mark_deleting(secret)
        return carry_out(actor=actor, row=secret, kind="secret.delete", action="secret.delete")


def _find(namespace: Namespace, name: str) -> Secret | None:
    secret = Secret.objects.select_for_update(no_key=True).filter(namespace=namespace, name=name).first()
    if secret is not None:
        secret.namespace = namespace
        if secret.deleting:
            message = f"{name} is still being deleted: the name is free when it is gone."
            raise Gone(message, fields={"name": message})
    return secret


def _taken(secret: Secret) -> Conflict:
    message = f"There is a secret “{secret.name}” already in {secret.namespace}: change it, or choose another name."
    return Conflict(message, code="taken", fields={"name": message})


def _check_keys(secret: Secret, kind: str, values: Mapping[str, str], gone: set[str]) -> None:
    """A registry's login is whole; a key that a release names stays; something is left."""
    if secret.type == rules.REGISTRY_LOGIN:
        clean("values", lambda: rules.registry_login(values))
    elif kind == rules.REGISTRY_LOGIN:
        raise Invalid.at("type", f"{secret.name} is no login to a registry: set its keys and values.")
    unknown = sorted(gone - set(secret.keys))
    if unknown:
        raise Invalid.at("remove", f"There is no key “{unknown[0][:40]}” in {secret.name}.")
    if secret.pk and gone:
        for app, spec in users_of(secret.namespace, secret=secret.name).items():
            used = sorted(gone & spec.keys_of(secret.name))
            if used:
                message = f"{app} uses “{used[0]}”: release without it first."
                raise Conflict(message, code="in_use", fields={"remove": message})
    if not (set(secret.keys) - gone) | set(values):
        raise Invalid.at("remove", "This would leave no key: delete the secret instead.")


def _set(secret: Secret, actor: User, values: Mapping[str, str], gone: set[str]) -> list[dict[str, str | None]]:
    """The row after the change. Each change has a version of its own, the generation's number."""
    before = dict(secret.keys)
    secret.generation += 1
    secret.version = secret.generation
    kept = {key: version for key, version in before.items() if key not in gone}
    secret.keys = kept | dict.fromkeys(values, secret.version)
    secret.changed_by, secret.changed_at = actor, timezone.now()
    secret.save()
    touched = sorted(gone | set(values))
    return [
        {
            "field": key,
            "old": f"version {before[key]}" if key in before else None,
            "new": f"version {secret.keys[key]}" if key in secret.keys else None,
        }
        for key in touched
    ]
