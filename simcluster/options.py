"""The options of a request: dry run, field manager, validation, deletion."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from simcluster import errors
from simcluster.decode import decode_as, parse_body
from simcluster.http import Request


@dataclass
class WriteOptions:
    """Options of a create, update or patch. `warnings` collects what the answer's Warning headers say."""

    manager: str = ""
    dry_run: bool = False
    validation: str = "Warn"
    force: bool = False
    subresource: str = ""
    tracked: bool = False
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DeletionOptions:
    """`grace` in seconds, None for the kind's default; `propagation` "" for the kind's default."""

    grace: int | None = None
    propagation: str = ""
    uid: str = ""
    version: str = ""
    dry_run: bool = False


def write_options(request: Request, verb: str, subresource: str) -> WriteOptions:
    """Raises 422 on values that the API server refuses."""
    kind = {"create": "CreateOptions", "update": "UpdateOptions"}.get(verb, "PatchOptions")
    manager = request.query.get("fieldManager", "")
    if len(manager) > 128:
        raise _invalid(kind, ("FieldValueTooLong", "fieldManager", "Too long: may not be more than 128 bytes"))
    validation = request.query.get("fieldValidation") or "Warn"
    if validation not in ("Strict", "Warn", "Ignore"):
        known = 'supported values: "", "Ignore", "Strict", "Warn"'
        message = f'Unsupported value: "{validation}": {known}'
        raise _invalid(kind, ("FieldValueNotSupported", "fieldValidation", message))
    return WriteOptions(
        manager=manager or request.headers.get("user-agent", "unknown").partition("/")[0][:128],
        dry_run=_dry_run(request.query.get("dryRun", ""), kind),
        validation=validation,
        force=request.flag("force"),
        subresource=subresource,
        tracked=True,
        warnings=request.warnings,
    )


def deletion_options(request: Request) -> DeletionOptions:
    """From the query, overridden by a DeleteOptions body."""
    body: dict[str, Any] = {}
    if request.body.strip():
        raw = parse_body(request.body, request.headers.get("content-type", ""), "DeleteOptions")
        body = decode_as({**(raw or {}), "apiVersion": "v1", "kind": "DeleteOptions"}, "v1", "DeleteOptions").obj
    grace = body.get("gracePeriodSeconds", request.number("gracePeriodSeconds"))
    propagation = body.get("propagationPolicy") or request.query.get("propagationPolicy", "")
    orphan = body.get("orphanDependents")
    if not propagation and orphan is not None:
        propagation = "Orphan" if orphan else "Background"
    if propagation not in ("", "Background", "Foreground", "Orphan"):
        known = 'supported values: "Background", "Foreground", "Orphan"'
        message = f'Unsupported value: "{propagation}": {known}'
        raise _invalid("DeleteOptions", ("FieldValueNotSupported", "propagationPolicy", message))
    preconditions = body.get("preconditions") or {}
    dry_run = _dry_run(",".join(body.get("dryRun") or []) or request.query.get("dryRun", ""), "DeleteOptions")
    return DeletionOptions(
        grace, propagation, preconditions.get("uid", ""), preconditions.get("resourceVersion", ""), dry_run
    )


def _dry_run(value: str, kind: str) -> bool:
    if value not in ("", "All"):
        message = f'Unsupported value: {orjson.dumps(value).decode()}: supported values: "All"'
        raise _invalid(kind, ("FieldValueNotSupported", "dryRun", message))
    return value == "All"


def _invalid(kind: str, cause: errors.Cause) -> errors.ApiError:
    return errors.invalid(kind, "meta.k8s.io", "", [cause])
