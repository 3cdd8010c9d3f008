"""What runs in a container: programs that print, answer probes, stop politely or crash, and cost nothing when idle.

`Hello` takes the environment and arguments of the test image's web server: START_DELAY, STOP_DELAY, NOT_READY,
CRASH_AFTER, LOG_RATE, EAT_MIB, ERROR_PERCENT, GREETING, PORT; `hello count N RATE`; `hello exit CODE TEXT`.
"""

import asyncio
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from simcluster.clock import Clock

KILLED = 137
TICK = 0.05
BURST_LINES = 500
OWN_MIB = 6
FOREVER = 1 << 40
UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


@dataclass(frozen=True)
class Setting:
    """What a program starts with. `write` takes lines for the container's log; memory is in bytes, None: no limit."""

    args: tuple[str, ...]
    env: dict[str, str]
    uid: int
    clock: Clock
    write: Callable[[str], None]
    version: str = "v1"
    memory: int | None = None
    hostname: str = ""
    files: dict[str, str] = field(default_factory=dict)


class Process:
    """One run of a program. `ended(code, oom)` is called once, and never from within start()."""

    def __init__(self, setting: Setting, ended: Callable[[int, bool], None]):
        self.setting = setting
        self.clock = setting.clock
        self._ended = ended
        self._timers: list[asyncio.TimerHandle] = []
        self.running = True

    def start(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        """SIGTERM. A program without a handler ignores it, as process 1 of a container does."""

    def kill(self) -> None:
        self.finish(KILLED)

    def request(self, port: int, path: str) -> int | None:
        """The status of an HTTP GET; None: connection refused."""
        return None

    def listens(self, port: int) -> bool:
        return False

    def notes_requests(self, path: str) -> bool:
        """Whether a request leaves a trace, so that a probe may not be left out."""
        return False

    def after(self, seconds: float, call: Callable[[], None]) -> None:
        self._timers = [timer for timer in self._timers if not timer.cancelled() and timer.when() > _now()]
        self._timers.append(self.clock.call_later(seconds, call))

    def finish(self, code: int, *, oom: bool = False) -> None:
        if not self.running:
            return
        self.running = False
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._ended(code, oom)


class Hello(Process):
    """The test image's web server."""

    def __init__(self, setting: Setting, ended: Callable[[int, bool], None]):
        super().__init__(setting, ended)
        self.port = number(setting.env.get("PORT", "")) or 8080
        self._serving = False
        self._stopping = False

    def start(self) -> None:
        args = self.setting.args
        if len(args) == 4 and args[1] == "count":
            self._count(number(args[2]), number(args[3]), then=lambda: self.finish(0))
        elif len(args) >= 3 and args[1] == "exit":
            self.setting.write(" ".join(args[3:]))
            self.after(0.01, lambda: self.finish(number(args[2]) & 0xFF))
        else:
            self.setting.write(f"hello {self.setting.version} starting as uid {self.setting.uid}")
            self.after(duration(self._env("START_DELAY")) or 0.01, self._serve)

    def stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        if not self._serving:
            self.finish(2)
            return
        self.setting.write("hello: stopping")
        self.after(duration(self._env("STOP_DELAY")) or 0.01, lambda: self.finish(0))

    def request(self, port: int, path: str) -> int | None:
        if not self.listens(port):
            return None
        where = path.partition("?")[0] or "/"
        if where == "/ready":
            return 503 if self._env("NOT_READY") == "1" else 200
        if where == "/live" or where.startswith("/env/"):
            return 200
        if where in ("/read", "/write", "/get"):
            return 502
        self.setting.write(f"request GET {where}")
        unlucky = random.randrange(100) < number(self._env("ERROR_PERCENT"))  # noqa: S311 - chance, no secret
        return 500 if unlucky else 200

    def listens(self, port: int) -> bool:
        return self._serving and self.running and port == self.port

    def notes_requests(self, path: str) -> bool:
        where = path.partition("?")[0] or "/"
        known = where in ("/ready", "/live", "/read", "/write", "/get") or where.startswith("/env/")
        return not known

    def _env(self, name: str) -> str:
        return self.setting.env.get(name, "")

    def _serve(self) -> None:
        crash = duration(self._env("CRASH_AFTER"))
        if crash > 0:
            self.after(crash, self._crash)
        eaten = number(self._env("EAT_MIB"))
        if self.setting.memory is not None and eaten > 0 and (eaten + OWN_MIB) << 20 > self.setting.memory:
            self.after(0.1, lambda: self.finish(KILLED, oom=True))
            return
        rate = number(self._env("LOG_RATE"))
        if rate > 0:
            self._count(FOREVER, rate, then=lambda: None)
        self._serving = True
        self.setting.write(f"hello: listening on :{self.port}")

    def _crash(self) -> None:
        self.setting.write("hello: crashing, as asked by CRASH_AFTER")
        self.finish(1)

    def _count(self, total: int, rate: int, then: Callable[[], None]) -> None:
        """Numbered lines, at `rate` a simulated second or (0) as fast as the loop allows."""
        began = self.clock.elapsed()
        done = 0

        def step() -> None:
            nonlocal done
            due = total if rate == 0 else min(total, int((self.clock.elapsed() - began) * rate + 1e-6))
            end = min(due, done + BURST_LINES) if rate == 0 else due
            if end > done:
                self.setting.write("\n".join([f"line {i}" for i in range(done + 1, end + 1)]))
                done = end
            if done >= total:
                self.after(0.001, then)
            elif rate == 0:
                self.after(0.0, step)
            else:
                self.after(max(TICK * self.clock.speed, (done + 1) / rate - (self.clock.elapsed() - began)), step)

        self.after(0.001 if rate == 0 else 1 / rate, step)


def duration(text: str) -> float:
    """Seconds of a Go duration (`1m30s`, `250ms`); 0 for what is none."""
    parts = re.findall(r"([0-9]*\.?[0-9]+)(ns|us|µs|ms|s|m|h)", text)
    if "".join(amount + unit for amount, unit in parts) != text:
        return 0.0
    return sum(float(amount) * UNITS[unit] for amount, unit in parts)


def number(text: str) -> int:
    """As Go's strconv.Atoi with its error ignored."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else 0


def _now() -> float:
    return asyncio.get_running_loop().time()
