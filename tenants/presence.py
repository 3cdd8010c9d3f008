"""When somebody was here last, through whichever door: pages, calls and open sockets say so, a row a minute at most."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from tenants.models import User

NOTED = timedelta(minutes=1)


def note(user: User) -> None:
    """`user`, just read, is here: writes `seen_at` unless it was written within the last minute."""
    before = timezone.now() - NOTED
    if user.seen_at is None or user.seen_at < before:
        stale = Q(seen_at__isnull=True) | Q(seen_at__lt=before)
        User.objects.filter(stale, pk=user.pk).update(seen_at=timezone.now())
