"""The domain's own errors: each knows its code, its words for a person and its HTTP status.

Both doors turn them into answers: pages at the field or as a message, the API as
`{"error": {"code", "message", "fields"}}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class DomainError(Exception):
    """Base. `fields`: form field or JSON key → what is wrong and what to do."""

    code = "error"
    status = 400

    def __init__(self, message: str, *, code: str | None = None, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.fields = dict(fields or {})


class Invalid(DomainError):
    """The wish breaks a rule; `fields` says which."""

    code = "invalid"
    status = 422

    @classmethod
    def at(cls, field: str, message: str, *, code: str = "invalid") -> Invalid:
        return cls(message, code=code, fields={field: message})


class NotFound(DomainError):
    """It is not there, or the actor may not know that it is."""

    code = "not_found"
    status = 404


class Forbidden(DomainError):
    """A member without the right."""

    code = "forbidden"
    status = 403


class Suspended(Forbidden):
    """The site's support suspended the team: its members look, and nobody changes anything in it."""

    code = "suspended"


class Conflict(DomainError):
    """Somebody was faster, the name is taken, or the state does not allow it."""

    code = "conflict"
    status = 409


class TooMany(DomainError):
    """Done too often within a time. `retry_after`: seconds until it may be done again."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, *, retry_after: int, field: str = "", code: str | None = None) -> None:
        super().__init__(message, code=code, fields={field: message} if field else None)
        self.retry_after = retry_after


class QuotaExceeded(Invalid):
    """The quota leaves no room, a rollout's surge included. `figures`: `rules.quota.Row.figures` of what it takes."""

    code = "quota_exceeded"

    def __init__(
        self, message: str, *, fields: Mapping[str, str] | None = None, figures: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(message, fields=fields)
        self.figures = [dict(row) for row in figures]


class Gone(Conflict):
    """It is being deleted: nothing more is changed in it."""

    code = "deleting"
