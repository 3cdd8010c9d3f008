"""What the OpenAPI document says of every call alike: the token, and the errors."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

from tenants.api.serializers.shapes import ErrorOut

ERRORS = {
    "400": "The call cannot be understood: no JSON, or a key or parameter that is not known.",
    "401": "No token, or one that is unknown, revoked or expired.",
    "403": "Your role or the token's scopes do not allow it.",
    "404": "It is not there, or you may not know of it.",
    "409": "Somebody was faster, the name is taken, or the state does not allow it.",
    "422": "A rule is broken: `fields` says which and what to do.",
    "429": "Too many invitations or requests within an hour: try again after Retry-After seconds.",
    "503": "The database or the cluster does not answer: try again after Retry-After seconds.",
}
# A call is about the first of these that stands in its address.
NOUNS = ("policies", "approvals", "clusters", "quota-requests", "reclaim", "staff", "transfers", "audit", "invitations",
         "join-requests", "directory", "members", "quota", "secrets", "volumes",
         "apps", "namespaces", "plans", "operations", "sessions", "tokens", "notices", "me", "teams")  # fmt: skip
READING = ("400", "401", "403", "404", "422", "503")
UNREAD = {"413": "The body is too large.", "415": "The body is no JSON."}


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "tenants.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "berth_…"}


class Schema(AutoSchema):
    """Sorts calls by noun, and adds the errors that any call can answer."""

    def get_tags(self) -> list[str]:
        parts = self.path.split("/")
        found = [noun for noun in NOUNS if noun in parts]
        if not found:
            raise LookupError(f"no noun of the API stands in {self.path}")
        return found[:1]

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        if direction != "response":
            return bodies
        codes = READING if self.method == "GET" else tuple(ERRORS)
        told = {code: ERRORS[code] for code in codes} | ({} if self.method in ("GET", "DELETE") else UNREAD)
        component = self.resolve_serializer(ErrorOut, "response")
        for code, words in told.items():
            bodies.setdefault(code, {"description": words, "content": {"application/json": {"schema": component.ref}}})
        return bodies
