"""The demo as a process of its own, which browsers look at: a free port and a folder of its own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from tests.processes.stack import Process, free_port, until

PASSWORD = "demo"
"""Of everybody in the demo's cast."""


@dataclass(frozen=True)
class Demo:
    """A Berth that answers. What its console says, mails included, is in `process`."""

    address: str
    process: Process

    def mail(self, to: str) -> str:
        """The newest mail to an address, once it is there."""
        found: list[str] = []

        def came() -> bool:
            mails = self.process.said().split("-" * 79)
            found[:] = [mail for mail in mails if f"\nTo: {to}\n" in mail]
            return bool(found)

        until(f"a mail to {to}", came, seconds=10)
        return found[-1]

    def complaints(self) -> list[str]:
        """Errors and tracebacks that the server wrote."""
        return re.findall(r"^.*(?:\[(?:error|critical)\s*\]|Traceback).*$", self.process.said(), re.MULTILINE)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[Demo]:
    """Runs the demo below `folder`; `options` as of `manage.py demo`."""
    port = free_port()
    command = [sys.executable, "manage.py", "demo", f"--port={port}", f"--data={folder / 'data'}", *options]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings.dev", "PYTHONUNBUFFERED": "1"}
    process = Process("demo", command, folder, env).start()
    address = f"http://127.0.0.1:{port}"
    try:
        until("the demo", lambda: requests.get(f"{address}/accounts/login/", timeout=2).ok)
        yield Demo(address, process)
    finally:
        process.stop()
