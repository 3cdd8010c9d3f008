"""One error family at the cluster's edge; the client's own exception is always chained.

The domain decides by class: `Unavailable` and `Throttled` are tried again and kept as wishes, `Refused` and its
children are told to the person in the cluster's own words, with a plain one beside them.
"""

from __future__ import annotations


class ClusterError(Exception):
    """Base. `message` is the cluster's own text, `status` the HTTP status (0 when there was no answer)."""

    def __init__(self, message: str, *, status: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.reason = reason


class Unavailable(ClusterError):
    """No answer in time, refused connection, 5xx: the outcome of a write is unknown; look, then act again."""


class Throttled(Unavailable):
    """429. `retry_after` in seconds."""

    def __init__(self, message: str, *, retry_after: float, status: int = 429, reason: str = "") -> None:
        super().__init__(message, status=status, reason=reason)
        self.retry_after = retry_after


class Unauthorized(ClusterError):
    """401 after one refresh of the credentials."""


class Refused(ClusterError):
    """The cluster will not do it however often it is asked (403, 422, 400)."""


class QuotaExceeded(Refused):
    """403 `exceeded quota: …`."""


class PolicyRefused(Refused):
    """403 by Pod Security or an admission policy."""


class Invalid(Refused):
    """422 or 400. `causes`: field path → message."""

    def __init__(
        self, message: str, *, causes: dict[str, str] | None = None, status: int = 422, reason: str = ""
    ) -> None:
        super().__init__(message, status=status, reason=reason)
        self.causes = causes or {}


class NotFound(ClusterError):
    """404."""


class Conflict(ClusterError):
    """409: somebody else changed it meanwhile."""


class NameTaken(Conflict):
    """The object exists and does not carry our labels: never adopted."""


class Expired(ClusterError):
    """410 on a watch: list again."""
