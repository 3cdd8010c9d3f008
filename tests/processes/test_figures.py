"""Figures of quota through all processes: true, fresh, put right, and kept by whoever deploys at once."""

from __future__ import annotations

import html
import json
import os
import re
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from threading import Barrier

import pytest
import requests

from simcluster.server import SimCluster
from tests.processes.script import Berth, Json, Refused
from tests.processes.stack import Stack
from tests.processes.witness import Witness

pytestmark = [pytest.mark.services, pytest.mark.timeout(300), pytest.mark.xdist_group("processes")]

IMAGE = "10.89.0.1:5000/hello:v1"
FRESH, HEALED = 1.0, 10.0
"""Seconds: for a figure that changed in the cluster, for a quota that somebody edited."""
CHANGES = 3
_MERGE = {"Content-Type": "application/merge-patch+json"}

Make = Callable[[str, Json], None]
Patch = Callable[[str, Json], None]


@pytest.fixture(scope="module")
def owner(stack: Stack) -> Iterator[Berth]:
    berth = stack.script()
    yield berth
    berth.close()


@pytest.fixture(scope="module")
def team(owner: Berth) -> str:
    slug = f"figures-{secrets.token_hex(3)}"
    owner.post("teams", {"name": slug.capitalize(), "slug": slug})
    return slug


@pytest.fixture
def home(owner: Berth, team: str) -> Iterator[str]:
    """API path of a namespace with what the plan "small" gives: 4 GiB of memory."""
    name = f"n{secrets.token_hex(3)}"
    path = f"teams/{team}/namespaces/{name}"
    owner.follow(owner.post(f"teams/{team}/namespaces", {"name": name, "plan": "small"}))
    owner.until(path, lambda found: bool(found["ready"]))
    yield path
    owner.delete(path, confirm=owner.get(path)["cluster_name"])


@pytest.fixture
def place(owner: Berth, home: str) -> str:
    """Its name in the cluster."""
    return str(owner.get(home)["cluster_name"])


@pytest.fixture
def make(real: str | None, witness: Witness, request: pytest.FixtureRequest, tmp_path: Path, place: str) -> Make:
    """Somebody makes an object of that plural, past Berth; done when the cluster took it."""

    def by_kubectl(plural: str, manifest: Json) -> None:
        file = tmp_path / f"{plural}.json"
        file.write_text(json.dumps(manifest))
        witness.kubectl("create", "-n", place, "-f", str(file))

    def by_hand(plural: str, manifest: Json) -> None:
        simulated: SimCluster = request.getfixturevalue("simulated")
        answer = requests.post(f"{simulated.url}/api/v1/namespaces/{place}/{plural}", json=manifest, timeout=10)
        assert answer.status_code == 201, answer.text

    return by_kubectl if real else by_hand


@pytest.fixture
def patch(real: str | None, witness: Witness, request: pytest.FixtureRequest, place: str) -> Patch:
    """Somebody edits the ResourceQuota of that name, past Berth."""

    def by_kubectl(name: str, change: Json) -> None:
        witness.kubectl("patch", "resourcequota", name, "-n", place, "--type", "merge", "-p", json.dumps(change))

    def by_hand(name: str, change: Json) -> None:
        simulated: SimCluster = request.getfixturevalue("simulated")
        path = f"{simulated.url}/api/v1/namespaces/{place}/resourcequotas/{name}"
        answer = requests.patch(path, data=json.dumps(change), headers=_MERGE, timeout=10)
        assert answer.status_code == 200, answer.text

    return by_kubectl if real else by_hand


def service(name: str) -> Json:
    ports = [{"port": 80}]
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": {"ports": ports}}


def pod(memory: str) -> Json:
    """As Pod Security wants it; what it takes counts from its admission on, whether or not a node has room."""
    size = {"cpu": "10m", "memory": memory}
    container = {
        "name": "main",
        "image": IMAGE,
        "resources": {"requests": size, "limits": size},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    safe = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    spec = {"containers": [container], "securityContext": safe, "terminationGracePeriodSeconds": 0}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "by-hand"}, "spec": spec}


def wish(name: str) -> Json:
    return {"name": name, "image": IMAGE, "cpu": "10m", "memory": "1.5 GiB", "replicas": 1, "health": {"kind": "none"}}


def used(quota: Json, resource: str) -> int:
    """As the API's answer says it."""
    return next(int(row["used"]) for row in quota["rows"] if row["resource"] == resource)


