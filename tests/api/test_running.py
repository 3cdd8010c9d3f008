"""The API of a Berth that runs: the documented walk as it stands, and logs as they are written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.browser.demo import Demo, running
from tests.processes.stack import until

ROOT = Path(__file__).resolve().parents[2]
SPEED = 10
README_BEGINS = 3  # the quick start of README.md is the first commands of docs/api.md


def commands(document: str) -> str:
    """All shell blocks of a Markdown file, in order."""
    text = (ROOT / document).read_text()
    return "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))


def told(command: list[str], env: dict[str, str], given: str = "") -> str:
    """What a command prints; it must succeed."""
    done = subprocess.run(
        command, input=given, cwd=ROOT, env=env, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Site:
    """A running demo and alice's token for it."""

    def __init__(self, demo: Demo, folder: Path) -> None:
        self.demo = demo
        database = str(folder / "data" / "berth.sqlite3")
        self.env = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings.dev", "BERTH_DATABASE": database}
        self.v1 = f"{demo.address}/api/v1"
        self.http = requests.Session()
        token = self.manage("issue_token", "alice").strip()
        self.http.headers["Authorization"] = f"Bearer {token}"

    def manage(self, *words: str) -> str:
        return told([sys.executable, "manage.py", *words], self.env)

    def call(self, method: str, address: str, body: Any = None, **options: Any) -> requests.Response:
        answer = self.http.request(method, f"{self.v1}/{address}", json=body, timeout=30, **options)
        assert answer.status_code < 400, answer.text
        return answer

    def carry_out(self, method: str, address: str, body: Any = None) -> None:
        """Makes a change and waits until the cluster holds it."""
        operation = self.call(method, address, body).json()["operation"]
        where = f"{self.demo.address}{operation['url']}"
        until(operation["kind"], lambda: self.http.get(where, timeout=10).json()["done"])
        assert self.http.get(where, timeout=10).json()["state"] == "succeeded"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with running(folder, "--bare", f"--speed={SPEED}") as demo:
        yield Site(demo, folder)


@pytest.fixture(scope="module")
def app(site: Site) -> str:
    """The address of an app that writes a few lines a second in two pods."""
    place = "teams/payments/namespaces/logs"
    site.carry_out("POST", "teams/payments/namespaces", {"name": "logs", "plan": "small"})
    spec = {"name": "web", "image": "registry.example/hello:v1", "replicas": 2, "env": {"LOG_RATE": "20"}}
    site.carry_out("POST", f"{place}/apps", spec)
    return f"{place}/apps/web"


def run(script: str, site: Site) -> str:
    script = script.replace("http://127.0.0.1:8000", site.demo.address)
    script = script.replace(".venv/bin/python", sys.executable)
    return told(["bash", "-euo", "pipefail"], site.env, script)


def test_documented_walk_runs_as_it_stands(site: Site) -> None:
    said = [json.loads(line) for line in run(commands("docs/api.md"), site).splitlines() if line.startswith("{")]
    assert not [answer for answer in said if answer.get("error")]
    states = [answer["state"] for answer in said if "kind" in answer]
    assert states == ["succeeded"] * 13
    assert {"team": "quick", "gone": True, "operations": []} in said


def test_documented_listener_hears_of_a_release(site: Site, app: str) -> None:
    (listener,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/api.md").read_text(), re.MULTILINE | re.DOTALL)
    topic = site.call("GET", app).json()["topic"]
    listener = listener.replace("http://127.0.0.1:8000", site.demo.address).replace("app:1", topic)
    env = {**site.env, "TOKEN": site.manage("issue_token", "alice").strip(), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([sys.executable, "-c", listener], env=env, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        try:
            assert "'state': 'running'" in listening.stdout.readline()
            site.carry_out("POST", f"{app}/releases", {"env": {"LOG_RATE": "21"}})
            assert any("'release': 2" in line for line in listening.stdout)
        finally:
            listening.terminate()


def test_readme_quick_start_runs_as_it_stands(site: Site) -> None:
    said = [json.loads(line) for line in run(commands("README.md"), site).splitlines() if line.startswith("{")]
    assert not [answer for answer in said if answer.get("error")]
    assert said[0]["username"] == "alice"
    assert said[-1]["rollout"]["state"] == "running"


def test_readme_begins_as_the_walk_does(site: Site) -> None:
    assert commands("README.md").splitlines()[:README_BEGINS] == commands("docs/api.md").splitlines()[:README_BEGINS]


def test_last_lines_are_text_with_time_and_pod(site: Site, app: str) -> None:
    answer = site.call("GET", f"{app}/logs?tail=3")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    lines = answer.text.splitlines()
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z web-\S+ .*", line) for line in lines)
    assert len(lines) == 6
    assert lines == sorted(lines, key=lambda line: line[:30])


def test_last_lines_are_json_for_who_asks(site: Site, app: str) -> None:
    answer = site.call("GET", f"{app}/logs?tail=2", headers={"Accept": "application/x-ndjson"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [set(line) for line in lines] == [{"at", "pod", "text"}] * 4


@pytest.mark.parametrize("query", ["tail=2001", "tail=-1", "tail=many", "follow=maybe", "since=1"])
def test_wrong_parameters_are_told_in_json(site: Site, app: str, query: str) -> None:
    answer = site.http.get(f"{site.v1}/{app}/logs?{query}", timeout=10)
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["message"]


def test_followed_lines_come_as_they_are_written(site: Site, app: str) -> None:
    with site.call("GET", f"{app}/logs?tail=0&follow=true", stream=True) as answer:
        lines = [line for line, _ in zip(answer.iter_lines(decode_unicode=True), range(40), strict=False)]
    pods = {line.split(" ")[1] for line in lines if not line.startswith("--")}
    assert len(pods) == 2


def test_followed_log_ends_when_the_token_does(site: Site, app: str) -> None:
    """Within 10 s, docs/security.md says: the right is asked for again every 5 s."""
    token = site.manage("issue_token", "bob", "--title", "short").strip()
    headers = {"Authorization": f"Bearer {token}"}
    mine = requests.get(f"{site.v1}/tokens", headers=headers, timeout=10).json()["results"]
    short = next(one for one in mine if one["name"] == "short")
    with requests.get(f"{site.v1}/{app}/logs?follow=true", headers=headers, stream=True, timeout=30) as answer:
        lines = answer.iter_lines(decode_unicode=True)
        next(lines)
        requests.delete(f"{site.v1}/tokens/{short['id']}", headers=headers, timeout=10)
        revoked = time.monotonic()
        rest = list(lines)
    assert time.monotonic() - revoked < 10
    assert rest[-1] == "-- The right to read this log is gone."


def test_followers_hold_no_database_connection(site: Site, app: str) -> None:
    """Twenty that stay open, and the site still answers at once."""
    open_streams = [site.call("GET", f"{app}/logs?follow=true&tail=1", stream=True) for _ in range(20)]
    try:
        for stream in open_streams:
            next(stream.iter_lines())
        assert site.call("GET", "me").elapsed.total_seconds() < 5
    finally:
        for stream in open_streams:
            stream.close()


def test_two_callers_at_once_make_one_app(site: Site, app: str) -> None:
    place = app.rpartition("/apps/")[0]
    body = {"name": "twice", "image": "registry.example/hello:v1"}
    codes: list[int] = []

    def create() -> None:
        codes.append(site.http.post(f"{site.v1}/{place}/apps", json=body, timeout=30).status_code)

    both = [threading.Thread(target=create) for _ in range(4)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(codes) == [202, 409, 409, 409]
