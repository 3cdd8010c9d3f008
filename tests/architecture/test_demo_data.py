"""What a demo keeps: `--reset` throws its own data away and nobody else's, and another version's are not touched."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from portal.management.commands.demo import LOCK, MIGRATIONS, _check_version, _hold, _throw_away

ROOT = Path(__file__).resolve().parents[2]
MADE = ("berth.sqlite3", "berth.sqlite3-wal", "cluster.state", "cluster.state-shm", "kubeconfig", MIGRATIONS)


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


def test_a_second_demo_with_the_same_data_is_refused_and_deletes_nothing(folder: Path) -> None:
    with _hold(folder), pytest.raises(CommandError, match="already"):
        call_command("demo", port=0, data=str(folder), reset=True)
    assert {file.name for file in folder.iterdir()} == {*MADE, LOCK}


def test_data_are_free_again_when_their_demo_has_ended(folder: Path) -> None:
    with _hold(folder):
        pass
    with _hold(folder):
        _throw_away(folder)
    assert [file.name for file in folder.iterdir()] == [LOCK]


def changed(folder: Path, change: Callable[[dict[str, str]], object]) -> None:
    kept = json.loads((folder / MIGRATIONS).read_text())
    change(kept)
    (folder / MIGRATIONS).write_text(json.dumps(kept))


def test_a_second_start_takes_what_the_first_one_left(tmp_path: Path) -> None:
    _check_version(tmp_path)
    (tmp_path / "berth.sqlite3").write_text("")
    _check_version(tmp_path)


def test_data_from_before_a_new_migration_are_taken(tmp_path: Path) -> None:
    _check_version(tmp_path)
    (tmp_path / "berth.sqlite3").write_text("")
    changed(tmp_path, lambda kept: kept.popitem())
    _check_version(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda kept: kept.update({"0001_initial": "another"}), id="migration written anew"),
        pytest.param(lambda kept: kept.update({"9999_later": "unknown"}), id="migration of a later version"),
    ],
)
def test_data_of_another_version_are_refused_and_stay(
    tmp_path: Path, change: Callable[[dict[str, str]], object]
) -> None:
    _check_version(tmp_path)
    (tmp_path / "berth.sqlite3").write_text("kept")
    changed(tmp_path, change)
    before = (tmp_path / MIGRATIONS).read_text()
    with pytest.raises(CommandError, match="make demo-reset"):
        _check_version(tmp_path)
    assert (tmp_path / "berth.sqlite3").read_text() == "kept"
    assert (tmp_path / MIGRATIONS).read_text() == before


def test_the_demo_says_in_words_that_data_are_of_another_version(tmp_path: Path) -> None:
    """As a demo before migrations.json left it: a database with tables of its own, and no word of what made them."""
    with closing(sqlite3.connect(tmp_path / "berth.sqlite3")) as database, database:
        database.execute("CREATE TABLE django_migrations (id integer, app text, name text, applied text)")
    command = [sys.executable, "manage.py", "demo", "--port=0", f"--data={tmp_path}"]
    ended = subprocess.run(command, check=False, cwd=ROOT, text=True, capture_output=True, timeout=60)
    assert ended.returncode == 1
    assert "of another version of Berth" in ended.stderr
    assert "make demo-reset" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


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
