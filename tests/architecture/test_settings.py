"""Settings fail loudly, and production's are accepted by Django's own deployment check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from portal import embedded

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "BERTH_SECRET_KEY": "k3y-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
    "BERTH_SEAL_KEY": "s3al-" + "abcdefghijklmnopqrstuvwxyz0123456789" * 2,
    "BERTH_PUBLIC_URL": "https://berth.example",
    "BERTH_DATABASE_URL": "postgresql://berth:secret@db.example/berth",
    "BERTH_REDIS_URL": "redis://redis.example:6379",
    "BERTH_CLUSTERS": '{"default": {"title": "harbor-1", "in_cluster": true}}',
}


def manage(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    """`manage.py` with production's settings; a change of None leaves the variable out."""
    return python("-W", "error::RuntimeWarning", "manage.py", *arguments, **changes)


def start(**changes: str | None) -> subprocess.CompletedProcess[str]:
    """What every process does first: it reads its settings."""
    return python("-c", "from django.conf import settings; settings.INSTALLED_APPS", **changes)


def python(*arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in {**GOOD, **changes}.items() if value is not None}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        text=True,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_check_deploy_is_silent() -> None:
    done = manage("check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_migrations_are_complete() -> None:
    done = manage("makemigrations", "--check", "--dry-run", DJANGO_SETTINGS_MODULE="portal.settings.test")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [name for name in GOOD if name.startswith("BERTH_")])
def test_a_missing_setting_stops_the_start(name: str) -> None:
    done = start(**{name: None})
    assert done.returncode != 0
    assert f"Set {name} " in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("BERTH_SECRET_KEY", "short", "too weak"),
        ("BERTH_SEAL_KEY", "a" * 60, "too weak"),
        ("BERTH_PUBLIC_URL", "http://berth.example", "must be https"),
        ("BERTH_PUBLIC_URL", "berth.example", "not an address"),
        ("BERTH_ALLOWED_HOSTS", "*", "must name hosts"),
        ("BERTH_DATABASE_URL", "sqlite:///x", "postgresql://"),
        ("BERTH_CLUSTERS", "{", "not JSON"),
        ("BERTH_CLUSTERS", "{}", 'named "default"'),
        ("BERTH_CLUSTERS", '{"default": {"kubeconfg": "x"}}', "unknown keys"),
        ("BERTH_CLUSTERS", '{"default": {"server": "http://10.0.0.1"}}', "simulated"),
        ("BERTH_EMAIL_TLS", "perhaps", "write true or false"),
        ("BERTH_TRUSTED_PROXIES", "-1", "at least 0"),
        ("BERTH_MAX_TEAMS_PER_PERSON", "0", "at least 1"),
        ("BERTH_MAX_TEAMS_PER_PERSON", "many", "whole number"),
        ("BERTH_REQUIRE_MFA", "everybody", "takes owners, staff"),
    ],
)
def test_a_bad_setting_stops_the_start(name: str, value: str, says: str) -> None:
    done = start(**{name: value})
    assert done.returncode != 0
    assert says in done.stderr


def test_a_setting_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(GOOD["BERTH_SECRET_KEY"] + "\n")
    done = start(BERTH_SECRET_KEY=None, BERTH_SECRET_KEY_FILE=str(file))
    assert done.returncode == 0, done.stderr


def test_the_demo_believes_no_forwarded_address() -> None:
    """No proxy stands before it, so a caller who names another address each time would pass every rate limit."""
    assert embedded.server_config(host="127.0.0.1", port=0).proxy_headers is False


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: c
clusters: [{name: c, cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: %s}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
"""


@pytest.mark.parametrize(("insecure", "code"), [("true", 1), ("false", 0)])
def test_check_deploy_asks_for_the_clusters_certificate(tmp_path: Path, insecure: str, code: int) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(KUBECONFIG % insecure)
    clusters = json.dumps({"default": {"kubeconfig": str(file)}})
    done = manage("check", "--deploy", "--fail-level", "WARNING", BERTH_CLUSTERS=clusters)
    assert done.returncode == code, done.stderr
    assert ("berth.E001" in done.stderr) is bool(code)
