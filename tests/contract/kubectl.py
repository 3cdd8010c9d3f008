"""kubectl as the tests call it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

Kubectl = Callable[..., subprocess.CompletedProcess[str]]


def fine(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout
