"""The daily mail, at eight o'clock where each person is, and the end of old notices; by the dispatcher's clock."""

from __future__ import annotations

import zoneinfo
from datetime import date, datetime, time, timedelta

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from tenants import chores, letters
from tenants.models import Notice, User
from tenants.notices.links import DAILY, turn_down_link

log = structlog.get_logger(__name__)

AT = time(8)
"""When the daily mail leaves, in the person's zone."""
SHOWN = 50
"""So many lines has a daily mail; the rest is counted."""
KEPT = timedelta(days=90)


def send_daily(now: datetime | None = None) -> int:
    """Writes the daily mails that are due; each once a day, however many processes ask. Returns how many."""
    now = now or timezone.now()
    waiting = User.objects.filter(is_active=True, notices__in_digest=True).distinct()
    sent = 0
    for person in waiting.only("time_zone", "digest_on"):
        due = _due(person, now)
        if person.digest_on is None or person.digest_on < due.date():
            with chores.alone("tenants.notices.daily.send_daily", person=person.pk):
                sent += _send(person.pk, due)
    if sent:
        log.info("daily_mails_written", count=sent)
    return sent


def forget(limit: int = 1000) -> int:
    """Deletes up to `limit` notices that are older than three months. Returns how many."""
    old = Notice.objects.filter(at__lt=Now() - KEPT).order_by("at").values("pk")[:limit]
    return Notice.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()[0]


def _due(person: User, now: datetime) -> datetime:
    """The last eight o'clock where they are."""
    try:
        zone = zoneinfo.ZoneInfo(person.time_zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError):  # one that a later database of zones has no more
        zone = zoneinfo.ZoneInfo("UTC")
    here = now.astimezone(zone)
    day = here.date() if here.time() >= AT else here.date() - timedelta(days=1)
    return datetime.combine(day, AT, tzinfo=zone)


def _send(pk: int, due: datetime) -> bool:
    """One person's mail of what came before `due`. Their day is taken with it: False when another process did."""
    with transaction.atomic():
        rows = Notice.objects.filter(person=pk, in_digest=True, at__lt=due)
        if not rows.exists() or not _take(pk, due.date()):
            return False
        found = list(rows.select_related("team"))
        rows.filter(pk__in=[notice.pk for notice in found]).update(in_digest=False)
        address = EmailAddress.objects.filter(user=pk, verified=True, primary=True).first()
        if address is None:
            return False
        _write(pk, address.email, found)
    return True


def _take(pk: int, day: date) -> bool:
    """Whether the day was still free: the row's own condition, so that of two processes one gets it."""
    free = Q(digest_on=None) | Q(digest_on__lt=day)
    return bool(User.objects.filter(free, pk=pk, is_active=True, mails_paused=False).update(digest_on=day))


def _write(pk: int, address: str, found: list[Notice]) -> None:
    link = turn_down_link(pk, DAILY)
    count = len(found)
    subject = f"{settings.SITE_NAME}: {count} thing{'' if count == 1 else 's'} since yesterday"
    context = {"title": subject, "notices": found[:SHOWN], "more": max(0, count - SHOWN), "turn_down": link}
    letters.write(to=address, kind=DAILY, subject=subject, template="mail/daily", context=context, unsubscribe=link)
