"""Looks for a text in all that a stack keeps or says: the database, what passes through Redis, every log.

Also for its disguises: bytes are hexadecimal in a database's dump, and a task's body is base64 in Redis.
"""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

from tests.processes.stack import Stack


class Overheard:
    """Every command that Redis is given, published messages too, as MONITOR tells them."""

    def __init__(self) -> None:
        self.content = b""
        self.listens = threading.Event()

    def listen(self, monitor: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := monitor.recv(1 << 16):
                self.content += chunk
                self.listens.set()


@contextlib.contextmanager
def overheard(stack: Stack) -> Iterator[Overheard]:
    """Listens to Redis meanwhile."""
    ear = Overheard()
    where = urlsplit(stack.redis_url)
    with socket.create_connection((where.hostname or "", where.port or 0)) as monitor:
        monitor.sendall(b"MONITOR\r\n")
        thread = threading.Thread(target=ear.listen, args=(monitor,), daemon=True)
        thread.start()
        assert ear.listens.wait(5), "Redis does not answer MONITOR"
        try:
            yield ear
        finally:
            monitor.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def sweep(stack: Stack, text: str, ear: Overheard) -> list[str]:
    """The places where the text stands, in any disguise."""
    places = {"database": stack.postgres.dump().encode(), "Redis": ear.content}
    places |= {path.name: path.read_bytes() for path in stack.folder.glob("*.log")}
    places |= {path.name: path.read_bytes() for path in stack.folder.glob("appendonlydir/*")}
    disguises = _disguises(text.encode())
    return [place for place, content in places.items() if any(one in content for one in disguises)]


def _disguises(text: bytes) -> list[bytes]:
    """Plain, hexadecimal, and base64 at each of its three alignments, without the ends that depend on neighbors."""
    encoded = [base64.b64encode(b"\0" * shift + text)[4 if shift else 0 : -4] for shift in range(3)]
    return [text, text.hex().encode(), *encoded]
