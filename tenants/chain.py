"""The audit log's chain: every entry's digest covers the one before, so that a change or a gap shows.

Three things hold it (docs/decisions/0010-audit-chain.md): an entry's stamp, an HMAC of its fields that only Berth can
make, so that nothing written past it gets into the chain; its link, SHA-256 over the link before, given after the
commit in the order of commits; and the head, which is sealed by an HMAC too. Keys are SECRET_KEY and its fallbacks.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC
from itertools import islice

import structlog
from django.conf import settings
from django.db import DataError, OperationalError, transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from tenants.models import AuditEntry, AuditHead, AuditLink
from tenants.models.audit import AuditQuerySet

log = structlog.get_logger(__name__)

GENESIS = "0" * 64
"""What the first link's `previous` is."""
RECENT = 10_000
"""Entries so far behind the last link are looked at each time: a transaction may commit later than its entry's number
says. What is older still, `link(whole=True)` finds."""
BATCH = 500
SOON = 0.2
"""Seconds between two times that one process links right after a commit; the dispatcher links the rest."""

FIELDS = ("actor_id", "actor_name", "role", "door", "action", "outcome", "team_id", "team_slug", "target_noun",
          "target_id", "target", "changes", "detail", "address", "request_id")  # fmt: skip

UNREADABLE = (ValueError, TypeError, AttributeError, OverflowError, RecursionError, DataError)
"""What reading or writing out an entry raises that was put into the database by hand: SQLite keeps anything in any
column, PostgreSQL times and JSON beyond what Python has."""

_linked_at = 0.0


def content(entry: AuditEntry) -> str:
    """All fields but the number, as canonical JSON: sorted keys, no spaces, `at` in UTC with microseconds.

    The nonce among them makes every entry's stamp its own, so that a copy of an entry is refused by the database.
    """
    fields = {name: getattr(entry, name) for name in FIELDS}
    fields["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields["nonce"] = str(entry.nonce)
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(previous: str, entry: AuditEntry) -> str:
    """The link's digest in hex: SHA-256 of the lines previous digest, entry number, stamp, content."""
    return hashlib.sha256("\n".join((previous, str(entry.pk), entry.stamp, content(entry))).encode()).hexdigest()


def stamp(entry: AuditEntry) -> str:
    """What proves that Berth wrote the entry."""
    return _hmac("tenants.chain.entry", content(entry), settings.SECRET_KEY)


def stamped(entry: AuditEntry) -> bool:
    """Whether Berth wrote the entry as it stands."""
    try:
        return _made("tenants.chain.entry", content(entry), entry.stamp)
    except UNREADABLE:
        return False


def read(numbers: Sequence[int]) -> dict[int, AuditEntry | None]:
    """The entries of these numbers that are there, None for each that cannot be read: Berth did not write it."""
    try:
        return dict(AuditEntry.objects.in_bulk(numbers))
    except (*UNREADABLE, OperationalError) as error:
        if away(error):
            raise
    if len(numbers) == 1:
        return {numbers[0]: None}
    half = len(numbers) // 2
    return read(numbers[:half]) | read(numbers[half:])


def seal(position: int, digest: str, rekeyed: int = 0) -> str:
    """What proves that the chain ended here, and up to where entries may bear the stamp of a former key."""
    return _hmac("tenants.chain.head", f"{position}:{digest}:{rekeyed}", settings.SECRET_KEY)


def sealed(head: AuditHead) -> bool:
    """Whether Berth itself wrote this end of the chain."""
    return _made("tenants.chain.head", f"{head.position}:{head.digest}:{head.rekeyed}", head.seal)


def sign(position: int, digest: str) -> None:
    """Seals the head anew, where the chain was looked through and the key is another than it was."""
    with transaction.atomic():
        head = AuditHead.objects.select_for_update().get()
        if (head.position, head.digest) == (position, digest):
            head.rekeyed, head.seal = position, seal(position, digest, position)
            head.save(update_fields=["rekeyed", "seal"])


def link_soon() -> None:
    """Links what was just committed, unless this process did so a moment ago: then the dispatcher does."""
    global _linked_at  # noqa: PLW0603
    now = time.monotonic()
    if now - _linked_at >= SOON:
        _linked_at = now
        _link_batch(whole=False)


def link(*, whole: bool = False) -> int:
    """Gives every committed entry without one its place, in the order of their numbers; how many got one.

    0 also where another process is at it. `whole` looks through the whole log, not at its recent part alone.
    """
    total = 0
    while made := _link_batch(whole=whole):
        total += made
    return total


def _link_batch(*, whole: bool) -> int:
    with transaction.atomic():
        head = AuditHead.objects.select_for_update(skip_locked=True).first()
        if head is None:
            return 0
        if not sealed(head):
            log.error("audit_head_not_sealed", position=head.position, do="manage.py verify_audit")
            return 0
        if head.seal != seal(head.position, head.digest, head.rekeyed):
            head.rekeyed = head.position
        links = list(_links(head, whole=whole))
        if not links:
            return 0
        AuditLink.objects.bulk_create(links)
        last = links[-1]
        head.position, head.digest, head.entry_id = last.position, last.digest, last.entry_id
        head.seal = seal(head.position, head.digest, head.rekeyed)
        head.save()
    log.info("audit_chained", head=str(head), count=len(links))
    return len(links)


def _links(head: AuditHead, *, whole: bool) -> Iterator[AuditLink]:
    """The next links, at most BATCH. An entry without Berth's stamp gets none: `verify_audit` names it.

    Where one is stamped under a fallback key, the head's `rekeyed` goes on to it.
    """
    waiting = AuditEntry.objects.filter(link__isnull=True).exclude(stamp="").order_by("pk")
    if not whole:
        waiting = waiting.filter(pk__gt=head.entry_id - RECENT)
    position, previous = head.position, head.digest
    for entry in _entries(waiting):
        if entry is None or not stamped(entry):
            continue
        position += 1
        if entry.stamp != stamp(entry):
            head.rekeyed = position
        made = AuditLink(position=position, entry=entry, previous=previous, digest=digest(previous, entry))
        previous = made.digest
        yield made
        if position == head.position + BATCH:
            return


def away(error: Exception) -> bool:
    """Whether it is the database that does not answer, and not a row that cannot be read."""
    return isinstance(error, OperationalError) and "decode" not in str(error)  # sqlite3's word for what is no UTF-8


def _entries(rows: AuditQuerySet) -> Iterator[AuditEntry | None]:
    """In the order of `rows`, a batch in memory at a time; None for one that cannot be read."""
    numbers = rows.values_list("pk", flat=True).iterator(chunk_size=BATCH)
    while batch := list(islice(numbers, BATCH)):
        found = read(batch)
        yield from (found.get(number) for number in batch)


def _made(salt: str, text: str, mac: str) -> bool:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    # SQLite also keeps bytes in a column of text, which no unique index takes for the same.
    return isinstance(mac, str) and any(constant_time_compare(_hmac(salt, text, key), mac) for key in keys)


def _hmac(salt: str, text: str, key: str | bytes) -> str:
    return salted_hmac(salt, text, secret=key, algorithm="sha256").hexdigest()
