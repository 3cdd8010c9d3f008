"""The tests of this room once more, on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.prerequisites import INITDB
from tests.processes.stack import Postgres

HERE = Path(__file__).resolve()
PORT = "BERTH_TEST_DATABASE_PORT"


@pytest.mark.services
@pytest.mark.timeout(600)
@pytest.mark.skipif(PORT in os.environ, reason="this is that run")
@pytest.mark.skipif(not INITDB, reason="PostgreSQL is not installed")
def test_all_of_it_holds_on_postgresql() -> None:
    server = Postgres()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "--ds", "tests.audit.postgresql_settings", str(HERE.parent)],
            cwd=HERE.parents[2],
            env={**os.environ, PORT: str(server.port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=570,
        )
    finally:
        server.remove()
    assert done.returncode == 0, done.stdout[-6000:]
