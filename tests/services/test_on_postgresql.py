"""What happens at once, on the database of production: its locks and its isolation are not SQLite's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.prerequisites import INITDB
from tests.processes.stack import Postgres

ROOT = Path(__file__).parents[2]
RACES = [str(ROOT / "tests" / room / "test_races.py") for room in ("services", "quota")]


@pytest.mark.services
@pytest.mark.timeout(300)
@pytest.mark.skipif(not INITDB, reason="PostgreSQL is not installed")
def test_races_end_alike_on_postgresql() -> None:
    server = Postgres()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--ds", "tests.audit.postgresql_settings", *RACES],
            cwd=ROOT,
            env={**os.environ, "BERTH_TEST_DATABASE_PORT": str(server.port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=280,
        )
    finally:
        server.remove()
    assert done.returncode == 0, done.stdout[-6000:]
