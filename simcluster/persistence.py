"""State that survives a restart: every object as a row of SQLite, written behind in batches."""

import asyncio
import sqlite3
from pathlib import Path

import orjson

from simcluster.store import Event, Obj, Store

DELAY = 0.3
"""Seconds between a change and its being written."""

Key = tuple[str, str, str]


class StateFile:
    """One SQLite file. Only the loop's thread uses it; a batch takes a few milliseconds."""

    def __init__(self, path: Path):
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS objects (resource TEXT, namespace TEXT, name TEXT, body BLOB, "
            "PRIMARY KEY (resource, namespace, name)) WITHOUT ROWID"
        )
        self._changed: dict[Key, bytes | None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def load(self, store: Store) -> None:
        """Put everything back as it was; resources that are no longer served are left out."""
        known = set(store.resources())
        for resource, body in self._db.execute("SELECT resource, body FROM objects ORDER BY resource, namespace, name"):
            if resource in known:
                store.load(resource, orjson.loads(body))
        store.forget_history()

    def follow(self, store: Store) -> None:
        """Write what there is now and every change from now on."""
        for resource in store.resources():
            for obj in store.list(resource):
                self._note(resource, obj, orjson.dumps(obj))
        store.listeners.append(self._hear)
        self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._changed:
            return
        changed, self._changed = self._changed, {}
        self._db.execute("BEGIN")
        self._db.executemany(
            "REPLACE INTO objects VALUES (?, ?, ?, ?)",
            [(*key, body) for key, body in changed.items() if body is not None],
        )
        self._db.executemany(
            "DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?",
            [key for key, body in changed.items() if body is None],
        )
        self._db.execute("COMMIT")

    def close(self) -> None:
        self.flush()
        self._db.close()

    def _hear(self, event: Event) -> None:
        self._note(event.resource, event.obj, None if event.type == "DELETED" else event.json)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DELAY, self.flush)

    def _note(self, resource: str, obj: Obj, body: bytes | None) -> None:
        meta = obj["metadata"]
        self._changed[resource, meta.get("namespace") or "", meta["name"]] = body
