"""What is done by the clock is many small works, and one that fails must not keep the others from being done."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import structlog
from django.db import InterfaceError, OperationalError

log = structlog.get_logger(__name__)


@contextlib.contextmanager
def alone(chore: str, **about: object) -> Iterator[None]:
    """Ends the block, and nothing else, whatever goes wrong in it: the log says what, and the clock tries again.

    Raises OperationalError and InterfaceError: without a database there is nothing else to do either.
    """
    try:
        yield
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("chore_failed", chore=chore, **about)
