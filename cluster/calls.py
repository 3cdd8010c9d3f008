"""One raw HTTP call to an API server: deadlines, keep-alive, credentials, and every answer as `cluster.errors`.

Bytes in, dicts out. A call that the server throttles waits here when the wait is short; a lost connection is tried
once more where the caller says that a repetition does no harm; everything else is told to the caller at once.
"""

from __future__ import annotations

import math
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import kubernetes.client as sync_client
import orjson
import urllib3
from kubernetes.client.rest import RESTClientObject
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as NoAnswerInTime

from cluster.errors import (
    ClusterError,
    Conflict,
    Expired,
    Invalid,
    NotFound,
    PolicyRefused,
    QuotaExceeded,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
)

CONNECT_TIMEOUT = 3.0
"""Seconds for the TCP and TLS handshake."""

PATIENCE = 5.0
"""Seconds that one call may spend waiting for a throttling server; a longer Retry-After is the caller's affair."""

JSON = "application/json"
APPLY_PATCH = "application/apply-patch+yaml"
MERGE_PATCH = "application/merge-patch+json"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"

_POLICY_TEXTS = ("violates PodSecurity", "ValidatingAdmissionPolicy", "admission webhook")
_NOT_YAML = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""YAML 1.2, 5.1 and 5.4: not printable, or a line's end."""

_CHUNK = 1 << 16


class Caller:
    """Calls one API server. Thread-safe. `load` reads address and credentials, and is called again after a 401.

    `timeout` is the longest silence in seconds; a whole answer may take three times as long.
    """

    def __init__(self, load: Callable[[], sync_client.Configuration], *, timeout: float, pool: int) -> None:
        self._load = load
        self._timeout = urllib3.Timeout(connect=min(CONNECT_TIMEOUT, timeout), read=timeout)
        self._longest = 3 * timeout
        self._pool = pool
        self._lock = threading.Lock()
        self._session: _Session | None = None

    def json(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        """The answer of `call`, decoded. What is no JSON object came from something that is no API server."""
        body = self.call(method, path, **options)
        answer = _object(body)
        if answer is None:
            raise Unavailable(
                f"not an API server's answer: {body[:200].decode(errors='replace')}", reason="NotKubernetes"
            )
        return answer

    def call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = JSON,
        accept: str = JSON,
        repeatable: bool = False,
    ) -> bytes:
        """The body of a 2xx answer. `path` is already encoded (`cluster.paths`), `query` is not.

        `repeatable`: sending it twice has the effect of sending it once (reads, server-side apply, deletion by uid).
        Raises `cluster.errors`.
        """
        url = f"{path}?{urlencode(query)}" if query else path
        data = _encode(body, content_type) if body is not None else None
        headers = {"Accept": accept, "User-Agent": "berth"}
        if data is not None:
            headers["Content-Type"] = content_type
        until = time.monotonic() + PATIENCE
        repeatable = repeatable or method == "GET"
        renewed = False
        while True:
            session = self._current()
            try:
                return self._once(session, method, url, headers, data)
            except Throttled as throttled:
                wait = throttled.retry_after * random.uniform(1.0, 1.25)  # noqa: S311
                if time.monotonic() + wait > until:
                    raise
                time.sleep(wait)
            except Unauthorized:
                if renewed:
                    raise
                renewed = True
                self._renew(session)
            except Unavailable as unavailable:
                if not repeatable or (unavailable.reason != _LOST and unavailable.status < 500):
                    raise
                repeatable = False
                time.sleep(random.uniform(0.0, 0.1))  # noqa: S311

    def close(self) -> None:
        """Closes the idle connections."""
        with self._lock:
            if self._session is not None:
                self._session.rest.close()
                self._session = None

    def _once(self, session: _Session, method: str, url: str, headers: dict[str, str], data: bytes | None) -> bytes:
        until = time.monotonic() + self._longest
        try:
            response = session.rest.pool_manager.request(
                method,
                session.host + url,
                body=data,
                headers={**headers, **session.authorization()},
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            answer = _read(response, until)
        except NewConnectionError as error:
            raise Unavailable(f"no connection to the API server: {error}", reason="Refused") from error
        except NoAnswerInTime as error:
            raise Unavailable(f"no answer from the API server in time: {error}", reason="Timeout") from error
        except HTTPError as error:
            raise Unavailable(f"connection to the API server lost: {error}", reason=_LOST) from error
        if 200 <= response.status < 300:
            return answer
        raise refusal(response.status, answer, response.headers)

    def _current(self) -> _Session:
        session = self._session
        if session is None:
            with self._lock:
                session = self._session = self._session or _Session(self._load(), self._pool)
        return session

    def _renew(self, stale: _Session) -> None:
        with self._lock:
            if self._session is stale:
                self._session = _Session(self._load(), self._pool)


class _Session:
    """What one reading of the credentials gave: a pool of connections and the header that goes with them."""

    def __init__(self, configuration: sync_client.Configuration, pool: int) -> None:
        configuration.connection_pool_maxsize = pool
        self._configuration = configuration
        self.host: str = configuration.host.rstrip("/")
        self.rest = RESTClientObject(configuration)

    def authorization(self) -> dict[str, str]:
        token = self._configuration.auth_settings().get("BearerToken")
        return {"Authorization": token["value"]} if token and token["value"] else {}


_LOST = "ConnectionLost"


def refusal(status: int, body: bytes, headers: Mapping[str, str]) -> ClusterError:
    """The error that an answer other than 2xx stands for. `body` is a Status object, or a proxy's page."""
    told = _object(body) or {}
    message = str(told.get("message") or body[:500].decode(errors="replace").strip() or f"HTTP {status}")
    reason = str(told.get("reason") or "")
    details = told.get("details")
    causes = (details.get("causes") if isinstance(details, dict) else None) or []
    if status == 429:
        return Throttled(message, retry_after=_retry_after(headers), reason=reason)
    if status in (400, 403, 422) and any(text in message for text in _POLICY_TEXTS):
        return PolicyRefused(message, status=status, reason=reason)
    if status in (400, 413, 415, 422):
        fields = {str(cause.get("field", "")): str(cause.get("message", "")) for cause in causes}
        return Invalid(message, causes=fields, status=status, reason=reason)
    if status == 403 and any(cause.get("reason") == "NamespaceTerminating" for cause in causes):
        reason = "NamespaceTerminating"
    return _class_of(status, message)(message, status=status, reason=reason)


def _class_of(status: int, message: str) -> type[ClusterError]:
    if status >= 500:
        return Unavailable
    if status == 403 and "exceeded quota:" in message:
        return QuotaExceeded
    return {401: Unauthorized, 404: NotFound, 409: Conflict, 410: Expired}.get(status, Refused)


def _encode(body: Mapping[str, Any], content_type: str) -> bytes:
    """JSON; for server-side apply with the characters escaped that JSON may hold plainly and YAML may not."""
    data = orjson.dumps(body)
    if content_type != APPLY_PATCH or (data.isascii() and b"\x7f" not in data):
        return data
    return _NOT_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", data.decode()).encode()


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds; the API server always sends whole ones, a proxy may send a date, which counts as one second."""
    try:
        seconds = float(headers.get("Retry-After", "1"))
    except ValueError:
        return 1.0
    return max(0.0, seconds) if math.isfinite(seconds) else 1.0


def _read(response: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The whole body, or Unavailable when a dripping server takes too long; the connection goes back to the pool."""
    parts = []
    while part := response.read1(_CHUNK):
        parts.append(part)
        if time.monotonic() > until:
            response.close()
            raise Unavailable("the API server's answer took too long", reason="Timeout")
    response.release_conn()
    return b"".join(parts)
