"""An HTTP proxy before the API server under test that answers wrongly, late or not at all when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

import orjson
import urllib3

from cluster.connection import Connection

Request = tuple[str, str]  # method, path


@dataclass
class Fault:
    """`kind` of fault that meets the next `times` requests of `method`, once `after` of them went by."""

    kind: str
    method: str
    times: int
    after: int
    status: int
    retry_after: str
    message: str


@dataclass
class Faults:
    """What is to go wrong, and what was seen: every request, every answer's body."""

    planned: list[Fault] = field(default_factory=list)
    seen: list[Request] = field(default_factory=list)
    answered: list[bytes] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    rewrite: Callable[[str, bytes], bytes] | None = None  # path, body of an answer → what is passed on
    _before: dict[str, Callable[[], None]] = field(default_factory=dict)

    def plan(
        self,
        kind: str,
        method: str,
        *,
        times: int = 1,
        after: int = 0,
        status: int = 500,
        retry_after: str = "0",
        message: str = "",
    ) -> None:
        """`kind`: lost_reply (done, then no answer), error (`status`, not done), late_error (`status`, done), hang."""
        self.planned.append(Fault(kind, method, times, after, status, retry_after, message or f"planned {status}"))

    def before(self, method: str, action: Callable[[], None]) -> None:
        """Does `action` before the next request of that method goes on."""
        self._before[method] = action

    def interfere(self, method: str) -> None:
        action = self._before.pop(method, None)
        if action:
            action()

    def next(self, method: str) -> Fault | None:
        for fault in self.planned:
            if fault.method == method and fault.times:
                if fault.after:
                    fault.after -= 1
                    return None
                fault.times -= 1
                return fault
        return None

    def count(self, method: str) -> int:
        return sum(seen == method for seen, _ in self.seen)


class FaultyProxy:
    """Listens on a free port of this machine while it is entered."""

    def __init__(self, connection: Connection) -> None:
        self.faults = Faults()
        session = connection.sync._current()

        def forward(method: str, path: str, headers: dict[str, str], body: bytes) -> urllib3.BaseHTTPResponse:
            return session.rest.pool_manager.request(
                method,
                session.host + path,
                body=body,
                headers={**headers, **session.authorization()},
                retries=False,
                redirect=False,
            )

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.faults, forward))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> FaultyProxy:
        self._thread.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.faults.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(
    faults: Faults, forward: Callable[[str, str, dict[str, str], bytes], urllib3.BaseHTTPResponse]
) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            faults.seen.append((self.command, self.path))
            faults.interfere(self.command)
            fault = faults.next(self.command)
            if fault is None:
                self.forward(body)
                return
            if fault.kind == "hang":
                faults.released.wait(10)
                self.close_connection = True
            elif fault.kind == "lost_reply":
                self.upstream(body)
                self.close_connection = True
            else:
                if fault.kind == "late_error":
                    self.upstream(body)
                told = {"kind": "Status", "status": "Failure", "message": fault.message}
                self.answer(fault.status, orjson.dumps(told), fault.retry_after)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815  http.server's own names

        def upstream(self, body: bytes) -> urllib3.BaseHTTPResponse:
            kept = {name: self.headers[name] for name in ("Accept", "Content-Type") if name in self.headers}
            return forward(self.command, self.path, kept, body)

        def forward(self, body: bytes) -> None:
            found = self.upstream(body)
            body = faults.rewrite(self.path, found.data) if faults.rewrite else found.data
            self.answer(found.status, body, found.headers.get("Retry-After"))

        def answer(self, status: int, body: bytes, retry_after: str | None) -> None:
            faults.answered.append(body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if retry_after is not None:
                self.send_header("Retry-After", retry_after)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet: the tests read `Faults.seen`."""

    return Handler
