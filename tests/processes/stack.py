"""Berth as production runs it, on this machine: PostgreSQL, Redis, two web processes, a Celery worker, an observer.

Everything listens on loopback, on free ports, with data below one temporary folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import redis
import requests

from tests.prerequisites import INITDB, REDIS
from tests.processes import accounts
from tests.processes.script import Berth

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, ready: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Waits for something outside of this process that announces nothing; fails with its name."""
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError, requests.RequestException, redis.RedisError):
            if ready():
                return
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come within {seconds:.0f} s")
        time.sleep(0.05)


class Process:
    """One process of the stack, with its output in a file; it can be killed and started again."""

    def __init__(self, name: str, command: list[str], folder: Path, env: dict[str, str], **options: object) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._command = command
        self._env = env
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._file: IO[bytes] | None = None

    def start(self) -> Process:
        self._file = self.log.open("ab")
        self._process = subprocess.Popen(
            self._command,
            cwd=ROOT,
            env=self._env,
            stdout=self._file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **self._options,  # type: ignore[call-overload]
        )
        return self

    def stop(self, how: signal.Signals = signal.SIGTERM, seconds: float = 15) -> None:
        """Ends the process and all that it started."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)
        self._process = None
        if self._file is not None:
            self._file.close()

    @property
    def pid(self) -> int:
        """Of the process that runs. Raises AttributeError where none does."""
        return self._process.pid  # type: ignore[union-attr]

    def kill(self) -> None:
        """As the kernel would: no goodbye."""
        self.stop(signal.SIGKILL)

    def said(self) -> str:
        return self.log.read_text(errors="replace")


class Postgres:
    """A database cluster of its own. PostgreSQL refuses to run as root, so root runs it as `postgres`."""

    def __init__(self) -> None:
        self.port = free_port()
        # Not below pytest's folder: that is root's alone, and each new session of pytest makes it so again.
        self.home = Path(tempfile.mkdtemp(prefix="berth-postgres-"))
        self.data = self.home / "data"
        self._bin = Path(str(INITDB)).parent
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        self.data.mkdir(mode=0o700)
        if self._user:
            self.home.chmod(0o711)
            shutil.chown(self.data, "postgres", "postgres")
        self._run("initdb", "-D", str(self.data), "-U", "berth", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        # The machine stays up: what was committed is kept without fsync, also when the server is killed.
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync=off "
            "-c full_page_writes=off"
        )
        self._options = options
        self.start()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "berth", "berth")

    @property
    def url(self) -> str:
        return f"postgresql://berth@127.0.0.1:{self.port}/berth"

    def start(self) -> None:
        self._run(
            "pg_ctl", "-D", str(self.data), "-w", "-t", "30", "-l", str(self.data / "log"), "-o", self._options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", str(self.data), "-w", "-m", "immediate", "stop")

    def remove(self) -> None:
        """Stops it for good, with its data."""
        self.stop()
        shutil.rmtree(self.home)

    def dump(self) -> str:
        """All rows as SQL text."""
        program = str(self._bin / "pg_dump")
        return subprocess.run([program, self.url], check=True, capture_output=True, text=True, timeout=60).stdout

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [str(self._bin / program), *arguments],
            check=True,
            cwd="/",
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            **self._user,
        )


class Stack:
    """All of it, against the cluster of one kubeconfig."""

    def __init__(self, folder: Path, clusters: dict[str, dict[str, object]], *, prefix: str = "") -> None:
        self.folder = folder
        self.token = ""
        self.postgres = Postgres()
        redis_port = free_port()
        self.redis_url = f"redis://127.0.0.1:{redis_port}"
        plain = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        server = [str(REDIS), "--port", str(redis_port), "--bind", "127.0.0.1"]
        self.redis = Process(
            "redis",
            [*server, "--dir", str(folder), "--save", "", "--appendonly", "yes"],
            folder,
            plain,
        )
        ports = [free_port(), free_port()]
        self.urls = [f"http://127.0.0.1:{port}" for port in ports]
        self.env = {
            **plain,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGO_SETTINGS_MODULE": "portal.settings.production",
            "BERTH_SECRET_KEY": os.urandom(40).hex(),
            "BERTH_SEAL_KEY": os.urandom(40).hex(),
            "BERTH_INSECURE_HTTP": "true",
            "BERTH_DATABASE_URL": self.postgres.url,
            "BERTH_REDIS_URL": self.redis_url,
            "BERTH_CLUSTERS": json.dumps(clusters),
            "BERTH_NAMESPACE_PREFIX": prefix,
            "BERTH_ALLOWED_HOSTS": "127.0.0.1",
        }
        uvicorn = ["uvicorn", "portal.asgi:application", "--host", "127.0.0.1", "--timeout-graceful-shutdown", "5"]
        uvicorn += ["--ws-per-message-deflate", "false", "--no-proxy-headers", "--no-access-log"]
        self.webs = [
            self._process(
                f"web{number}",
                [*uvicorn, "--port", str(port)],
                BERTH_LIVE="true",
                BERTH_PUBLIC_URL=self.urls[number],
            )
            for number, port in enumerate(ports)
        ]
        celery = ["celery", "-A", "portal", "worker", "--pool", "threads", "--concurrency", "4", "--loglevel", "info"]
        self.worker = self._process("worker", [*celery, "--without-gossip", "--without-mingle", "-n", "worker@test"])
        self.observer = self._process("observer", [PYTHON, "manage.py", "observe"])

    def start(self) -> Stack:
        """Returns when both web processes answer."""
        self.redis.start()
        until("Redis", lambda: bool(redis.Redis.from_url(self.redis_url).ping()))
        self.manage("collectstatic", "--noinput", "--verbosity", "0")
        self.manage("migrate", "--noinput", "--verbosity", "0")
        for process in (*self.webs, self.worker, self.observer):
            process.start()
        self.manage("create_defaults")
        self.token = accounts.make_token(self.manage)
        for url in self.urls:
            until(url, lambda url=url: requests.get(f"{url}/readyz", timeout=2).status_code == 200)  # type: ignore[misc]
        return self

    def script(self, web: int = 0) -> Berth:
        """That web process as a script with a token sees it, and a browser that is signed in."""
        berth = Berth(self.urls[web], self.token)
        berth.sign_in(accounts.NAME, accounts.PASSWORD)
        return berth

    def stop(self) -> None:
        for process in (self.observer, self.worker, *self.webs, self.redis):
            process.stop()
        self.postgres.remove()

    def manage(self, *arguments: str, stdin: str = "") -> str:
        """`manage.py` in production's settings; answers what it printed."""
        done = subprocess.run(
            [PYTHON, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.env, "BERTH_PUBLIC_URL": self.urls[0]},
            input=stdin,
            text=True,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def said(self) -> str:
        """All logs, for a failing test to show."""
        return "\n".join(
            f"--- {p.name}\n{p.said()[-3000:]}" for p in (*self.webs, self.worker, self.observer) if p.log.exists()
        )

    def _process(self, name: str, command: list[str], **more: str) -> Process:
        program = command[0] if "/" in command[0] else str(Path(PYTHON).parent / command[0])
        environment = {**self.env, "BERTH_PUBLIC_URL": self.urls[0], **more}
        return Process(name, [program, *command[1:]], self.folder, environment)


@contextlib.contextmanager
def running(folder: Path, clusters: dict[str, dict[str, object]], *, prefix: str = "") -> Iterator[Stack]:
    """A stack that is stopped at the end whatever happens."""
    stack = Stack(folder, clusters, prefix=prefix)
    try:
        yield stack.start()
    finally:
        stack.stop()
