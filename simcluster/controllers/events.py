"""Events as client-go's recorder writes them: equal ones are counted, similar ones are combined, floods are dropped.

Rules of k8s.io/client-go/tools/record/events_cache.go: the same object, reason and message only raise `count`; after
ten messages of one reason within ten minutes the text becomes `(combined from similar events): …`; each pair of
source and object may write 25 events at once and one more every five minutes.
"""

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from simcluster.clock import Clock
from simcluster.errors import ApiError

SIMILAR_EVENTS = 10
SIMILAR_WITHIN = 600.0
BURST, REFILL_SECONDS = 25, 300.0
KEPT_SERIES = 4096
COMBINED = "(combined from similar events): "


@dataclass
class _Similar:
    messages: set[str] = field(default_factory=set)
    last: float = 0.0


@dataclass
class _Series:
    """Equal events: where they are written (None: nowhere yet) and how many there were."""

    place: tuple[str, str] | None = None
    count: int = 0


@dataclass
class _Bucket:
    tokens: float = BURST
    last: float = 0.0


def reference(obj: dict, field_path: str | None = None) -> dict[str, str]:
    """ObjectReference of an object: what an event calls involvedObject."""
    metadata = obj["metadata"]
    found = {
        "kind": obj.get("kind", ""),
        "namespace": metadata.get("namespace", ""),
        "name": metadata["name"],
        "uid": metadata.get("uid", ""),
        "apiVersion": obj.get("apiVersion", ""),
        "resourceVersion": metadata.get("resourceVersion", ""),
        "fieldPath": field_path or "",
    }
    return {key: value for key, value in found.items() if value}


class Recorder:
    """Writes events of one component (and, for a kubelet, one host)."""

    def __init__(self, store: Any, clock: Clock, component: str, host: str = ""):
        self.store = store
        self.clock = clock
        self.component = component
        self.host = host
        self._series: OrderedDict[tuple, _Series] = OrderedDict()
        self._similar: OrderedDict[tuple, _Similar] = OrderedDict()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def normal(self, obj: dict, reason: str, message: str, field_path: str | None = None) -> None:
        self._record(obj, "Normal", reason, message, field_path)

    def warning(self, obj: dict, reason: str, message: str, field_path: str | None = None) -> None:
        self._record(obj, "Warning", reason, message, field_path)

    def binding(self, obj: dict, message: str) -> None:
        """The scheduler's `Scheduled`: it uses the newer events API, so the older fields stay null."""
        about = reference(obj)
        event = self._event(about, "Normal", "Scheduled", message)
        event.update(
            {
                "action": "Binding",
                "eventTime": self.clock.micro_stamp(),
                "reportingInstance": f"{self.component}-simcluster",
                "source": {},
                "firstTimestamp": None,
                "lastTimestamp": None,
            }
        )
        event.pop("count")
        self._create(event)

    def scheduling_failed(self, obj: dict, message: str) -> None:
        """The scheduler's `FailedScheduling`, in the newer events API's fields."""
        about = reference(obj)
        key = (about["uid"], "FailedScheduling", message)
        if self._recurs(key):
            return
        event = self._event(about, "Warning", "FailedScheduling", message)
        event.update(
            {
                "action": "Scheduling",
                "eventTime": self.clock.micro_stamp(),
                "reportingInstance": f"{self.component}-simcluster",
                "source": {},
                "firstTimestamp": None,
                "lastTimestamp": None,
            }
        )
        event.pop("count")
        self._series[key].place = self._create(event)

    def _recurs(self, key: tuple) -> bool:
        """The newer API counts a repetition in `series`."""
        series = self._seen(key)
        if series.place is None:
            return False
        shown = {"count": series.count, "lastObservedTime": self.clock.micro_stamp()}
        return self.store.modify("events", *series.place, lambda event: event.update(series=shown)) is not None

    def _record(self, obj: dict, kind: str, reason: str, message: str, field_path: str | None) -> None:
        about = reference(obj, field_path)
        shown = self._combine(about, kind, reason, message)
        key = (about.get("uid"), about.get("fieldPath"), kind, reason, shown if shown == message else COMBINED)
        series = self._seen(key)
        if self._flooded(about) or (series.place and self._count(series, shown)):
            return
        event = self._event(about, kind, reason, shown)
        event["count"] = series.count
        series.place = self._create(event)

    def _seen(self, key: tuple) -> _Series:
        series = self._series.setdefault(key, _Series())
        series.count += 1
        self._series.move_to_end(key)
        if len(self._series) > KEPT_SERIES:
            self._series.popitem(last=False)
        return series

    def _event(self, about: dict, kind: str, reason: str, message: str) -> dict[str, Any]:
        now = self.clock.stamp()
        namespace = about.get("namespace") or "default"
        source = {"component": self.component, "host": self.host} if self.host else {"component": self.component}
        return {
            "kind": "Event",
            "apiVersion": "v1",
            "metadata": {"name": f"{about['name']}.{time.time_ns():x}", "namespace": namespace},
            "involvedObject": about,
            "reason": reason,
            "message": message[:1024],
            "source": source,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "count": 1,
            "type": kind,
            "eventTime": None,
            "reportingComponent": self.component,
            "reportingInstance": self.host,
        }

    def _create(self, event: dict) -> tuple[str, str] | None:
        namespace = event["metadata"]["namespace"]
        home = self.store.get("namespaces", None, namespace)
        if home is None or home["metadata"].get("deletionTimestamp"):
            return None
        try:
            self.store.create("events", event)
        except ApiError:
            return None
        return namespace, event["metadata"]["name"]

    def _count(self, series: _Series, message: str) -> bool:
        assert series.place is not None

        def change(event: dict) -> None:
            event["count"] = series.count
            event["lastTimestamp"] = self.clock.stamp()
            event["message"] = message[:1024]

        return self.store.modify("events", *series.place, change) is not None

    def _combine(self, about: dict, kind: str, reason: str, message: str) -> str:
        key = (about.get("uid"), about.get("fieldPath"), kind, reason)
        now = self.clock.elapsed()
        similar = self._similar.get(key)
        if similar is None or now - similar.last > SIMILAR_WITHIN:
            similar = self._similar[key] = _Similar()
        similar.last = now
        if len(similar.messages) < SIMILAR_EVENTS:
            similar.messages.add(message)
            combined = len(similar.messages) >= SIMILAR_EVENTS
        else:
            combined = True
        if len(self._similar) > KEPT_SERIES:
            self._similar.popitem(last=False)
        return COMBINED + message if combined else message

    def _flooded(self, about: dict) -> bool:
        key = f"{about['kind']} {about.get('uid')} {about['name']}"
        now = self.clock.elapsed()
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(last=now)
            if len(self._buckets) > KEPT_SERIES:
                self._buckets.popitem(last=False)
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.last) / REFILL_SECONDS)
        bucket.last = now
        if bucket.tokens < 1:
            return True
        bucket.tokens -= 1
        return False
