"""Errors as the API server answers them: a `Status` object with code, reason, message and details.

The wording follows k8s.io/apimachinery/pkg/api/errors and .../util/validation/field, because people and programs
read these texts.
"""

from typing import Any

Cause = tuple[str, str, str]
"""(reason, field, message): reason is `FieldValueRequired` and the like; message starts with e.g. `Required value`."""


class ApiError(Exception):
    """An answer that is a failure. `status` is the whole `Status` object as it goes over the wire."""

    def __init__(
        self,
        code: int,
        reason: str,
        message: str,
        details: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ):
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.headers = headers or {}
        self.status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": message,
            "reason": reason,
            "details": details,
            "code": code,
        }
        if details is None:
            del self.status["details"]
        if not reason:
            del self.status["reason"]


def _details(resource: str, name: str, **more: Any) -> dict[str, Any]:
    plural, _, group = resource.partition(".")
    found = {"name": name, "group": group, "kind": plural, **more}
    return {key: value for key, value in found.items() if value}


def not_found(resource: str, name: str) -> ApiError:
    """`resource` is plural[.group], as everywhere in this package."""
    return ApiError(404, "NotFound", f'{resource} "{name}" not found', _details(resource, name))


def already_exists(resource: str, name: str, *, leaving: bool = False) -> ApiError:
    """`leaving`: the one that is there is being deleted."""
    message = f'{"object is being deleted: " if leaving else ""}{resource} "{name}" already exists'
    return ApiError(409, "AlreadyExists", message, _details(resource, name))


def conflict(resource: str, name: str, why: str = "") -> ApiError:
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return ApiError(409, "Conflict", message, _details(resource, name))


def forbidden(resource: str, name: str, why: str) -> ApiError:
    subject = f'{resource} "{name}"' if name else resource
    return ApiError(403, "Forbidden", f"{subject} is forbidden: {why}", _details(resource, name))


def bad_request(message: str) -> ApiError:
    return ApiError(400, "BadRequest", message)


def gone(message: str) -> ApiError:
    """A watch or a continue token from before the history that is kept."""
    return ApiError(410, "Expired", message)


def page_not_found() -> ApiError:
    """An address that names no resource at all."""
    message = "the server could not find the requested resource"
    return ApiError(404, "NotFound", message, {})


def method_not_allowed() -> ApiError:
    message = "the server does not allow this method on the requested resource"
    return ApiError(405, "MethodNotAllowed", message, {})


def not_acceptable() -> ApiError:
    """No answer in a form that the Accept header allows."""
    known = "application/json, application/yaml, application/vnd.kubernetes.protobuf"
    return ApiError(406, "NotAcceptable", f"only the following media types are accepted: {known}", {})


def unsupported_media_type(message: str) -> ApiError:
    return ApiError(415, "UnsupportedMediaType", message, {})


def too_many_requests(message: str, retry_after: int) -> ApiError:
    details = {"retryAfterSeconds": retry_after}
    return ApiError(429, "TooManyRequests", message, details, {"Retry-After": str(retry_after)})


def internal(message: str) -> ApiError:
    details = {"causes": [{"message": message}]}
    return ApiError(500, "InternalError", f"Internal error occurred: {message}", details)


def invalid(kind: str, group: str, name: str, causes: list[Cause]) -> ApiError:
    """422 with one cause a field; several causes share one message in brackets, as the real server joins them."""
    texts = list(dict.fromkeys(f"{field}: {message}" for _, field, message in causes))
    told = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    subject = f"{kind}.{group}" if group else kind
    details: dict[str, Any] = {"name": name, "group": group, "kind": kind}
    details = {key: value for key, value in details.items() if value}
    details["causes"] = [{"reason": reason, "message": message, "field": field} for reason, field, message in causes]
    return ApiError(422, "Invalid", f'{subject} "{name}" is invalid: {told}', details)
