"""The main job as a script does it: a team's namespace, volume, secret and app, from nothing to nothing again.

Every change goes through one Berth and is watched through another: two web processes, or the same one twice. Each step
is a method, so that a test can look at the cluster between them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest

from tests.processes.script import Berth, Json, Refused, Socket

IMAGE = "10.89.0.1:5000/hello"
CONDITIONS = {"Namespace", "Quota", "Limits", "NetworkPolicy", "PodSecurity", "Rights"}


@dataclass
class MainJob:
    """`password` is the value of a secret that must be seen nowhere but in the cluster."""

    berth: Berth
    watching: Berth
    team: str
    password: str
    namespace: str = "dev"
    app: str = "web"

    @property
    def home(self) -> str:
        return f"teams/{self.team}/namespaces/{self.namespace}"

    @property
    def page(self) -> str:
        return f"/t/{self.team}/n/{self.namespace}/apps/{self.app}/"

    def run(self) -> None:
        """All of it."""
        self.make_namespace()
        self.make_parts()
        self.deploy()
        self.read_logs()
        self.change()
        self.roll_back()
        self.clean_up()

    def make_namespace(self) -> Json:
        """A team and a namespace whose every part the cluster confirms."""
        self.berth.post("teams", {"name": self.team.capitalize(), "slug": self.team})
        self.berth.follow(self.berth.post(f"teams/{self.team}/namespaces", {"name": self.namespace, "plan": "small"}))
        found = self.watching.until(self.home, lambda namespace: bool(namespace["ready"]))
        assert {condition["type"] for condition in found["conditions"]} == CONDITIONS
        return found

    def make_parts(self) -> None:
        """A volume and a secret of two keys, whose values no answer repeats."""
        volume = self.berth.post(f"{self.home}/volumes", {"name": "files", "size": "1 GiB"})
        secret = self.berth.post(
            f"{self.home}/secrets", {"name": "login", "values": {"USER": "berth", "PASSWORD": self.password}}
        )
        self.berth.follow(secret)
        self.berth.follow(volume)
        shown = self.watching.get(f"{self.home}/secrets/login")
        assert shown["keys"] == {"USER": 1, "PASSWORD": 1}
        assert self.password not in str(shown)

    def deploy(self) -> list[Json]:
        """The first release, with volume and secret mounted; answers what a viewer of its page was told."""
        spec: Json = {
            "name": self.app,
            "image": f"{IMAGE}:v1",
            "port": 8080,
            "replicas": 2,
            "cpu": "20m",
            "memory": "32 MiB",
            "env": {"GREETING": "good day", "LOG_RATE": "5"},
            "secret_env": {"PASSWORD": {"secret": "login", "key": "PASSWORD"}},
            "secret_files": [{"secret": "login", "path": "/secrets/login"}],
            "volumes": [{"volume": "files", "path": "/data"}],
            "health": {"kind": "http", "path": "/ready", "period": 1, "start_seconds": 30},
        }
        accepted = self.berth.post(f"{self.home}/apps", spec)
        return self._watched(accepted, release=1)

    def read_logs(self) -> list[Json]:
        """Lines of both pods as they are written, after those from before; answers all that was told."""
        number = int(self.watching.topic(self.page).partition(":")[2])
        with self.watching.socket("/ws/logs/") as logs:
            logs.say(type="open", app=number, tail=50)
            heard = logs.until(lambda message: message["type"] == "live", 60)
            fresh: Counter[str] = Counter()

            def followed(message: Json) -> bool:
                if message["type"] == "lines":
                    fresh[message["source"]] += len(message["lines"])
                return len(fresh) == 2 and min(fresh.values()) >= 5

            return heard + logs.until(followed, 60)

    def change(self) -> list[Json]:
        """The second release: another image and another greeting, the rest kept."""
        accepted = self.berth.post(
            f"{self.home}/apps/{self.app}/releases",
            {"image": f"{IMAGE}:v2", "env": {"GREETING": "good evening", "LOG_RATE": "5"}, "expected": 1},
        )
        assert {change["field"] for change in accepted["release"]["changes"]} == {"image", "env.GREETING"}
        return self._watched(accepted, release=2)

    def roll_back(self) -> list[Json]:
        """To the first release, which becomes the third."""
        accepted = self.berth.post(f"{self.home}/apps/{self.app}/rollback", {"number": 1})
        assert accepted["release"]["rolled_back_to"] == 1
        told = self._watched(accepted, release=3)
        ledger = self.watching.get(f"{self.home}/apps/{self.app}/releases")["results"]
        assert [(row["number"], row["worked"]) for row in ledger] == [(3, True), (2, True), (1, True)]
        assert ledger[0]["spec"] == ledger[2]["spec"]
        return told

    def clean_up(self) -> None:
        """App, secret and volume, then the namespace and with it the team; each asks for its name."""
        with pytest.raises(Refused) as refused:
            self.berth.delete(f"{self.home}/apps/{self.app}", confirm="wrong")
        assert (refused.value.status, refused.value.code) == (422, "not_confirmed")
        for path in (f"apps/{self.app}", "secrets/login", "volumes/files"):
            accepted = self.berth.delete(f"{self.home}/{path}", confirm=path.partition("/")[2])
            self.berth.follow(accepted)
            self.watching.until_gone(f"{self.home}/{path}")
        self.berth.follow(self.berth.delete(self.home, confirm=self.namespace))
        self.watching.until_gone(self.home)
        self.berth.delete(f"teams/{self.team}", confirm=self.team)
        self.watching.until_gone(f"teams/{self.team}")

    def _watched(self, accepted: Json, *, release: int) -> list[Json]:
        """Follows a release by its operation on one side, and on the other's socket until it is all there."""
        with self.watching.socket("/ws/live/") as live:
            live.say(type="subscribe", topic=self.watching.topic(self.page))
            told = until_finished(live, release)
        self.berth.follow(accepted)
        shown = self.watching.until(
            f"{self.home}/apps/{self.app}", lambda app: app["state"] == "running" and app["serving"] == release
        )
        assert (shown["ready"], shown["wanted"]) == (2, 2)
        return told


def until_finished(live: Socket, release: int, seconds: float = 120) -> list[Json]:
    """What a viewer is told until the rollout of `release` is over and its pods were shown: figures and pictures."""
    shown: set[str] = set()

    def finished(message: Json) -> bool:
        if message["type"] == "fragment":
            shown.add("pods")
        elif message["type"] == "app" and message.get("finished") and int(message.get("release") or 0) == release:
            shown.add("figures")
        return shown == {"pods", "figures"}

    return live.until(finished, seconds)
