"""One per server process: watches each cluster once, renders what changed once, hands it to all who look.

Hot data (pods, rollouts) comes from the cluster's watch; everything else from the database when a change was announced.
A page costs the API server nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Set
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
import structlog
from channels.layers import get_channel_layer
from django.conf import settings

from cluster import involved, names
from cluster.pruned import Event
from cluster.pulse import Pulse
from cluster.rollout import Rollout, derive
from cluster.watch import Change, Informer
from tenants import clusters
from tenants.live import frames
from tenants.live.events import Changed, Message, team_group
from tenants.live.logs.endings import Endings
from tenants.live.logs.runs import Run, runs
from tenants.live.logs.streams import LogHub
from tenants.live.logs.upstream import Upstream
from tenants.live.topics import fragments, lastlines
from tenants.live.topics.outbox import Outbox, Shown
from tenants.live.topics.pace import Pace
from tenants.live.topics.topic import SharedKey, Topic

log = structlog.get_logger(__name__)

LOOK_AGAIN = 1.0
"""Seconds between two looks at rollouts that go on: "stuck" is the absence of change, of which nothing tells."""
AGE_EVERY = 30
"""Of these looks, so often pages that tell the age of their figures are rendered anew."""
WATCHED = ("Deployment", "ReplicaSet", "Pod", "Event", "PersistentVolumeClaim", "EndpointSlice")
"""Kinds that rollouts and logs are shown from; what else stands in a namespace, the observer tells the database."""

PULSE = "pulse"
"""Key of what a browser is told of its clusters' silence: the newest word counts."""

Place = tuple[str, str, str]
"""(cluster alias, namespace in the cluster, app)."""


class Hub:
    """Informers, topics and logs of this process. All methods are called on one event loop."""

    def __init__(self) -> None:
        self.informers: dict[str, Informer] = {}
        self._pulses: dict[str, Pulse] = {}
        self._endings = Endings(self.informers)
        self.upstream = Upstream(self._endings)
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

    async def start(self) -> None:
        """Opens the watches. Returns at once: pages say "as of" until they are in step."""
        for alias in settings.CLUSTERS:
            pulse = self._pulses[alias] = Pulse(partial(self._tell_pulse, alias))
            changed = partial(self._on_change, alias)
            informer = Informer(clusters.connection(alias), WATCHED, on_change=changed, pulse=pulse)
            self.informers[alias] = informer
            self._tasks.append(asyncio.create_task(informer.run(), name=f"watch {alias}"))
        layer = get_channel_layer()
        if layer is not None:
            self._channel = await layer.new_channel("hub")
            self._tasks.append(asyncio.create_task(self._listen(), name="listen"))
        self._tasks.append(asyncio.create_task(self._mind_time(), name="time"))

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
        silent = self._silence(topic.clusters)
        if silent is not None:
            outbox.put(frames.encode(frames.Stale(silent)), key=PULSE)
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

    def _events(self, place: Place | None) -> list[Event]:
        """The cluster's own words about the app."""
        informer = self.informers.get(place[0]) if place else None
        if place is None or informer is None:
            return []
        _, namespace, app = place
        about = ((event, event.involved_object) for event in informer.objects("Event", namespace))
        return [event for event, subject in about if involved.app_of(subject.kind, subject.name) == app]

    def watch_pods(self, place: Place, changed: Callable[[], None]) -> Callable[[], None]:
        """Calls `changed` when pods of the app come, change or go; answers the way to stop it."""
        self._pod_watchers[place].add(changed)

        def stop() -> None:
            self._pod_watchers[place].discard(changed)
            if not self._pod_watchers[place]:
                self._pod_watchers.pop(place, None)

        return stop

    # -- from the cluster

    def _on_change(self, alias: str, change: Change) -> None:
        place = (alias, change.namespace, fragments.app_of(change))
        if change.kind == "Pod":
            self._endings.told(alias, change)
            for watcher in tuple(self._pod_watchers.get(place, ())):
                watcher()
        if place in self._by_place:
            self._pace.mark(self._by_place[place])

    def _tell_pulse(self, alias: str) -> None:
        """A cluster fell silent or is back: each browser hears how those stand that it looks at."""
        clusters_of: dict[Outbox, set[str]] = defaultdict(set)
        for shown in self._shown.values():
            for outbox in shown.viewers:
                clusters_of[outbox] |= shown.topic.clusters
        for outbox, aliases in clusters_of.items():
            if alias in aliases:
                silent = self._silence(aliases)
                outbox.put(frames.encode(frames.Stale(silent) if silent else frames.Fresh()), key=PULSE)

    def _silence(self, aliases: Set[str]) -> datetime | None:
        """Since when the first of these clusters is silent; None while all are heard."""
        pulses = (self._pulses[alias] for alias in aliases if alias in self._pulses)
        return min((pulse.silent_since for pulse in pulses if pulse.silent_since), default=None)

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
                log.warning("change_not_heard", exc_info=True)
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
        if topic.noun in fragments.PARTIALS and not html:  # gone: said at once, the sockets' rechecks follow
            for outbox in tuple(shown.viewers):
                outbox.put(frames.encode(frames.Refused(topic.name)))
            return
        still = {target: _TIMES.sub("", text) for target, text in html.items()}
        changed = {target: html[target] for target, text in still.items() if shown.html.get(target) != text}
        shown.html.update(still)
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

    async def _mind_time(self) -> None:
        for beat in itertools.count(1):
            await asyncio.sleep(LOOK_AGAIN)
            for shown in self._by_place.values():
                if shown.figures and not shown.figures.settled:
                    self._pace.mark(shown)
            if beat % AGE_EVERY == 0:
                for shown in self._shown.values():
                    if shown.topic.noun in fragments.AGED:
                        self._pace.mark(shown)

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("fragment_not_rendered", exc_info=task.exception())


# What times say grows by itself in the browser: that alone is no news.
_TIMES = re.compile(r"(?<=>)[^<>]*(?=</time>)")


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
