"""Somebody who owns the tables and puts their triggers aside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from tests.conftest import triggers_aside


@contextmanager
def tampered() -> Iterator[None]:
    """What happens in it is not refused by the database."""
    aside, back = triggers_aside()
    with connection.cursor() as cursor:
        for statement in aside:
            cursor.execute(statement)
        try:
            yield
        finally:
            for statement in back:
                cursor.execute(statement)
