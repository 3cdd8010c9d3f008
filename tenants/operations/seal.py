"""One-shot payloads: values of a secret on their way through the outbox, readable by a worker and wiped when applied.

They never pass through the broker. AES-128-CBC with HMAC (Fernet), under a key of its own (settings.SEAL_KEY), bound
to the operation, so that a payload copied to another row does not open.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealError(Exception):
    """The payload cannot be opened: SEAL_KEY was changed while it waited, or the row was tampered with."""


def seal(operation: UUID, payload: Mapping[str, Any]) -> bytes:
    """`payload` (JSON-able) as bytes that only `unseal` with the same operation opens."""
    return _fernet(operation).encrypt(json.dumps(payload).encode())


def unseal(operation: UUID, sealed: bytes | memoryview) -> dict[str, Any]:
    """What `seal` was given. Raises SealError."""
    try:
        payload: dict[str, Any] = json.loads(_fernet(operation).decrypt(bytes(sealed)))
    except InvalidToken as error:
        raise SealError("the sealed values cannot be opened with this SEAL_KEY") from error
    return payload


def _fernet(operation: UUID) -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"berth outbox " + operation.bytes)
    return Fernet(base64.urlsafe_b64encode(derive.derive(settings.SEAL_KEY.encode())))
