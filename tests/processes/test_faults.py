"""Faults that production meets: processes killed, Redis emptied, PostgreSQL restarted, the cluster away, drift, leaks.

Against simcluster, which can be told to be away; every test ends with all of the stack running again.
"""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterator

import pytest
import redis
import requests

from simcluster.server import SimCluster
from tests.processes.leaks import overheard, sweep
from tests.processes.script import Berth, Json, Refused
from tests.processes.stack import Process, Stack, until
from tests.processes.witness import Witness

pytestmark = [
    pytest.mark.services,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("processes"),
    pytest.mark.skipif(
        "BERTH_TEST_KUBECONFIG" in os.environ, reason="these break the cluster: they run against simcluster alone"
    ),
]

HELLO = "10.89.0.1:5000/hello"
DRIFT_REPAIRED = 10.0
"""Seconds (reliability.md, row 22)."""
_names = (f"app-{number}" for number in itertools.count(1))


@pytest.fixture(scope="module")
def script(stack: Stack) -> Iterator[Berth]:
    berth = stack.script()
    yield berth
    berth.close()


@pytest.fixture(scope="module")
def home(script: Berth) -> str:
    """API path of a namespace that the tests share; in the cluster it is "stack-faults-dev"."""
    script.post("teams", {"name": "Faults", "slug": "faults"})
    script.follow(script.post("teams/faults/namespaces", {"name": "dev", "plan": "large"}))
    return "teams/faults/namespaces/dev"


@pytest.fixture
def deploy(script: Berth, home: str) -> Callable[[], Json]:
    """Asks for another app; answers the 202."""

    def ask(**more: object) -> Json:
        wish = {"name": next(_names), "image": f"{HELLO}:v1", "port": 8080, "cpu": "10m", "memory": "16 MiB", **more}
        return script.post(f"{home}/apps", wish)

    return ask


@pytest.fixture
def deployments(witness: Witness) -> Callable[[str], list[Json]]:
    """The Deployments of one app, as they stand in the cluster."""

    def find(app: str) -> list[Json]:
        return witness.items("stack-faults-dev", "deployments", "apis/apps/v1", f"berth.dev/app={app}")

    return find


def restart(process: Process) -> None:
    process.kill()
    process.start()


@pytest.mark.parametrize("who", ["worker", "observer"])
def test_killed_in_mid_operation_the_wish_is_carried_out_once(
    stack: Stack, script: Berth, deploy: Callable[..., Json], deployments: Callable[[str], list[Json]], who: str
) -> None:
    accepted = [deploy() for _ in range(4)]
    restart(getattr(stack, who))
    for one in accepted:
        script.follow(one)
        assert len(deployments(one["app"]["name"])) == 1
        assert script.get(f"teams/faults/namespaces/dev/apps/{one['app']['name']}/releases")["count"] == 1


def test_web_killed_after_its_answer_loses_no_wish(stack: Stack, home: str) -> None:
    other = stack.script(1)
    name = next(_names)
    accepted = other.post(f"{home}/apps", {"name": name, "image": f"{HELLO}:v1", "cpu": "10m", "memory": "16 MiB"})
    stack.webs[1].kill()
    try:
        first = stack.script(0)
        first.follow(accepted)
        first.close()
    finally:
        stack.webs[1].start()
        until(stack.urls[1], lambda: requests.get(f"{stack.urls[1]}/readyz", timeout=2).status_code == 200)
    assert other.get(f"{home}/apps/{name}")["name"] == name
    other.close()


def test_redis_emptied_loses_no_wish(stack: Stack, script: Berth, deploy: Callable[..., Json]) -> None:
    stack.worker.stop()
    accepted = [deploy() for _ in range(3)]
    redis.Redis.from_url(stack.redis_url).flushall()
    stack.worker.start()
    for one in accepted:
        script.follow(one)


def test_redis_away_takes_wishes_and_carries_them_out_when_it_is_back(
    stack: Stack, script: Berth, home: str, deploy: Callable[..., Json]
) -> None:
    stack.redis.stop()
    try:
        accepted = deploy()
        assert script.get(f"operations/{accepted['operation']['id']}")["state"] == "pending"
        assert script.page("/").status_code == 200
    finally:
        stack.redis.start()
    script.follow(accepted)


