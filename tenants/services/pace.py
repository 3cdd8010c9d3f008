"""How often something may be done within an hour, counted in its own rows: exact under the lock that the verb holds."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.db.models import QuerySet
from django.utils import timezone

from tenants.errors import TooMany
from tenants.services import refusals

Verb = TypeVar("Verb", bound=Callable[..., Any])
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


def noted(of: str) -> Callable[[Verb], Verb]:
    """Decorates a verb: where it was done too often the audit log says so, after the verb's own transaction."""

    def wrap(verb: Verb) -> Verb:
        @wraps(verb)
        def inner(**wish: Any) -> Any:
            try:
                return verb(**wish)
            except TooMany:
                team = wish.get("team") or next(part.team for part in wish.values() if hasattr(part, "team"))
                refusals.limit(of, actor=wish["actor"], team=team)
                raise

        return cast(Verb, inner)

    return wrap


def _within(rows: QuerySet[Any], at: str) -> QuerySet[Any]:
    return rows.filter(**{f"{at}__gt": timezone.now() - WINDOW})
