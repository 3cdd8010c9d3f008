"""A mail server of the test: keeps what Berth sends, as mail programs read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from tests.processes.stack import free_port


class Mailbox:
    """Mails in the order in which they came, each with the addresses that it was sent to."""

    def __init__(self) -> None:
        self._came: list[tuple[tuple[str, ...], EmailMessage]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self._came.append((tuple(envelope.rcpt_tos), mail))
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for addresses, mail in self._came if address in addresses]


@contextmanager
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mail server on this machine, and its port."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def text(mail: EmailMessage, kind: str = "plain") -> str:
    """The words of a mail: "plain" or "html"."""
    part = mail.get_body((kind,))
    assert part is not None, f"a mail without {kind} words"
    return str(part.get_content())
