"""Whatever is marked `postgresql` once more, on the database of production: its locks, its triggers, its search.

SQLite's are others. One server and one process for all rooms: starting them costs more than most of the tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.prerequisites import INITDB
from tests.processes.stack import Postgres

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ["-m", "pytest", "-q", "-m", "postgresql", "-p", "no:schemathesis", "--ds", "tests.postgresql.settings"]


@pytest.mark.services
@pytest.mark.timeout(600)
@pytest.mark.skipif(not INITDB, reason="PostgreSQL is not installed")
def test_what_depends_on_the_database_holds_on_postgresql() -> None:
    marked = [str(file) for file in (ROOT / "tests").rglob("test_*.py") if "pytest.mark.postgresql" in file.read_text()]
    assert marked
    server = Postgres()
    try:
        done = subprocess.run(
            [sys.executable, *COMMAND, *sorted(set(marked) - {str(Path(__file__).resolve())})],
            cwd=ROOT,
            env={**os.environ, "BERTH_TEST_DATABASE_PORT": str(server.port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=570,
        )
    finally:
        server.remove()
    assert done.returncode == 0, done.stdout[-6000:]