def test_postgresql_restarted_is_said_and_survived(stack: Stack, script: Berth, deploy: Callable[..., Json]) -> None:
    before = deploy()
    stack.postgres.stop()
    try:
        with pytest.raises(Refused) as refused:
            script.get("teams")
        assert refused.value.status == 503
        assert int(refused.value.headers["Retry-After"]) > 0
        page = script.page("/")
        assert (page.status_code, page.headers.get("Retry-After")) == (503, refused.value.headers["Retry-After"])
        assert requests.get(f"{stack.urls[0]}/healthz", timeout=5).status_code == 200
    finally:
        stack.postgres.start()
    until("the database", lambda: requests.get(f"{stack.urls[0]}/readyz", timeout=8).status_code == 200)
    script.follow(before)
    script.follow(deploy())


def test_cluster_away_is_said_and_wishes_are_kept(
    stack: Stack, simulated: SimCluster, script: Berth, home: str, deploy: Callable[..., Json]
) -> None:
    app = deploy()
    script.follow(app)
    name = app["app"]["name"]
    simulated.stop_answering()
    try:
        silent = script.until(f"{home}/apps/{name}/rollout", lambda rollout: bool(rollout["silent_since"]), 30)
        page = script.page(f"/t/faults/n/dev/apps/{name}/")
        assert page.status_code == 200
        assert "not answer" in page.text
        assert silent["silent_since"][11:16] in page.text
        wish = script.post(f"{home}/apps/{name}/releases", {"image": f"{HELLO}:v2"})
        script.until_operation(wish, lambda operation: operation["state"] == "waiting", 30)
    finally:
        simulated.resume()
    script.follow(wish)
    script.until(f"{home}/apps/{name}/rollout", lambda rollout: not rollout["silent_since"], 30)


def test_drift_is_repaired_and_audited(
    simulated: SimCluster,
    script: Berth,
    deploy: Callable[..., Json],
    deployments: Callable[[str], list[Json]],
    witness: Witness,
) -> None:
    app = deploy()
    script.follow(app)
    name = app["app"]["name"]
    path = f"{simulated.url}/apis/apps/v1/namespaces/stack-faults-dev/deployments/{name}"
    image = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": f"{HELLO}:v3"}]}}}}
    answer = requests.patch(
        path, json=image, headers={"Content-Type": "application/strategic-merge-patch+json"}, timeout=10
    )
    assert answer.status_code == 200, answer.text

    def stands(wanted: str) -> bool:
        (found,) = deployments(name)
        return bool(found["spec"]["template"]["spec"]["containers"][0]["image"] == wanted)

    took = witness.until("the image is Berth's again", lambda: stands(f"{HELLO}:v1"), 30)
    assert took < DRIFT_REPAIRED
    assert requests.delete(path, timeout=10).status_code == 200
    took = witness.until("the Deployment is there again", lambda: bool(deployments(name)), 30)
    assert took < DRIFT_REPAIRED
    lines = script.get("teams/faults/audit?page_size=200")["results"]
    assert {line["actor"] for line in lines if line["action"] == "drift.repaired"} == {"observer"}


def test_a_secrets_value_stands_nowhere_but_in_the_cluster(
    stack: Stack, script: Berth, home: str, deploy: Callable[..., Json], witness: Witness
) -> None:
    canary = f"canary-{secrets.token_hex(12)}"
    with overheard(stack) as ear:
        stack.worker.stop()
        accepted = script.post(f"{home}/secrets", {"name": "canary", "values": {"TOKEN": canary}})
        try:
            assert sweep(stack, canary, ear) == []
        finally:
            stack.worker.start()
        script.follow(accepted)
        script.follow(deploy(secret_env={"TOKEN": {"secret": "canary", "key": "TOKEN"}}))
        script.follow(script.patch(f"{home}/secrets/canary", {"values": {"OTHER": f"{canary}-2"}}))
        assert sweep(stack, canary, ear) == []
        told = accepted["operation"]["id"]
        assert set(sweep(stack, told, ear)) >= {"database", "Redis"}, "the sweep is blind"
    assert witness.items("stack-faults-dev", "secrets", selector="berth.dev/secret=canary")
