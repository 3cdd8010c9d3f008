"""How often something may be done within an hour, counted in its own rows: exact under the lock that the verb holds."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from tenants.errors import TooMany

WINDOW = timedelta(hours=1)


def left(rows: QuerySet[Any], most: int, at: str = "created_at") -> int:
    """How many more of `rows` may come now; the column `at` says when each came."""
    return max(0, most - _within(rows, at).count())


def too_many(field: str, words: str, rows: QuerySet[Any], most: int, at: str = "created_at") -> TooMany:
    """The error to raise where none is left: it knows the seconds until the oldest that counts is an hour old."""
    now = timezone.now()
    newest = _within(rows, at).order_by(f"-{at}").values_list(at, flat=True)
    ends = next(iter(newest[most - 1 : most]), now) + WINDOW
    return TooMany(words, field=field, retry_after=max(1, math.ceil((ends - now).total_seconds())))


def _within(rows: QuerySet[Any], at: str) -> QuerySet[Any]:
    return rows.filter(**{f"{at}__gt": timezone.now() - WINDOW})
