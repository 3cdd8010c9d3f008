"""The day by which quota goes: the site's, for who looks and for the clock alike.

Pages are in the viewer's zone (`views.viewer`), and the clock that takes raises back has none: were "today" each one's
own, a raise would have ended for one while it runs for the other.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone


def today() -> date:
    return of(timezone.now())


def of(moment: datetime) -> date:
    """The day of the site's zone (TIME_ZONE) in which an aware `moment` is."""
    return timezone.localdate(moment, timezone.get_default_timezone())
