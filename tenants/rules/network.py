"""Ports and health checks."""

from __future__ import annotations

import re

from tenants.rules.broken import Broken
from tenants.rules.quantities import whole

PATH_MAX = 512
HEALTH_KINDS = ("none", "http", "tcp")

_PATH = re.compile(r"/[!-~]*", re.ASCII)


def port(text: str | int) -> int:
    """A TCP port, 1 to 65535. Whoever may leave it out handles emptiness before."""
    try:
        return whole(text, 1, 65535, "port")
    except Broken:
        raise Broken("A port is a whole number from 1 to 65535, such as 8080.") from None


def health_path(text: str) -> str:
    """The path that a health check asks for: begins with “/”, printable ASCII without spaces, at most 512."""
    path = text.strip()
    if not path.startswith("/"):
        raise Broken("A path begins with “/”, such as /healthz.")
    if path.startswith("//") or not _PATH.fullmatch(path) or "#" in path:
        raise Broken("Only the path, such as /healthz: no host, no spaces, no “#”; write other letters as %xx.")
    if len(path) > PATH_MAX:
        raise Broken(f"At most {PATH_MAX} characters, please; this has {len(path)}.")
    return path


def health_period(text: str | int) -> int:
    """Seconds between two health checks, 1 to 300."""
    return whole(text, 1, 300, "seconds")


def health_start(text: str | int) -> int:
    """Seconds that a start may take, 1 to 3600."""
    return whole(text, 1, 3600, "seconds")
