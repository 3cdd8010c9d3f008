"""Berth as scripts and browsers outside of it see it: calls with a token, and sockets with a signed-in session.

Knows no Django. `url` is where Berth is reached, `public` the address that it goes by: behind a gateway without a
name of its own in DNS the two differ, and then the Host header says the second.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from websockets.sync.client import ClientConnection, connect

Json = dict[str, Any]

PATIENCE = 120.0
"""Seconds that anything may take which a cluster has to carry out."""
POLL = 0.2


class Refused(AssertionError):
    """Berth answered with an error; `status`, `code` and `headers` are the answer's."""

    def __init__(self, answer: requests.Response) -> None:
        self.status = answer.status_code
        self.headers = answer.headers
        try:
            self.error: Json = answer.json()["error"]
        except (ValueError, KeyError):
            self.error = {"code": "", "message": answer.text[:500]}
        self.code = str(self.error["code"])
        super().__init__(f"{answer.request.method} {answer.url}: {self.status} {self.error}")


class Berth:
    """One address of one Berth, with one person's token and, after `sign_in`, their session."""

    def __init__(self, url: str, token: str, *, public: str = "") -> None:
        self.url = url.rstrip("/")
        self.public = public.rstrip("/") or self.url
        self._http = requests.Session()
        self._http.headers["Host"] = urlsplit(self.public).netloc
        self._token = {"Authorization": f"Bearer {token}"}

    def close(self) -> None:
        self._http.close()

    # -- calls ----------------------------------------------------------------------------------------------

    def get(self, path: str) -> Json:
        return self.call("GET", path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Json:
        return self.call("POST", path, body or {})

    def patch(self, path: str, body: Mapping[str, Any]) -> Json:
        return self.call("PATCH", path, body)

    def delete(self, path: str, *, confirm: str) -> Json:
        return self.call("DELETE", f"{path}?confirm={confirm}")

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        """The JSON that is answered. Raises Refused for an error."""
        answer = self._http.request(method, f"{self.url}/api/v1/{path}", json=body, headers=self._token, timeout=30)
        if answer.status_code >= 400:
            raise Refused(answer)
        found: Json = answer.json() if answer.content else {}
        return found

    def follow(self, accepted: Json, seconds: float = PATIENCE) -> Json:
        """Looks at the operation of a 202 until it is done. Fails when it did not succeed."""
        operation = self.until_operation(accepted, lambda found: bool(found["done"]), seconds)
        assert operation["state"] == "succeeded", operation
        return operation

    def until_operation(self, accepted: Json, wanted: Callable[[Json], bool], seconds: float = PATIENCE) -> Json:
        return self.until(f"operations/{accepted['operation']['id']}", wanted, seconds)

    def until(self, path: str, wanted: Callable[[Json], bool], seconds: float = PATIENCE) -> Json:
        """Asks until the answer is as wanted. Fails with the last answer."""
        deadline = time.monotonic() + seconds
        while True:
            found = self.get(path)
            if wanted(found):
                return found
            assert time.monotonic() < deadline, f"{path} is not as wanted after {seconds:.0f} s: {found}"
            time.sleep(POLL)

    def until_gone(self, path: str, seconds: float = PATIENCE) -> None:
        """Asks until the answer is 404."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                found = self.get(path)
            except Refused as refused:
                if refused.status == 404:
                    return
                raise
            assert time.monotonic() < deadline, f"{path} is still there after {seconds:.0f} s: {found}"
            time.sleep(POLL)

    # -- pages and sockets ------------------------------------------------------------------------------------

    def sign_in(self, username: str, password: str) -> None:
        """By the form, as a browser does."""
        address = f"{self.url}/accounts/login/"
        form = self._http.get(address, timeout=30)
        forged = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)
        assert forged, form.text[:500]
        fields = {"login": username, "password": password, "csrfmiddlewaretoken": forged[1]}
        answer = self._http.post(address, data=fields, timeout=30, allow_redirects=False)
        assert answer.status_code == 302, answer.text[:2000]
        assert "confirm-email" not in answer.headers["Location"]

    def page(self, path: str) -> requests.Response:
        """A page as the signed-in person gets it."""
        return self._http.get(f"{self.url}{path}", timeout=30)

    def topic(self, path: str) -> str:
        """The topic that the page at `path` listens to, such as "app:12"."""
        found = re.search(r'data-topic="([^"]+)"', self.page(path).text)
        assert found, f"{path} listens to nothing"
        return found[1]

    @contextlib.contextmanager
    def socket(self, path: str) -> Iterator[Socket]:
        """A socket of the signed-in person at `path`, opened by this very site's page."""
        where, named = urlsplit(self.url), urlsplit(self.public)
        cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in self._http.cookies)
        plain = socket.create_connection((where.hostname or "", where.port or 80), timeout=10)
        with connect(
            f"ws://{named.netloc}{path}",
            sock=plain,
            origin=self.public,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookies},
            compression=None,
            max_size=8 << 20,
        ) as opened:
            yield Socket(opened)


class Socket:
    """One open socket; what it says is JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def say(self, **message: Any) -> None:
        self._connection.send(json.dumps(message))

    def messages(self, seconds: float) -> Iterator[Json]:
        """What comes within `seconds`. Raises ConnectionClosed when the server closes."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                yield json.loads(self._connection.recv(timeout=left))
            except TimeoutError:
                return

    def until(self, wanted: Callable[[Json], bool], seconds: float = PATIENCE) -> list[Json]:
        """All messages up to the first that is wanted, which is the last of them. Fails with the last few."""
        heard = []
        for message in self.messages(seconds):
            heard.append(message)
            if wanted(message):
                return heard
        said = [str(message)[:300] for message in heard[-8:]]
        raise AssertionError(f"not heard within {seconds:.0f} s; the last messages were {said}")
