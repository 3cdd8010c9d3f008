"""One per server process: watches each cluster once, renders what changed once, hands it to all who look.

Hot data (pods, rollouts) comes from the cluster's watch; everything else from the database when a change was announced.
A page costs the API server nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import msgspec
from channels.layers import get_channel_layer
from django.conf import settings

from cluster import names
from cluster.pruned import Event
from cluster.rollout import Rollout, derive
from cluster.watch import Change, Informer
from tenants import clusters
from tenants.live import fragments, frames, lastlines
from tenants.live.events import Changed, Message, team_group
from tenants.live.logs import LogHub, SourceKey
from tenants.live.outbox import Outbox, Shown
from tenants.live.pace import Pace
from tenants.live.runs import Run, ending, runs
from tenants.live.topics import SharedKey, Topic
from tenants.live.upstream import Upstream

log = logging.getLogger(__name__)

STALE_CHECK = 1.0
WATCHED = ("Deployment", "ReplicaSet", "Pod", "Event", "PersistentVolumeClaim", "EndpointSlice")
"""Kinds that rollouts and logs are shown from; what else stands in a namespace, the observer tells the database."""

Place = tuple[str, str, str]
"""(cluster alias, namespace in the cluster, app)."""


class Hub:
    """Informers, topics and logs of this process. All methods are called on one event loop."""

    def __init__(self) -> None:
        self.informers: dict[str, Informer] = {}
        self.upstream = Upstream(self._ending)
        self.logs = LogHub(self.upstream.lines, self.upstream.since)
        self._shown: dict[SharedKey, Shown] = {}
        self._by_place: dict[Place, Shown] = {}
        self._pod_watchers: dict[Place, set[Callable[[], None]]] = defaultdict(set)
        self._tasks: list[asyncio.Task[None]] = []
        self._renderer = ThreadPoolExecutor(1, thread_name_prefix="live-render")
        self._pace = Pace(self._refresh, self._spawn)
        self._running: set[asyncio.Task[None]] = set()
        self._heard: set[int] = set()
        self._channel = ""
        self.stale_since: dict[str, datetime] = {}

    async def start(self) -> None:
        """Opens the watches. Returns at once: pages say "as of" until they are in step."""
        for alias in settings.CLUSTERS:
            informer = Informer(clusters.connection(alias), WATCHED, on_change=self._on_change(alias))
            self.informers[alias] = informer
            self._tasks.append(asyncio.create_task(informer.run(), name=f"watch {alias}"))
        layer = get_channel_layer()
        if layer is not None:
            self._channel = await layer.new_channel("hub")
            self._tasks.append(asyncio.create_task(self._listen(), name="listen"))
        self._tasks.append(asyncio.create_task(self._mind_staleness(), name="staleness"))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.logs.stop()
        for alias in self.informers:
            await clusters.connection(alias).close_aio()
        self._renderer.shutdown(wait=False, cancel_futures=True)

    # -- topics

    async def subscribe(self, topic: Topic, outbox: Outbox) -> None:
        """Adds a viewer and brings it up to now."""
        shown = self._shown.get(topic.shared)
        if shown is None:
            shown = self._shown[topic.shared] = Shown(topic)
            if topic.place:
                self._by_place[topic.place] = shown
        shown.viewers.add(outbox)
        if topic.reads_logs:
            shown.log_readers.add(outbox)
        await self._hear(topic.teams)
        alias = topic.place[0] if topic.place else "default"
        if alias in self.stale_since:
            outbox.put(frames.encode(frames.Stale(self.stale_since[alias])), key="stale")
        await self._refresh(shown, also=outbox)

    def unsubscribe(self, topic: Topic, outbox: Outbox) -> None:
        shown = self._shown.get(topic.shared)
        if shown is None:
            return
        shown.viewers.discard(outbox)
        shown.log_readers.discard(outbox)
        if not shown.viewers:
            del self._shown[topic.shared]
            if topic.place:
                self._by_place.pop(topic.place, None)

    def rollout(self, place: Place) -> Rollout | None:
        """The rollout of an app as this process sees it now; None until the watch is in step or the app is unknown."""
        alias, namespace, app = place
        informer = self.informers.get(alias)
        if informer is None or not informer.synced.is_set():
            return None
        deployment = informer.get("Deployment", namespace, app)
        if deployment is None:
            return None
        return derive(
            app,
            deployment=deployment,
            replicasets=informer.objects("ReplicaSet", namespace),
            pods=informer.objects("Pod", namespace),
            events=informer.objects("Event", namespace),
            claims=informer.objects("PersistentVolumeClaim", namespace),
            endpoints=informer.objects("EndpointSlice", namespace),
            now=datetime.now(UTC),
        )

    def runs(self, place: Place) -> list[Run]:
        """The newest run of each container of the app's pods, oldest pod first."""
        alias, namespace, app = place
        informer = self.informers.get(alias)
        pods = (
            [p for p in informer.objects("Pod", namespace) if p.labels.get(names.LABEL_APP) == app] if informer else []
        )
        pods.sort(key=lambda pod: (pod.metadata.creation_timestamp, pod.name))
        return [run for pod in pods for run in runs(alias, pod)]

    def _ending(self, key: SourceKey) -> str | None:
        """How a run ended; None while it goes on, and while the watch is not in step and cannot tell."""
        informer = self.informers.get(key.cluster)
        if informer is None or not informer.synced.is_set():
            return None
        return ending(key, informer.get("Pod", key.namespace, key.pod))

    def _events(self, place: Place | None) -> list[Event]:
        """The cluster's own words about the app."""
        informer = self.informers.get(place[0]) if place else None
        if place is None or informer is None:
            return []
        _, namespace, app = place
        return [e for e in informer.objects("Event", namespace) if app in fragments.apps_named(e.involved_object.name)]

    def watch_pods(self, place: Place, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed` when pods of the app come, change or go; answers the way to stop it."""
        self._pod_watchers[place].add(changed)

        def stop() -> None:
            self._pod_watchers[place].discard(changed)
            if not self._pod_watchers[place]:
                self._pod_watchers.pop(place, None)

        return stop

    # -- from the cluster

    def _on_change(self, alias: str) -> Callable[[Change], None]:
        def changed(change: Change) -> None:
            for app in fragments.apps_of(change):
                place = (alias, change.namespace or "", app)
                if change.kind == "Pod":
                    for watcher in tuple(self._pod_watchers.get(place, ())):
                        watcher()
                if place in self._by_place:
                    self._pace.mark(self._by_place[place])

        return changed

    # -- from the database

    async def _hear(self, teams: Iterable[int]) -> None:
        layer = get_channel_layer()
        for team in teams:
            if layer is not None and team not in self._heard:
                await layer.group_add(team_group(team), self._channel)
                self._heard.add(team)

    async def _listen(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                event = await layer.receive(self._channel)
                message = msgspec.convert(event["data"], Message)
            except (OSError, msgspec.ValidationError):
                log.warning("a change could not be heard; pages catch up with the next", exc_info=True)
                await asyncio.sleep(1)
                continue
            if isinstance(message, Changed):
                self._announced(message)

    def _announced(self, message: Changed) -> None:
        for shown in list(self._shown.values()):
            if message.team not in shown.topic.teams:
                continue
            own = shown.topic.noun == message.noun and shown.topic.id == message.id
            if own or fragments.concerns(shown.topic, message):
                what = message.what or message.noun
                hint = frames.encode(frames.Changed(shown.topic.name, what))
                for outbox in shown.viewers:
                    outbox.put(hint, key=("changed", shown.topic.name, what))
                self._pace.mark(shown)

    # -- to the browsers

    async def _refresh(self, shown: Shown, *, also: Outbox | None = None) -> None:
        """Renders a topic; sends what differs from the last time to all, everything to `also`."""
        topic = shown.topic
        rollout = self.rollout(topic.place) if topic.place else None
        figures, html = await asyncio.get_running_loop().run_in_executor(
            self._renderer, fragments.render, topic, rollout, self._events(topic.place)
        )
        changed = {target: text for target, text in html.items() if shown.html.get(target) != text}
        shown.html.update(html)
        differs = figures != shown.figures
        shown.figures = figures
        texts = {target: _frame(topic, target, text) for target, text in (html if also else changed).items()}
        numbers = frames.encode(figures) if figures else ""
        for outbox in tuple(shown.viewers):
            if numbers and (differs or outbox is also):
                outbox.put(numbers, key=(topic.name, "figures"))
            for target, text in texts.items():
                if outbox is also or target in changed:
                    outbox.put(text, key=(topic.name, target))
        if shown.log_readers and rollout is not None and topic.place:
            news = await shown.last_lines.look(self.upstream, self.runs(topic.place), rollout.diagnosis)
            text = _frame(topic, lastlines.TARGET, shown.last_lines.html)
            for outbox in shown.log_readers:
                if news or (outbox is also and shown.last_lines.html):
                    outbox.put(text, key=(topic.name, lastlines.TARGET))

    async def _mind_staleness(self) -> None:
        while True:
            await asyncio.sleep(STALE_CHECK)
            for shown in self._by_place.values():
                if shown.figures and not shown.figures.settled:
                    self._pace.mark(shown)  # sentences that depend on time: "stuck" is the absence of change
            for alias, informer in self.informers.items():
                since = _stale_since(informer)
                if since is not None and alias not in self.stale_since:
                    self._tell_all(alias, frames.Stale(since))
                    self.stale_since[alias] = since
                elif since is None and alias in self.stale_since:
                    del self.stale_since[alias]
                    self._tell_all(alias, frames.Fresh())

    def _tell_all(self, alias: str, message: frames.Message) -> None:
        text = frames.encode(message)
        for shown in self._shown.values():
            if shown.topic.place is None or shown.topic.place[0] == alias:
                for outbox in shown.viewers:
                    outbox.put(text, key="stale")

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a live fragment could not be rendered", exc_info=task.exception())


def _stale_since(informer: Informer) -> datetime | None:
    """Since when the cluster has not answered; None while every watch is connected."""
    healths = informer.health().values()
    if all(health.connected for health in healths):
        return None
    heard = [health.last_contact for health in healths if not health.connected and health.last_contact]
    return min(heard) if heard else _STARTED


_STARTED = datetime.now(UTC)


def _frame(topic: Topic, target: str, html: str) -> str:
    return frames.encode(frames.Fragment(topic.name, target, html + ""))  # a plain string of a SafeString


_serving: dict[str, Hub] = {}


def current() -> Hub:
    """The hub of this process. Raises RuntimeError outside a server with sockets."""
    try:
        return _serving["hub"]
    except KeyError:
        raise RuntimeError("this process serves no sockets") from None


def use(hub: Hub | None) -> None:
    """Sets the hub of this process: the server's lifespan does, and tests."""
    if hub is None:
        _serving.clear()
    else:
        _serving["hub"] = hub
