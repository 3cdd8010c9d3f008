"""Writing to a cluster so that a repetition, a lost answer or somebody else's hand does no harm.

Server-side apply under one field manager (KEP-555): fields of others stay theirs, what we no longer say goes. An
object that people could have made under the same name is looked at first and then addressed by its uid: Berth
never adopts what is not its own.
"""

from __future__ import annotations

from typing import Any

from cluster import reads
from cluster.calls import APPLY_PATCH, JSON, MERGE_PATCH, METADATA, Caller
from cluster.errors import Conflict, Invalid, NameTaken, NotFound, Unavailable
from cluster.names import (
    ANNOTATION_OPERATION,
    FIELD_MANAGER,
    LABEL_MANAGED_BY,
    LABEL_NAMESPACE_ID,
)
from cluster.paths import collection, item

Manifest = dict[str, Any]
Metadata = dict[str, Any]

WRITE = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"}
"""Parameters of every write: whose it is, and that no field is dropped unseen."""

TRIES = 3
"""How often a conflict is answered by looking again."""


def apply(caller: Caller, manifest: Manifest, *, uid: str = "", force: bool = True, whole: bool = False) -> Manifest:
    """Server-side apply; answers the object, its metadata alone unless it is asked for `whole`.

    With `uid` it is only applied to that very object. Raises `Conflict` when that is another one or gone, or,
    without `force`, when another manager holds a field that we want otherwise.
    """
    metadata = manifest["metadata"]
    body = {**manifest, "metadata": {**metadata, "uid": uid}} if uid else manifest
    try:
        answer = caller.json(
            "PATCH",
            item(manifest["kind"], metadata.get("namespace"), metadata["name"]),
            query={**WRITE, "force": "true" if force else "false"},
            body=body,
            content_type=APPLY_PATCH,
            accept=JSON if whole else METADATA,
            repeatable=True,
        )
    except Invalid as invalid:
        if "metadata.uid" in invalid.causes:  # another object stands there by now; where none does, it is a 409
            raise Conflict(invalid.message, status=409, reason="Conflict") from invalid
        raise
    found: Manifest = answer
    return found


def apply_ours(caller: Caller, manifest: Manifest, *, namespace_id: str) -> None:
    """Applies an object whose name people choose. Raises `NameTaken` when it stands there and is not ours.

    An object that is not there yet is made without force: one that somebody makes in the same moment conflicts,
    and is looked at in the next try. Raises `Conflict` with reason "Deleting" while an older one of ours is going.
    """
    kind, place = manifest["kind"], manifest["metadata"]

    def once() -> None:
        standing = reads.metadata(caller, kind, place.get("namespace"), place["name"])
        if standing is None:
            apply(caller, manifest, force=False)
            return
        if not is_ours(standing, namespace_id):
            raise name_taken(kind, place["name"])
        if "deletionTimestamp" in standing:
            raise Conflict(f'{kind} "{place["name"]}" is still being deleted', status=409, reason="Deleting")
        apply(caller, manifest, uid=standing["uid"])

    for _ in range(TRIES - 1):
        try:
            once()
        except Conflict as conflict:
            if isinstance(conflict, NameTaken) or conflict.reason == "Deleting":
                raise
        else:
            return
    once()


def clear(caller: Caller, manifest: Manifest, *, namespace_id: str, body: Manifest) -> None:
    """Takes fields of others off an object of ours by a merge patch, where null says which.

    Server-side apply cannot: what another manager set stays, and may contradict what is applied.
    """
    kind, place = manifest["kind"], manifest["metadata"]
    standing = reads.metadata(caller, kind, place.get("namespace"), place["name"])
    if standing is not None and is_ours(standing, namespace_id):
        take_off(caller, manifest, uid=standing["uid"], body=body)


def take_off(caller: Caller, manifest: Manifest, *, uid: str, body: Manifest) -> None:
    """The merge patch of `clear`, for an object that is known to be ours. Raises `Conflict` where it is another now."""
    kind, place = manifest["kind"], manifest["metadata"]
    caller.json(
        "PATCH",
        item(kind, place.get("namespace"), place["name"]),
        query=WRITE,
        body={"metadata": {"uid": uid}, **body},
        content_type=MERGE_PATCH,
        accept=METADATA,
        repeatable=True,
    )


def create(caller: Caller, manifest: Manifest, *, namespace_id: str) -> Metadata:
    """Makes an object that must not be there; one that this very operation made counts as made.

    When the answer is lost it is looked for, and made again when it is not there. Raises `NameTaken` when another
    operation or somebody else made it, `Unavailable` when the outcome stays unknown.
    """
    metadata = manifest["metadata"]
    kind, namespace, name = manifest["kind"], metadata.get("namespace"), metadata["name"]
    operation = metadata.get("annotations", {}).get(ANNOTATION_OPERATION, "")

    def once() -> Metadata:
        try:
            answer = caller.json("POST", collection(kind, namespace), query=WRITE, body=manifest, accept=METADATA)
            made: Metadata = answer["metadata"]
            return made
        except Conflict as conflict:
            failure: Conflict | Unavailable = conflict
        except Unavailable as unavailable:
            failure = unavailable
        standing = reads.metadata(caller, kind, namespace, name)
        if standing is None:
            raise failure
        written_by = standing.get("annotations", {}).get(ANNOTATION_OPERATION, "")
        if is_ours(standing, namespace_id) and operation and written_by == operation:
            return standing
        raise name_taken(kind, name) from failure

    try:
        return once()
    except Unavailable as unavailable:
        if unavailable.reason == "Timeout":
            raise
        return once()


def delete(caller: Caller, kind: str, metadata: Metadata, *, propagation: str = "Background") -> None:
    """Asks for the deletion of the very object that `metadata` is of; one that is gone or another by now is left.

    Metadata alone is asked for in answer: a Secret that a finalizer holds would come back with its values.
    """
    body = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": metadata["uid"]},
        "propagationPolicy": propagation,
    }
    path = item(kind, metadata.get("namespace"), metadata["name"])
    for left in reversed(range(TRIES)):
        try:
            caller.call("DELETE", path, body=body, accept=METADATA, repeatable=True)
        except NotFound:
            return
        except Conflict:
            standing = reads.metadata(caller, kind, metadata.get("namespace"), metadata["name"])
            if standing is None or standing["uid"] != metadata["uid"]:
                return
            if not left:
                raise
        else:
            return


def is_ours(metadata: Metadata, namespace_id: str | None) -> bool:
    """Whether Berth made an object, and for this namespace row (None: whichever).

    The labels say so. Where somebody took them off, the record of server-side apply still does: then it is ours, and
    the next apply puts them back. Labels that name another namespace row are never overruled.
    """
    labels = metadata.get("labels") or {}
    named = labels.get(LABEL_NAMESPACE_ID)
    if namespace_id is not None and named not in (None, namespace_id):
        return False
    if labels.get(LABEL_MANAGED_BY) == FIELD_MANAGER and named is not None:
        return True
    managers = metadata.get("managedFields") or ()
    return any(entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" for entry in managers)


def name_taken(kind: str, name: str) -> NameTaken:
    """The refusal to touch an object that is not Berth's."""
    return NameTaken(f'{kind} "{name}" exists and was not made by Berth', status=409, reason="NameTaken")
