"""Faults on demand, a server that stops answering, and state that outlives it."""

import pytest
import requests

from simcluster.server import SimCluster


def test_lost_reply_leaves_the_change_made(cluster, call, space):
    cluster.fault("lost_reply", {"verb": "create", "resource": "configmaps"})
    with pytest.raises(requests.ConnectionError):
        call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}})
    assert call("GET", f"{space}/configmaps/a").status_code == 200


def test_conflict_happens_as_often_as_asked_and_changes_nothing(cluster, call, space):
    call("POST", "/_faults", {"kind": "conflict", "match": {"verb": "create"}, "times": 2}).raise_for_status()
    answers = [call("POST", f"{space}/secrets", {"metadata": {"name": "a"}}).status_code for _ in range(3)]
    assert answers == [409, 409, 201]


def test_throttling_says_when_to_come_back(cluster, call, space):
    cluster.fault("throttle", {"resource": "secrets"}, retry_after=7)
    answer = call("GET", f"{space}/secrets")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")


def test_fault_meets_only_what_it_matches(cluster, call, space):
    cluster.fault("error", {"resource": "secrets", "name": "a"}, times=0)
    assert call("GET", f"{space}/secrets/b").status_code == 404
    assert call("GET", f"{space}/secrets/a").status_code == 500


def test_silent_server_lets_the_client_time_out(cluster, call, space):
    cluster.fault("hang", {"resource": "secrets"})
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{cluster.url}{space}/secrets", timeout=0.3, proxies={"http": ""})


def test_watch_is_cut_in_the_middle_of_a_line(cluster, call, space):
    call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}})
    cluster.fault("cut", {"verb": "watch"}, after_bytes=10)
    with (
        requests.get(f"{cluster.url}{space}/configmaps", params={"watch": "1"}, stream=True, timeout=5) as answer,
        pytest.raises(requests.exceptions.ChunkedEncodingError),
    ):
        list(answer.iter_content(chunk_size=None))


def test_cleared_faults_do_not_happen(cluster, call, space):
    cluster.fault("error", times=0)
    call("DELETE", "/_faults")
    assert call("GET", f"{space}/secrets").status_code == 200


def test_stopped_server_refuses_and_then_remembers(cluster, call, space):
    call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}})
    cluster.stop_answering()
    with pytest.raises(requests.ConnectionError):
        call("GET", f"{space}/configmaps/a")
    cluster.resume()
    assert call("GET", f"{space}/configmaps/a").status_code == 200


def test_state_outlives_the_server(tmp_path):
    path = tmp_path / "state.db"
    body = {"metadata": {"name": "kept", "labels": {"a": "b"}}}
    with SimCluster(state_path=path, controllers=False) as first:
        made = requests.post(f"{first.url}/api/v1/namespaces", json=body, timeout=5).json()
    with SimCluster(state_path=path, controllers=False) as second:
        found = requests.get(f"{second.url}/api/v1/namespaces/kept", timeout=5).json()
    assert found == made
