"""What browsers are told over sockets: typed messages that refuse unknown fields, each with its `type` as the tag.

docs/architecture.md, Addresses, says what a page does with each of them.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


class Message(msgspec.Struct, forbid_unknown_fields=True, tag=str.lower):
    """Base: the name in small letters is the message's `type`."""


class Fragment(Message):
    """The content of `[data-topic] [data-fragment]`, rendered and escaped."""

    topic: str
    target: str
    html: str


class App(Message):
    """An app's figures, for scripts and tests: the fields of `cluster.rollout.Rollout` of the same names."""

    topic: str
    state: str
    sentence: str
    release: int | None
    ready: int
    wanted: int
    updated: int
    finished: bool
    diagnosis: str | None
    settled: bool  # nothing will change by itself


class Changed(Message):
    """Something of the topic changed that each viewer must fetch with their own rights."""

    topic: str
    what: str


class Notices(Message):
    """How many notices the viewer has not read; 100 stands for more, too."""

    unread: int


class Stale(Message):
    """The cluster does not answer since then: what is shown may be old."""

    since: datetime


class Fresh(Message):
    """The cluster answers again."""


class Refused(Message, omit_defaults=True):
    """The topic (or, without one, the log) is not there for this viewer; or `why` not."""

    topic: str | None = None
    why: str = ""


class Pod(msgspec.Struct, forbid_unknown_fields=True):
    """One run of one container that a log view follows."""

    source: str
    name: str
    short: str
    release: str


class Pods(Message):
    """The runs that are followed now, and how many people read this log on this server."""

    pods: list[Pod]
    viewers: int


class Lines(Message, omit_defaults=True):
    """Lines of one source: [Unix nanoseconds as text, text, bytes cut off]. `old`: from before, not the stream."""

    source: str
    lines: list[tuple[str, str, int]]
    old: bool = False


class Live(Message):
    """What was there before is complete; what follows is new."""


class Skipped(Message, rename={"begin": "from", "end": "to"}):
    """The view was too slow: `count` lines between two instants (Unix nanoseconds as text) were left out."""

    source: str
    count: int
    begin: str
    end: str


class Gap(Message):
    """Lines may be missing here."""

    source: str
    why: str


class Began(Message):
    """This run is not the container's first: the last lines of the one before can be asked for."""

    source: str
    why: str


class Ended(Message):
    """The run is over; a new one of the same container comes as another source."""

    source: str
    why: str


class Full(Message):
    """So many runs wait for a place, and why: who holds the places. 0: none waits any more."""

    waiting: int
    why: str


_encoder = msgspec.json.Encoder()


def encode(message: Message) -> str:
    """The message as it goes over the socket."""
    return _encoder.encode(message).decode()
