"""Volumes: storage that outlives the apps that mount it."""

from __future__ import annotations

from django.db import transaction

from tenants import access, clusters, rules
from tenants.errors import Conflict, Gone, Invalid
from tenants.models import Namespace, Operation, User, Volume
from tenants.services.parts import listed, users_of
from tenants.services.quotas import volume_preflight
from tenants.services.wishes import carry_out, clean, confirmed, lock, lock_namespace, mark_deleting, under_way


def create_volume(
    *,
    actor: User,
    namespace: Namespace,
    name: str,
    size: int,
    storage_class: str = "",
    access_mode: str = "ReadWriteOnce",
) -> tuple[Volume, Operation]:
    """A claim of `size` bytes. Raises Invalid at name, size, storage_class or access_mode, QuotaExceeded, Conflict."""
    access.require(actor, "volumes.write", namespace)
    name = clean("name", lambda: rules.volume_name(name))
    size = clean("size", lambda: rules.storage(size))
    storage_class = clean("storage_class", lambda: rules.storage_class(storage_class))
    access_mode = clean("access_mode", lambda: rules.access_mode(access_mode))
    _check_class(namespace.cluster, storage_class)
    with transaction.atomic():
        namespace = lock_namespace(namespace)
        if namespace.volumes.filter(name=name).exists():
            raise _taken(namespace, name)
        volume_preflight(namespace, size, storage_class).require()
        volume = Volume.objects.create(
            namespace=namespace,
            name=name,
            size=size,
            storage_class=storage_class,
            access_mode=access_mode,
            created_by=actor,
        )
        detail = f"{rules.say_bytes(size)}, {access_mode}"
        operation = carry_out(actor=actor, row=volume, kind="volume.apply", action="volume.create", detail=detail)
    return volume, operation


def delete_volume(*, actor: User, volume: Volume, confirm: str) -> Operation:
    """Deletes the claim and its data. Raises Invalid at confirm, Conflict while an app mounts it, Gone."""
    access.require(actor, "volumes.delete", volume)
    confirmed(volume.name, confirm)
    with transaction.atomic():
        if running := under_way(volume):
            return running
        volume = lock(volume)
        users = users_of(volume.namespace, volume=volume.name)
        if users:
            raise Conflict(
                f"{volume.name} is mounted by {listed(users)}: release without it, or delete the app, first.",
                code="in_use",
            )
        mark_deleting(volume)
        return carry_out(actor=actor, row=volume, kind="volume.delete", action="volume.delete")


def _check_class(alias: str, name: str) -> None:
    """A claim of a class that the cluster lacks waits for ever. Where its classes are not known yet, any may be."""
    known = [str(found["name"]) for found in clusters.storage_classes(alias)]
    if name and known and name not in known:
        words = f"The cluster has no storage class “{name}”: it has {', '.join(known)}. Empty: its default."
        raise Invalid.at("storage_class", words)


def _taken(namespace: Namespace, name: str) -> Conflict:
    if Volume.objects.filter(namespace=namespace, name=name, deleting_since__isnull=False).exists():
        message = f"{name} is still being deleted: the name is free when the claim is gone."
        return Gone(message, fields={"name": message})
    message = f"There is a volume “{name}” in {namespace} already: choose another name."
    return Conflict(message, code="taken", fields={"name": message})
