"""The demo as a process of its own, which browsers look at: a free port, a folder and a mail server of its own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import requests

from tests.browser.mailbox import Mailbox, mailbox, text
from tests.processes.stack import Process, free_port, until

PASSWORD = "demo"
"""Of everybody in the demo's cast."""


@dataclass(frozen=True)
class Demo:
    """A Berth that answers. What its console says is in `process`, what it mails in `mails`."""

    address: str
    process: Process
    mails: Mailbox

    def letter(self, to: str) -> EmailMessage:
        """The newest mail to an address, once it is there."""
        until(f"a mail to {to}", lambda: bool(self.mails.to(to)), seconds=20)
        return self.mails.to(to)[-1]

    def mail(self, to: str) -> str:
        """The plain words of the newest mail to an address, once it is there."""
        return text(self.letter(to))

    def complaints(self) -> list[str]:
        """Errors and tracebacks that the server wrote."""
        return re.findall(r"^.*(?:\[(?:error|critical)\s*\]|Traceback).*$", self.process.said(), re.MULTILINE)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Demo]:
    """Runs the demo below `folder`; `options` as of `manage.py demo`."""
    port = free_port()
    command = [sys.executable, "manage.py", "demo", f"--port={port}", f"--data={folder / 'data'}", *options]
    with mailbox() as (mails, mail_port):
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.browser.demo_settings",
            "PYTHONUNBUFFERED": "1",
            "BERTH_EMAIL_HOST": "127.0.0.1",
            "BERTH_EMAIL_PORT": str(mail_port),
        }
        process = Process("demo", command, folder, env).start()
        address = f"http://127.0.0.1:{port}"
        try:
            until("the demo", lambda: requests.get(f"{address}/accounts/login/", timeout=2).ok)
            yield Demo(address, process, mails)
        finally:
            process.stop()