@contextmanager
def unseen(stack: Stack) -> Iterator[None]:
    """What happens in the cluster meanwhile Berth learns afterwards."""
    os.kill(stack.observer.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(stack.observer.pid, signal.SIGCONT)


def test_what_is_used_is_shown_with_its_age_within_a_second(owner: Berth, home: str, make: Make) -> None:
    """The median, since this machine does other things as well."""
    before, took, heard = used(owner.get(f"{home}/quota"), "services"), [], []
    with owner.socket("/ws/live/") as live:
        live.say(type="subscribe", topic=owner.get(f"{home}/quota")["topic"])
        live.until(lambda message: message["type"] == "changed" and message["what"] == "subscribed")
        for number in range(1, CHANGES + 1):
            begun = datetime.now(UTC)
            make("services", service(f"by-hand-{number}"))
            counted = time.monotonic()
            row = re.compile(rf"Apps with a port</th>\s*<td>{before + number}</td>")
            heard += live.until(lambda message, row=row: row.search(message.get("html", "")))  # type: ignore[misc]
            took.append(time.monotonic() - counted)
            told = owner.get(f"{home}/quota")
            assert used(told, "services") == before + number
            assert datetime.fromisoformat(told["at"]) > begun
    assert any("Counted by the cluster, seen" in one.get("html", "") for one in heard)
    assert median(took) < FRESH, took


def test_a_quota_that_somebody_edits_is_healed_audited_and_told(
    owner: Berth, team: str, home: str, place: str, witness: Witness, patch: Patch
) -> None:
    def hard() -> Json:
        (quota,) = witness.items(place, "resourcequotas")
        return dict(quota["spec"]["hard"])

    (quota,) = witness.items(place, "resourcequotas")
    before = quota["spec"]["hard"]
    patch(quota["metadata"]["name"], {"spec": {"hard": {"requests.memory": "99Gi"}}})
    assert witness.until("the limit is back", lambda: hard() == before) < HEALED
    shown = home.rpartition("/")[2]

    def lines() -> list[Json]:
        return list(owner.get(f"teams/{team}/audit?page_size=50")["results"])

    repaired = [line for line in lines() if line["action"] == "drift.repaired" and shown in str(line)]
    assert [line["actor"] for line in repaired] == ["observer"]
    assert "ResourceQuota" in repaired[0]["detail"]
    told = owner.get("notices?page_size=50")["results"]
    assert [one["kind"] for one in told if shown in one["title"]] == ["quota.repaired"]


def test_of_two_deploys_at_once_where_one_fits_one_is_refused(
    stack: Stack, owner: Berth, home: str, place: str, witness: Witness
) -> None:
    """Each takes 3 GiB of 4 with its next rollout; they come through a web process each."""
    berths = [stack.script(web) for web in (0, 1)]
    ready = Barrier(len(berths), timeout=60)

    def deploy(number: int) -> Json:
        ready.wait()
        try:
            return berths[number].post(f"{home}/apps", wish(f"shop-{number}"))
        except Refused as refused:
            return {"refused": refused.code, **refused.error}

    with ThreadPoolExecutor(len(berths)) as pool:
        ends = list(pool.map(deploy, (0, 1)))
    for berth in berths:
        berth.close()
    (refused,) = [end for end in ends if "refused" in end]
    (taken,) = [end for end in ends if "operation" in end]
    assert refused["refused"] == "quota_exceeded"
    assert "1 replica and 1 more during a rollout take 3 GiB" in refused["message"]
    owner.follow(taken)
    there = witness.items(place, "deployments", "apis/apps/v1")
    assert [one["metadata"]["name"] for one in there] == [taken["app"]["name"]]


def test_what_the_cluster_refuses_is_said_in_its_words_and_in_plain_ones(
    stack: Stack, owner: Berth, home: str, make: Make
) -> None:
    """Somebody takes the room with kubectl in the moment of the deploy: Berth has not seen it yet."""
    with unseen(stack):
        make("pods", pod("3Gi"))
        accepted = owner.post(f"{home}/apps", wish("shop"))
    ended = owner.until_operation(accepted, lambda found: bool(found["done"]))
    shown = owner.get(f"{home}/apps/shop/rollout")
    assert (ended["state"], ended["error"]["code"]) == ("failed", "quota_full")
    diagnosis = shown["rollout"]["diagnosis"]
    assert "memory: 1.5 GiB wanted, 3 GiB of 4 GiB taken" in diagnosis["why"]
    assert "exceeded quota: " in diagnosis["evidence"][0]
    assert diagnosis["remedy"].startswith("Ask for more quota")
    _, team, _, name = home.split("/")
    page = html.unescape(owner.page(f"/t/{team}/n/{name}/apps/shop/").text)
    assert diagnosis["why"] in page
    assert diagnosis["evidence"][0] in page
