"""`manage.py demo --reset` throws its own data away, and nobody else's."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from portal.management.commands.demo import _throw_away

ROOT = Path(__file__).resolve().parents[2]
MADE = ("berth.sqlite3", "berth.sqlite3-wal", "cluster.state", "cluster.state-shm", "kubeconfig")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As a demo left it."""
    for name in MADE:
        (tmp_path / name).write_text("")
    return tmp_path


def test_what_a_demo_left_goes(folder: Path) -> None:
    _throw_away(folder)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", ["thesis.txt", "berth.sqlite3.bak", "kubeconfig.yaml"])
def test_a_folder_with_a_file_of_somebody_s_is_left_alone(folder: Path, name: str) -> None:
    (folder / name).write_text("years of work")
    with pytest.raises(CommandError, match=re.escape(name)):
        _throw_away(folder)
    assert {file.name for file in folder.iterdir()} == {*MADE, name}


def test_a_folder_with_folders_is_left_alone(folder: Path) -> None:
    (folder / "cluster.state-wal").mkdir()
    with pytest.raises(CommandError, match=r"cluster\.state-wal"):
        _throw_away(folder)
    assert (folder / "berth.sqlite3").exists()


def test_make_starts_the_named_demo_afresh() -> None:
    """What `make demo` takes to name a demo, `make demo-reset` takes, too."""
    said = subprocess.run(
        ["make", "--dry-run", "--assume-old", ".venv/run", "demo-reset", "DATA=mine", "CLUSTER=theirs", "PORT=8003"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    assert "demo --reset --port 8003 --cluster theirs --data mine" in said
