"""The database of the demo and of quick tests: SQLite, tuned so that many threads write without "locked"."""

from __future__ import annotations

from pathlib import Path


def database(path: Path | str) -> dict[str, object]:
    """The entry for DATABASES. IMMEDIATE takes the write lock at the start, so that no transaction fails half-way."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON",
        },
    }
