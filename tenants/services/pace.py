"""How often something may be done within an hour, counted in its own rows: exact under the lock that the verb holds."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from tenants.errors import TooMany

WINDOW = timedelta(hours=1)


def left(rows: QuerySet[Any], most: int) -> int:
    """How many more of `rows` (their `created_at` counts) may come now."""
    return max(0, most - rows.filter(created_at__gt=timezone.now() - WINDOW).count())


def too_many(field: str, words: str, rows: QuerySet[Any], most: int) -> TooMany:
    """The error to raise where none is left: it knows the seconds until the oldest that counts is an hour old."""
    now = timezone.now()
    newest = rows.filter(created_at__gt=now - WINDOW).order_by("-created_at").values_list("created_at", flat=True)
    ends = next(iter(newest[most - 1 : most]), now) + WINDOW
    return TooMany(words, field=field, retry_after=max(1, math.ceil((ends - now).total_seconds())))
