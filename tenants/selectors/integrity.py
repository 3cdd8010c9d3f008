"""Whether the audit log is as Berth wrote it: the whole chain, or one entry's place in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from django.db import OperationalError
from django.db.models import Q

from tenants import chain
from tenants.models import AuditEntry, AuditHead, AuditLink

BATCH = 2_000
"""Links in memory at a time."""


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that is not as Berth wrote it. `position` in the chain, `entry` its number; None: none has it."""

    what: str
    position: int | None = None
    entry: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`position` and `digest` of the chain's end as it was found: keep them elsewhere. `waiting` have no place yet.

    `unsealed`: nothing is broken but the head's seal.
    """

    position: int
    digest: str
    waiting: int
    found: Break | None
    unsealed: bool = False


class Place(Enum):
    """What is known of one entry."""

    VERIFIED = "verified"
    WAITING = "waiting"
    BROKEN = "broken"


def verify(*, start: int = 1, kept: tuple[int, str] | None = None) -> Verdict:
    """Looks through the chain from position `start` to where its end is now, in bounded memory.

    `kept` is an end (position, digest) of before, from a log line or an earlier run: what was cut off or written anew
    since, even by somebody who has Berth's key, shows against it. Entries that come meanwhile are left for next time.
    """
    head = AuditHead.objects.first()
    if head is None:
        return Verdict(0, chain.GENESIS, 0, Break("the chain's head was removed"))
    try:
        found = _first_break(head, start, kept)
    except (*chain.UNREADABLE, OperationalError) as error:
        if chain.away(error):
            raise
        found = Break("the chain's links or its head cannot be read")
    waiting = 0
    if found is None:
        for number, entry in _waiting():
            if entry is None or not chain.stamped(entry):
                found = Break("the entry was written past Berth, or changed before it got its place", None, number)
                break
            waiting += 1
    unsealed = found is None and not chain.sealed(head)
    if unsealed:
        found = Break("the head is not sealed by Berth's key", head.position)
    return Verdict(head.position, head.digest, waiting, found, unsealed)


def place(entry: AuditEntry) -> tuple[Place, AuditLink | None]:
    """Where one entry stands: VERIFIED if Berth stamped it and it agrees with its link and the one before.

    A stamp of a key that was replaced cannot be checked: up to `rekeyed` of a sealed head, the digests must do.
    """
    link = AuditLink.objects.filter(entry=entry).first()
    if link is None:
        return (Place.WAITING if chain.stamped(entry) else Place.BROKEN), None
    head = AuditHead.objects.first()
    holds = (
        head is not None
        and 1 <= link.position <= head.position
        and (chain.stamped(entry) or (link.position <= head.rekeyed and chain.sealed(head)))
        and link.previous == _digest_before(link.position)
        and _agrees(link, entry)
    )
    return (Place.VERIFIED if holds else Place.BROKEN), link


def _first_break(head: AuditHead, start: int, kept: tuple[int, str] | None) -> Break | None:
    previous = _digest_before(start)
    if previous is None:
        return Break("the link is missing", start - 1)
    position = start - 1
    # Under a key that is not the seal's no stamp can be checked: then the seal is what is wrong.
    rekeyed = head.rekeyed if chain.sealed(head) else head.position
    for link, known, entry in _linked(start, head.position):
        position += 1
        wrong = _wrong(link, known, entry, position, previous, stamped=position > rekeyed)
        if wrong is not None:
            return wrong
        previous = link.digest
        if kept is not None and position == kept[0] and previous != kept[1]:
            return Break("the chain was written anew: its digest is not the one that was kept", position, link.entry_id)
    return _wrong_end(head, position, previous, kept)


def _wrong(
    link: AuditLink, known: bool, entry: AuditEntry | None, position: int, previous: str, *, stamped: bool
) -> Break | None:
    """What is wrong with the link that should stand at `position` after `previous`, its entry `stamped` by Berth.

    An entry that is `known` and None is there, and cannot be read.
    """
    if link.position != position:
        return Break("the link is missing", position)
    if link.previous != previous:
        return Break("the link was changed", position, link.entry_id)
    if entry is None:
        what = "the entry was changed" if known else "the entry was removed"
        return Break(what, position, link.entry_id)
    if not _agrees(link, entry):
        what = "the link was changed" if chain.stamped(entry) else "the entry was changed"
        return Break(what, position, entry.pk)
    if stamped and not chain.stamped(entry):
        return Break("the entry was written past Berth", position, entry.pk)
    return None


def _wrong_end(head: AuditHead, position: int, previous: str, kept: tuple[int, str] | None) -> Break | None:
    """What is wrong where the links end, at `position` with the digest `previous`."""
    if position < head.position:
        return Break("the link is missing", position + 1)
    if previous != head.digest:
        return Break("the head does not agree with the last link", position)
    if kept is not None and kept[0] > head.position:
        return Break("the end of the chain was cut off", head.position + 1)
    end = AuditHead.objects.order_by("pk").values("position")[:1]  # of this moment: others may have linked meanwhile
    added = AuditLink.objects.filter(Q(position__lt=1) | Q(position__gt=end)).first()
    if added is not None:
        return Break("a link was added past Berth", added.position, added.entry_id)
    if AuditLink.objects.filter(position__lte=head.position).count() != head.position:
        return Break("links before the position to begin with are missing")
    return None


def _agrees(link: AuditLink, entry: AuditEntry) -> bool:
    """Whether the link's digest is that of the entry as it stands, after what the link names as previous."""
    try:
        return link.digest == chain.digest(link.previous, entry)
    except chain.UNREADABLE:
        return False


def _waiting() -> Iterator[tuple[int, AuditEntry | None]]:
    """Numbers of the entries without a place, in order, each with its entry, or None where it cannot be read."""
    first = 0
    while True:
        rows = AuditEntry.objects.filter(link__isnull=True, pk__gte=first).order_by("pk")
        numbers = list(rows.values_list("pk", flat=True)[:BATCH])
        entries = chain.read(numbers) if numbers else {}
        yield from ((number, entries.get(number)) for number in numbers)
        if len(numbers) < BATCH:
            return
        first = numbers[-1] + 1


def _linked(first: int, last: int) -> Iterator[tuple[AuditLink, bool, AuditEntry | None]]:
    """Links in order of position, each with whether its entry is there, and the entry where it can be read."""
    while True:
        links = list(AuditLink.objects.filter(position__gte=first, position__lte=last).order_by("position")[:BATCH])
        entries = chain.read([link.entry_id for link in links if isinstance(link.entry_id, int)]) if links else {}
        for link in links:
            yield link, link.entry_id in entries, entries.get(link.entry_id)
        if len(links) < BATCH:
            return
        first = links[-1].position + 1


def _digest_before(position: int) -> str | None:
    """What the link at `position` must name as previous; None where that link is missing."""
    if position == 1:
        return chain.GENESIS
    return AuditLink.objects.filter(position=position - 1).values_list("digest", flat=True).first()
