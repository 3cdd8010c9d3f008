"""A letter on its way out: the task that is delivered its id."""

from __future__ import annotations

from celery import shared_task

from tenants import audit, letters


@shared_task(name=letters.TASK)
def send_letter(letter_id: str) -> None:
    """At most one worker sends it; what the mail server answered stands on its row."""
    audit.origin.set(audit.Origin(door="task"))
    letters.send(letter_id)
