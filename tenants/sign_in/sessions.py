"""Sessions in the database that only Berth reads: encrypted under SEAL_KEY.

Django signs what a session holds and leaves it readable. Ours hold the seed of an authenticator app until it is
confirmed, and links that set a password or open an invitation: who has a copy of the database must not have these.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """The engine of settings.SESSION_ENGINE. With another SEAL_KEY every session is over."""

    def encode(self, session_dict: dict[str, Any]) -> str:
        return _fernet(settings.SEAL_KEY).encrypt(self.serializer().dumps(session_dict)).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """What `encode` was given; nothing where the row was written by somebody else, or under another key."""
        try:
            held: dict[str, Any] = self.serializer().loads(_fernet(settings.SEAL_KEY).decrypt(session_data))
        except (InvalidToken, ValueError):
            return {}
        return held


@lru_cache(maxsize=4)
def _fernet(key: str) -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"berth sessions")
    return Fernet(base64.urlsafe_b64encode(derive.derive(key.encode())))
