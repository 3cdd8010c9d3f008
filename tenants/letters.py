"""The outbox of mails: written in a service's transaction, sent by a worker, sent again while the mail server is away.

A letter's subject and bodies may hold a token, so they wait encrypted and are wiped once it has left; a task carries
the letter's id alone. A letter is claimed before it is sent. Only a worker that dies between the mail server's "250"
and its own commit sends twice; both copies then carry one Message-ID, by which mail systems know them for the same.
"""

from __future__ import annotations

import smtplib
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now
from django.template.loader import render_to_string

from tenants import operations
from tenants.models import Letter, Team
from tenants.operations.seal import SealError, seal, unseal

log = structlog.get_logger(__name__)

TASK = "letter.send"
# One worker has a letter to itself for so long: a conversation with a mail server ends before.
CLAIM = timedelta(minutes=3)
# A countdown may fire this much early by the database's clock.
EARLY = timedelta(milliseconds=100)
# Pauses between attempts grow from the first to the last; after so many attempts (a day and some hours) it is over.
PAUSE_FIRST, PAUSE_LAST = 30, 6 * 3600
ATTEMPTS_MAX = 11
# How long it is known that somebody was sent a letter: long enough to find out why it did not come.
KEPT = timedelta(days=30)
# What no worker took is published again, at most so often.
LATE, AGAIN = timedelta(seconds=3), timedelta(seconds=15)
_OPEN = Q(sent_at__isnull=True, given_up_at__isnull=True)
_UNDELIVERABLE = range(500, 600)
"""Replies by which a mail server refuses for good (RFC 5321, 4.2.1)."""


def write(
    *,
    to: str,
    kind: str,
    subject: str,
    template: str,
    context: Mapping[str, Any],
    team: Team | None = None,
    unsubscribe: str = "",
) -> Letter:
    """Puts a mail into the outbox, within the transaction of what it tells; it leaves after the commit.

    `template` names two templates, `<template>.txt` and `<template>.html`; beside `context` they get `site_name` and
    `site_url` (without a slash at its end). `to` may be "": see `Letter`. `unsubscribe` is the address at which mail
    programs turn such mails down by one POST (RFC 8058).
    """
    pk = uuid4()
    told = {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, **context}
    mail = {
        "subject": " ".join(subject.split()),
        "text": render_to_string(f"{template}.txt", told).strip() + "\n",
        "html": render_to_string(f"{template}.html", told),
        "unsubscribe": unsubscribe,
    }
    letter = Letter.objects.create(id=pk, to=to, kind=kind, team=team, sealed=seal(pk, mail))
    transaction.on_commit(partial(operations.publish, TASK, pk), robust=True)
    return letter


def send(pk: UUID | str) -> None:
    """Sends the letter, unless it has left, is another worker's, or is not due yet."""
    letter = _claim(pk)
    if letter is None:
        return
    try:
        if letter.to:
            _mail(letter).send()
    except (smtplib.SMTPException, OSError) as error:
        _failed(letter, error)
    except SealError:
        _give_up(letter, "It was sealed with another SEAL_KEY.")
    else:
        Letter.objects.filter(pk=letter.pk).update(sent_at=Now(), sealed=None, not_before=None, error="")
        log.info("letter_sent", letter=str(letter.pk), kind=letter.kind)


def redrive(limit: int = 200) -> int:
    """Publishes letters that should have left by now: dead broker, dead worker, a pause that is over.

    Called every second by the one dispatcher. Returns how many were published; a repetition is harmless.
    """
    due = Q(not_before__isnull=True, created_at__lt=Now() - LATE) | Q(not_before__lt=Now())
    untold = Q(published_at__isnull=True) | Q(published_at__lt=Now() - AGAIN) | Q(published_at__lt=F("not_before"))
    found = list(Letter.objects.filter(_OPEN, due, untold).order_by("created_at").values_list("pk", flat=True)[:limit])
    sent = []
    for pk in found:
        if not operations.publish(TASK, pk):
            break
        sent.append(pk)
    if sent:
        Letter.objects.filter(pk__in=sent).update(published_at=Now())
        log.info("letters_redriven", count=len(sent))
    return len(sent)


def forget(limit: int = 1000) -> int:
    """Deletes up to `limit` letters that were over long ago: who was written to is nobody's business for ever.

    Returns how many.
    """
    over = Letter.objects.filter(~_OPEN, created_at__lt=Now() - KEPT).values_list("pk", flat=True)[:limit]
    return Letter.objects.filter(pk__in=list(over)).delete()[0]


def pause(attempts: int) -> int:
    """Seconds until the next attempt, after `attempts` of them."""
    return min(PAUSE_LAST, PAUSE_FIRST * 4 ** min(max(attempts - 1, 0), 10))


def _claim(pk: UUID | str) -> Letter | None:
    """The letter, this worker's alone until CLAIM is over; None when it has left or is another's."""
    due = Q(not_before__isnull=True) | Q(not_before__lte=Now() + EARLY)
    taken = Letter.objects.filter(_OPEN, due, pk=pk).update(attempts=F("attempts") + 1, not_before=Now() + CLAIM)
    return Letter.objects.get(pk=pk) if taken else None


def _mail(letter: Letter) -> EmailMultiAlternatives:
    told = unseal(letter.pk, letter.sealed or b"")
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    headers = {"Message-ID": f"<{letter.pk}@{host}>", "Auto-Submitted": "auto-generated"}
    if told["unsubscribe"]:
        headers["List-Unsubscribe"] = f"<{told['unsubscribe']}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail = EmailMultiAlternatives(
        told["subject"],
        told["text"],
        settings.DEFAULT_FROM_EMAIL,
        [letter.to],
        headers=headers,
    )
    mail.attach_alternative(told["html"], "text/html")
    return mail


def _failed(letter: Letter, error: Exception) -> None:
    if _refused_for_good(error) or letter.attempts >= ATTEMPTS_MAX:
        _give_up(letter, _words(error))
        return
    again = timedelta(seconds=pause(letter.attempts))
    Letter.objects.filter(pk=letter.pk).update(not_before=Now() + again, error=_words(error)[:400])
    log.warning("letter_waits", letter=str(letter.pk), kind=letter.kind, attempts=letter.attempts, error=_words(error))


def _give_up(letter: Letter, why: str) -> None:
    Letter.objects.filter(pk=letter.pk).update(given_up_at=Now(), sealed=None, not_before=None, error=why[:400])
    log.error("letter_given_up", letter=str(letter.pk), kind=letter.kind, error=why)


def _refused_for_good(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in _UNDELIVERABLE for code, _ in error.recipients.values())
    # A wrong password or sender is Berth's own trouble: it is mended, and the letter then leaves.
    return type(error) is smtplib.SMTPDataError and error.smtp_code in _UNDELIVERABLE


def _words(error: Exception) -> str:
    """The mail server's own words, without the addressee."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(f"{code} {_text(reply)}" for code, reply in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply
