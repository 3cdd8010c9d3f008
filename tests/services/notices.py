"""Short ways to tell, choose and send, for the tests of notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core import mail

from tenants import letters, notices
from tenants.models import Letter, Notice, User
from tenants.services import notices as verbs
from tenants.services.notices import Wish


def tell(*people: User, kind: str = "release.stuck", title: str = "v2 is stuck", **more: Any) -> None:
    notices.tell(people, kind=kind, title=title, **more)


def choose(person: User, kind: str = "release.stuck", **wish: Any) -> None:
    verbs.choose(actor=person, wishes={kind: Wish(**wish)})


def sent() -> list[Any]:
    """What left by now."""
    for letter in Letter.objects.filter(sent_at=None):
        letters.send(letter.pk)
    return list(mail.outbox)


def at(moment: datetime, **columns: Any) -> None:
    """All notices were told then."""
    Notice.objects.update(at=moment, **columns)


def token(person: User, kind: str) -> str:
    return notices.turn_down_link(person.pk, kind).rstrip("/").rpartition("/")[2]
