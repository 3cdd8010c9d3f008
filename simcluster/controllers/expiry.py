"""Events live for an hour after they were last seen, as the API server's --event-ttl has it."""

import asyncio
from datetime import UTC, datetime

from simcluster.store import Store

LIFETIME = 3600.0
ROUND = 300.0


async def expire_events(store: Store) -> None:
    """Until canceled: every five minutes of the wall clock, drop what is older than an hour."""
    while True:
        drop_old_events(store, datetime.now(UTC))
        await asyncio.sleep(ROUND)


def drop_old_events(store: Store, now: datetime) -> None:
    for event in store.list("events"):
        if (now - _last_seen(event)).total_seconds() > LIFETIME:
            store.remove("events", event["metadata"]["namespace"], event["metadata"]["name"])


def _last_seen(event: dict) -> datetime:
    stamps = [
        (event.get("series") or {}).get("lastObservedTime"),
        event.get("lastTimestamp"),
        event.get("eventTime"),
        event["metadata"]["creationTimestamp"],
    ]
    return datetime.fromisoformat(next(stamp for stamp in stamps if stamp))
