"""Log lines as scripts read them: where they come from, and how each is written."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import msgspec
import orjson

from cluster import errors, logs
from tenants import clusters
from tenants.live import events, frames
from tenants.live.guard import RECHECK
from tenants.live.hub import Hub
from tenants.live.logs.messages import OpenLogs
from tenants.live.logs.places import Places
from tenants.live.logs.runs import Run
from tenants.live.logs.view import LogView
from tenants.models import App

AT_ONCE = 8
"""Pods whose logs one call reads side by side."""
MOST = 32 << 20
"""Characters that one call holds, all pods together: 50 pods' 2000 lines of 16 KiB would be 1.6 GiB."""
LOST = {"notice": "The right to read this log is gone."}

_COLORS = re.compile(r"\x1b\[[0-9;:]*m")
# Whatever else moves a terminal's cursor, sets its title or turns the direction of writing.
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_decoder = msgspec.json.Decoder(frames.Lines)

Line = Mapping[str, Any]
"""{"at", "pod", "text", "cut"}, or {"notice", "pod"} for what is said beside the lines: a gap, an end."""
Write = Callable[[Line], bytes]


def as_json(line: Line) -> bytes:
    """One line of JSON. The text is as the container wrote it."""
    return orjson.dumps(line) + b"\n"


def as_text(line: Line) -> bytes:
    """`2026-07-01T09:30:00.123456789Z checkout-7f9c-tz8vd text`, without colors; what would move a terminal is “�”."""
    if "notice" in line:
        return f"-- {line.get('pod', '')} {line['notice']}\n".replace("--  ", "-- ").encode()
    text = _CONTROLS.sub("\ufffd", _COLORS.sub("", line["text"]))
    cut = f" … ({line['cut']} bytes more)" if line.get("cut") else ""
    return f"{line['at']} {line['pod']} {text}{cut}\n".encode()


async def last(places: Places, runs: list[Run], tail: int, *, user: int, team: int) -> list[Line]:
    """The last `tail` lines of each run until now, by time; fewer of a run whose lines are too long for its share.

    Each stream takes one of the team's `places` while it is read. Raises cluster.errors.Unavailable and places.Full.
    """
    side_by_side = asyncio.Semaphore(AT_ONCE)
    share = MOST // max(len(runs), 1)

    async def read(run: Run) -> Iterable[tuple[int, Line]]:
        async with side_by_side:
            with places.reading(user=user, team=team, node=run.node):
                return await _read(run, tail, share)

    try:
        async with asyncio.TaskGroup() as group:
            reading = [group.create_task(read(run)) for run in runs]
    except ExceptionGroup as failed:  # the others were cancelled for the first
        raise failed.exceptions[0] from failed
    pairs = (pair for task in reading for pair in task.result())
    return [line for _, line in sorted(pairs, key=lambda pair: pair[0])]


async def _read(run: Run, tail: int, share: int) -> Iterable[tuple[int, Line]]:
    """(Unix nanoseconds, line) of the last lines of a run, of at most `share` characters."""
    key, size, left_out = run.key, 0, 0
    found: deque[tuple[int, Line]] = deque()
    lines = logs.follow(
        clusters.connection(key.cluster), key.namespace, key.pod, key.container, tail=tail, follow=False
    )
    try:
        async for one in lines:
            found.append((one.ns, _line(one.ns, key.pod, one.text, one.cut)))
            size += len(one.text)
            while size > share and len(found) > 1:
                size -= len(found.popleft()[1]["text"])
                left_out += 1
    except (errors.NotFound, errors.Refused) as error:
        found.append((found[-1][0] if found else 0, {"notice": error.message, "pod": key.pod}))
    if left_out:
        why = f"{left_out} older lines are left out: the lines are long. Follow the log to have all that comes."
        found.appendleft((found[0][0], {"notice": why, "pod": key.pod}))
    return found


async def follow(
    hub: Hub, app: App, *, user: int, tail: int, may_read: Callable[[], Awaitable[bool]]
) -> AsyncIterator[Line]:
    """Lines as they are written, for ever, or until `may_read` says no.

    It is asked first, at once when a right of the user's changed, and every few seconds.
    """
    async with events.rights_changed(user) as changed:
        lines = _follow(hub, app, changed, user=user, tail=tail, may_read=may_read)
        async with aclosing(lines):
            async for line in lines:
                yield line


async def _follow(
    hub: Hub, app: App, changed: asyncio.Event, *, user: int, tail: int, may_read: Callable[[], Awaitable[bool]]
) -> AsyncGenerator[Line, None]:
    if not await may_read():
        yield LOST
        return
    clock = asyncio.get_running_loop().time
    view = LogView(hub, app, user=user, message=OpenLogs(app=app.pk, tail=tail))
    messages = view.frames(asyncio.Queue())
    names: dict[str, str] = {}
    coming: asyncio.Task[Any] | None = None
    asked = clock()
    heard = asyncio.ensure_future(changed.wait())
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(messages))
            left = max(0.0, asked + RECHECK - clock())
            await asyncio.wait({coming, heard}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            if heard.done() or clock() >= asked + RECHECK:
                asked = clock()
                if heard.done():
                    changed.clear()
                    heard = asyncio.ensure_future(changed.wait())
                if not await may_read():
                    yield LOST
                    return
            if coming.done():
                message, coming = coming.result(), None
                for line in _lines(message, names):
                    yield line
    finally:
        heard.cancel()
        if coming is not None:
            coming.cancel()
        view.close()


def _lines(message: frames.Message | str, names: dict[str, str]) -> Iterator[Line]:
    """A message of a log view as lines; `names` remembers which source is which pod."""
    if isinstance(message, str):
        lines = _decoder.decode(message)
        for ns, text, cut in lines.lines:
            yield _line(int(ns), names.get(lines.source, ""), text, cut)
    elif isinstance(message, frames.Pods):
        names.update({pod.source: pod.name for pod in message.pods})
    elif isinstance(message, frames.Skipped):
        words = f"{message.count} lines were skipped: this reader was too slow."
        yield {"notice": words, "pod": names.get(message.source, "")}
    elif isinstance(message, frames.Gap | frames.Ended):
        yield {"notice": message.why, "pod": names.get(message.source, "")}
    elif isinstance(message, frames.Full):
        words = (
            f"{message.waiting} pods wait for a place. {message.why}" if message.waiting else "No pod waits any more."
        )
        yield {"notice": words, "pod": ""}


def _line(ns: int, pod: str, text: str, cut: int) -> Line:
    line = {"at": _instant(ns), "pod": pod, "text": text}
    return {**line, "cut": cut} if cut else line


def _instant(ns: int) -> str:
    seconds, rest = divmod(ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
