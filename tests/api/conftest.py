"""Calls as a script makes them: JSON, and a token in the header."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pytest
from django.test import Client

from tenants import access
from tenants.models import User
from tenants.services import tokens

V1 = "/api/v1"


class Script:
    """Somebody's script. Addresses are below /api/v1; answers are Django's test responses, with `.json()`."""

    def __init__(self, user: User | None = None, scopes: Collection[str] = tuple(access.SCOPES)) -> None:
        self._client = Client()
        self._headers: dict[str, str] = {}
        self.token = None
        if user is not None:
            user.__dict__.pop("_roles", None)
            self.token, text = tokens.create_token(actor=user, name="script", scopes=scopes, days=1)
            self._headers = {"authorization": f"Bearer {text}"}

    def get(self, address: str, **headers: str) -> Any:
        return self.call("GET", address, **headers)

    def post(self, address: str, body: Any = None) -> Any:
        return self.call("POST", address, body)

    def patch(self, address: str, body: Any) -> Any:
        return self.call("PATCH", address, body)

    def delete(self, address: str) -> Any:
        return self.call("DELETE", address)

    def call(self, method: str, address: str, body: Any = None, **headers: str) -> Any:
        return self._client.generic(
            method,
            address if address.startswith("/api/") else f"{V1}/{address}",
            data=self._encoded(body),
            content_type="application/json",
            headers={**self._headers, **headers},
        )

    def _encoded(self, body: Any) -> bytes:
        if body is None:
            return b""
        return body if isinstance(body, bytes) else self._client._encode_json(body, "application/json").encode()


@pytest.fixture
def script(db: None) -> Callable[..., Script]:
    return Script


@pytest.fixture
def api(alice: User) -> Script:
    """alice's script, which may all that she may."""
    return Script(alice)
