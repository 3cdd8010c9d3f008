"""The project's own rules, checked by machines: style, types, direction of imports, templates, migrations, locks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
LONGEST = 330


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=ROOT, text=True, capture_output=True, check=False, timeout=300
    )


def tracked(*patterns: str) -> list[str]:
    """Files that git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        text=True,
        capture_output=True,
        check=True,
    )
    return [name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("lint-imports",),
        ("mypy", "portal", "tenants", "cluster", "simcluster"),
    ],
    ids=["ruff", "format", "imports", "types"],
)
@pytest.mark.timeout(300)
def test_the_checker_has_nothing_to_say(command: tuple[str, ...]) -> None:
    done = run(*command)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_templates_are_formatted() -> None:
    templates = tracked("templates/*.html")
    assert templates
    done = run("djade", "--target-version", "5.2", "--check", *templates)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_has_outgrown_one_idea() -> None:
    files = tracked("*.py", "*.js", "*.html", "*.css")
    own = [f for f in files if "/migrations/" not in f and "/vendor/" not in f and not f.endswith(".min.js")]
    long = {f: n for f in own if (n := (ROOT / f).read_text().count("\n")) > LONGEST}
    assert long == {}


def test_every_requirement_is_pinned() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        lines = [line for line in (ROOT / name).read_text().splitlines() if line and not line.lstrip().startswith("#")]
        assert lines
        assert [line for line in lines if "==" not in line] == []


def test_the_lock_has_what_is_asked_for() -> None:
    asked = {
        line.split("#")[0].split("[")[0].split("~")[0].split(">")[0].split("<")[0].strip().lower()
        for line in (ROOT / "requirements.in").read_text().splitlines()
        if line and not line.startswith("#")
    }
    locked = {line.split("==")[0].split("[")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert asked - locked == set()
