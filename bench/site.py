"""A Berth of our own on a real cluster, driven as a browser drives it: forms with tokens, sockets with cookies."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from websockets.asyncio.client import ClientConnection, connect

from bench.proxy import Proxy
from bench.witness import Kubectl
from tests.prerequisites import INITDB, REDIS
from tests.processes import stack

ROOT = Path(__file__).resolve().parents[1]
IMAGE = os.environ.get("BENCH_IMAGE", "10.89.0.1:5000/hello")
TEAM = "bench"
APP_FORM = {
    "port": "8080",
    "reach": "namespace",
    "size": "custom",
    "cpu": "0.02",
    "memory": "32 MiB",
    "replicas": "1",
    "health_kind": "http",
    "health_path": "/ready",
    "health_period": "1",
    "health_start": "60",
    "pull_secret": "",
    "command": "",
    "args": "",
}


class Browser:
    """Somebody who is signed in."""

    def __init__(self, url: str, who: str = "alice", password: str = "demo") -> None:
        self.url = url
        self._session = requests.Session()
        self.get("/accounts/login/")
        answer = self.post("/accounts/login/", login=who, password=password)
        if "sessionid" not in self._session.cookies:
            raise RuntimeError(f"{who} could not sign in: {answer.status_code}")

    def get(self, path: str) -> str:
        answer = self._session.get(self.url + path, timeout=30)
        answer.raise_for_status()
        return answer.text

    def post(self, path: str, **fields: Any) -> requests.Response:
        """Sends a form. Raises RuntimeError with the page's words when it is not accepted."""
        token = self._session.cookies["csrftoken"]
        answer = self._session.post(
            self.url + path,
            data={"csrfmiddlewaretoken": token, **fields},
            headers={"Referer": self.url + path},
            allow_redirects=False,
            timeout=30,
        )
        if answer.status_code != 302:
            raise RuntimeError(f"POST {path}: {answer.status_code} {_complaints(answer.text)}")
        return answer

    def typed(self, path: str, **fields: Any) -> str:
        """What htmx gets for a form that somebody types in."""
        answer = self._session.post(
            self.url + path,
            data={"csrfmiddlewaretoken": self._session.cookies["csrftoken"], **fields},
            headers={"Referer": self.url + path, "HX-Request": "true"},
            timeout=30,
        )
        answer.raise_for_status()
        return answer.text

    def socket(self, path: str) -> connect:
        """An open socket: `async with browser.socket("/ws/live/") as live`."""
        cookie = "; ".join(f"{c.name}={c.value}" for c in self._session.cookies)
        return connect(
            self.url.replace("http", "ws") + path,
            origin=self.url,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie},
            compression=None,
            max_size=None,
        )


class Site:
    """The running Berth with one namespace of its own, and the cluster's side of it."""

    def __init__(self, url: str, proxy: Proxy, kubectl: Kubectl, proxied: Kubectl) -> None:
        self.proxy = proxy
        self.kubectl = kubectl
        self.proxied = proxied
        self.browser = Browser(url)
        self.place = f"b{secrets.token_hex(3)}"
        self.namespace = f"{TEAM}-{self.place}"
        self.path = f"/t/{TEAM}/n/{self.place}/"

    def settle_in(self) -> None:
        """Makes the team and the namespace; returns when the cluster has confirmed it."""
        self.browser.post("/teams/new", name="Bench", slug=TEAM)
        page = self.browser.get(f"/t/{TEAM}/namespaces/new")
        plans = re.findall(r'name="plan" value="(\d+)"', page)
        self.browser.post(f"/t/{TEAM}/namespaces/new", name=self.place, plan=plans[-1])
        until("the namespace", lambda: "Being prepared" not in self.browser.get(self.path))

    def new_app(self, name: str, **fields: Any) -> None:
        self.browser.post(f"{self.path}apps/new", **self._app_form(name, **fields))

    def typed(self, name: str, **fields: Any) -> str:
        """What the form of a new app says while it is filled in."""
        return self.browser.typed(f"{self.path}apps/new?part=remains", **self._app_form(name, **fields))

    def deploy(self, name: str, image: str) -> None:
        self.browser.post(f"{self.path}apps/{name}/deploy/", image=image, pull_secret="")

    def delete(self, name: str) -> None:
        self.browser.post(f"{self.path}apps/{name}/delete/", confirm=name)

    def topic(self, name: str) -> str:
        """What the app's page subscribes to: "app:12"."""
        found = re.search(r'data-topic="(app:\d+)"', self.browser.get(f"{self.path}apps/{name}/"))
        assert found is not None
        return found[1]

    def _app_form(self, name: str, **fields: Any) -> dict[str, Any]:
        return {"name": name, "namespace": self.place, "image": f"{IMAGE}:v1", **APP_FORM, **fields}

    def number(self, name: str) -> int:
        """The app's number, as sockets name it."""
        return int(self.topic(name).partition(":")[2])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, ready: Callable[[], bool], seconds: float = 60) -> None:
    """Waits for something that announces nothing. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.1)


@contextlib.contextmanager
def running(kubeconfig: Path) -> Iterator[Site]:
    """Berth behind a proxy, with a namespace; all that it made in the cluster is deleted after."""
    kubectl = Kubectl(kubeconfig)
    with TemporaryDirectory() as name, Proxy(*kubectl.server()) as proxy:
        folder = Path(name)
        proxied = kubectl.behind(proxy.port, folder / "kubeconfig")
        site: Site | None = None
        try:
            with (_processes if INITDB and REDIS else _demo)(folder, proxied.kubeconfig) as url:
                site = Site(url, proxy, kubectl, proxied)
                site.settle_in()
                yield site
        finally:
            if site is not None:
                kubectl.run("delete", "namespace", site.namespace, "--ignore-not-found", "--wait=false")


@contextlib.contextmanager
def _processes(folder: Path, kubeconfig: Path) -> Iterator[str]:
    """As in production: PostgreSQL, Redis, web processes, a worker, an observer. Answers the address."""
    with stack.running(folder, {"default": {"title": "bench", "kubeconfig": str(kubeconfig)}}) as parts:
        parts.manage("shell", "-v", "0", "-c", "from portal import seed; seed.base()")
        yield parts.urls[0]


@contextlib.contextmanager
def _demo(folder: Path, kubeconfig: Path) -> Iterator[str]:
    """In one process, as `make demo CLUSTER=…` runs it. Answers the address."""
    port = free_port()
    command = [sys.executable, "manage.py", "demo", "--bare", "--port", str(port), "--data", str(folder)]
    with (folder / "berth.log").open("wb") as log:
        process = subprocess.Popen([*command, "--cluster", str(kubeconfig)], cwd=ROOT, stdout=log, stderr=log)
    try:
        until("Berth", lambda: _answers(f"http://127.0.0.1:{port}/healthz"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()


async def frames(live: ClientConnection) -> Any:
    """The messages of a socket, with the Unix time in nanoseconds and `time.monotonic()` at which each one came."""
    async for text in live:
        yield time.time_ns(), time.monotonic(), json.loads(text)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=1).status_code == 200
    except requests.RequestException:
        return False


def _complaints(page: str) -> str:
    """The words at a form's fields."""
    return "; ".join(re.findall(r'class="b-error">.*?<span>(.*?)</span>', page)) or page[:300]
