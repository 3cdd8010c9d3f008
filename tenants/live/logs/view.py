"""One person's view of an app's logs: which runs it follows now, and the order in which a socket is told things."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Protocol

from channels.db import database_sync_to_async

from cluster import errors
from tenants.live import frames
from tenants.live.logs.messages import OpenLogs, PreviousLogs
from tenants.live.logs.places import Full
from tenants.live.logs.resume import Token, unseen
from tenants.live.logs.ring import encode
from tenants.live.logs.runs import Run
from tenants.live.logs.streams import LogHub, Source, SourceKey, Viewer
from tenants.live.logs.upstream import Upstream
from tenants.models import App, User

Frame = frames.Message | str
MAX_TAIL = 2_000


class Sights(Protocol):
    """What a view needs of the process's hub."""

    logs: LogHub
    upstream: Upstream

    def runs(self, place: tuple[str, str, str]) -> list[Run]: ...

    def watch_pods(self, place: tuple[str, str, str], changed: Callable[[], None]) -> Callable[[], None]: ...


class LogView:
    """Follows all runs of an app's pods as they come and go."""

    def __init__(self, hub: Sights, app: App, *, user: int, message: OpenLogs) -> None:
        self.app = app
        self._hub = hub
        self._place = (app.namespace.cluster, app.namespace.cluster_name, app.name)
        self._team = app.namespace.team_id
        self._tail = max(0, min(message.tail, MAX_TAIL))
        self._tokens = {token.source: token for token in message.resume}
        self._viewer = Viewer(user=user)
        self._followed: dict[str, SourceKey] = {}
        self._pods_changed = True
        self._place_free = False
        self._said_full, self._waiting = "", 0
        self._stop_watching = hub.watch_pods(self._place, self._on_pods)

    def poke(self) -> None:
        """A command waits."""
        self._viewer.wake.set()

    def close(self) -> None:
        self._stop_watching()
        self._hub.logs.places.leave(self._on_place)
        self._hub.logs.detach(self._viewer)

    async def frames(self, commands: asyncio.Queue[Any]) -> AsyncIterator[Frame]:
        """What to send, in order, for ever."""
        live = False
        while True:
            self._viewer.wake.clear()
            if self._pods_changed:
                self._pods_changed = False
                async for frame in self._follow_pods():
                    yield frame
            elif self._place_free:
                async for frame in self._follow_new(self._hub.runs(self._place)):
                    yield frame
            while not commands.empty():
                command = commands.get_nowait()
                if isinstance(command, PreviousLogs):
                    yield await self._previous(command)
            async for frame in self._drain():
                yield frame
            if not live:
                live = True
                yield frames.Live()
            await self._viewer.wake.wait()

    def _on_pods(self) -> None:
        self._pods_changed = True
        self._viewer.wake.set()

    def _on_place(self) -> None:
        self._place_free = True
        self._viewer.wake.set()

    async def _drain(self) -> AsyncIterator[Frame]:
        """Everything that is new, a frame a source in turn."""
        more = True
        while more:
            more = False
            for message in self._viewer.next_messages():
                more = True
                yield message
                if isinstance(message, frames.Ended):
                    self._leave(message.source)

    async def _follow_pods(self) -> AsyncIterator[Frame]:
        runs = self._hub.runs(self._place)
        yield frames.Pods([run.shown() for run in runs], self._viewers(runs))
        async for frame in self._missed(runs):
            yield frame
        async for frame in self._follow_new(runs):
            yield frame

    async def _follow_new(self, runs: Iterable[Run]) -> AsyncIterator[Frame]:
        """Follows what is not followed yet, as far as there are places; the rest is tried again when one is free."""
        self._place_free = False
        self._hub.logs.places.wait(self._on_place)
        waiting, full = 0, None
        for run in [run for run in runs if run.key.id not in self._followed]:
            token = self._tokens.get(run.key.id)
            try:
                caught_up = await self._hub.logs.attach(
                    self._viewer, run.key, team=self._team, node=run.node, tail=self._tail, token=token
                )
            except Full as error:
                waiting, full = waiting + 1, error
                continue
            self._tokens.pop(run.key.id, None)
            if run.key.restart and token is None and not self._saw_before(run.key):
                times = "once" if run.key.restart == 1 else f"{run.key.restart} times"
                yield frames.Began(run.key.id, f"restarted {times} before this.")
            self._followed[run.key.id] = run.key
            for frame in caught_up:
                yield frame
        if full is None:
            self._hub.logs.places.leave(self._on_place)
        why = await database_sync_to_async(why_full)(full) if full else ""
        if why != self._said_full or (full and waiting != self._waiting):
            self._said_full, self._waiting = why, waiting
            yield frames.Full(waiting, why)

    async def _missed(self, runs: Iterable[Run]) -> AsyncIterator[Frame]:
        """What ended while the browser was away: the rest of the run before, or a gap that is said."""
        current = {(run.key.uid, run.key.container): run.key for run in runs}
        for token in [t for t in self._tokens.values() if t.source not in {run.key.id for run in runs}]:
            del self._tokens[token.source]
            uid, container, *restart = token.source.split("/") if "/" in token.source else (token.source, "")
            now = current.get((uid, container))
            if now is not None and restart == [str(now.restart - 1)]:
                async for frame in self._rest(now, token):
                    yield frame
            else:
                yield frames.Gap(token.source, "ended while this page was away: lines may be missing here.")

    async def _rest(self, now: SourceKey, token: Token) -> AsyncIterator[Frame]:
        try:
            entries = await self._hub.upstream.tail(now, MAX_TAIL, previous=True)
        except errors.ClusterError:
            entries = []
        if not entries:
            yield frames.Gap(token.source, "restarted while this page was away: lines may be missing here.")
            return
        missing = list(unseen(entries, token))
        if missing:
            yield encode(token.source, missing)
        yield frames.Ended(token.source, "restarted while this page was away.")

    async def _previous(self, command: PreviousLogs) -> Frame:
        key = self._followed.get(command.source)
        newest = next((run.key for run in self._hub.runs(self._place) if key and run.key.uid == key.uid), key)
        if newest is None:
            return frames.Gap(command.source, "The container before is gone; its lines are not kept.")
        try:
            entries = await self._hub.upstream.tail(newest, max(1, min(command.lines, MAX_TAIL)), previous=True)
        except errors.ClusterError as error:
            return frames.Gap(command.source, f"The lines before are not kept: {error.message}")
        return frames.Lines(command.source, [(str(e.ns), e.text, e.cut) for e in entries], old=True)

    def _saw_before(self, key: SourceKey) -> bool:
        """Whether an earlier run of the same container was shown, so that its lines need not be offered."""
        return any((k.uid, k.container) == (key.uid, key.container) and k != key for k in self._followed.values())

    def _leave(self, source_id: str) -> None:
        source: Source | None = next((s for s in self._viewer.places if s.key.id == source_id), None)
        if source is not None:
            self._hub.logs.detach(self._viewer, source)

    def _viewers(self, runs: Iterable[Run]) -> int:
        sources = (self._hub.logs.sources.get(run.key) for run in runs)
        return len({self._viewer, *(viewer for source in sources if source for viewer in source.viewers)})


def why_full(full: Full) -> str:
    """Whose places are all taken, and by whom, in words. Reads the database."""
    names = dict(User.objects.filter(pk__in=[user for user, _ in full.holders]).values_list("pk", "username"))
    holders = ", ".join(f"{names.get(user, 'somebody')} ({count})" for user, count in full.holders)
    where = {
        "process": "this server",
        "node": "one node",
        "share": "your team on one node",
        "team": "your team",
        "user": "you",
    }[full.who]
    return f"{full.limit} logs are open at once for {where}, which is the most. They are held by {holders or 'nobody'}."
