"""Quota and limit range: counting, refusing, defaulting."""

import time


def pod(name, **resources):
    container = {"name": "c", "image": "i", **({"resources": resources} if resources else {})}
    return {"metadata": {"name": name}, "spec": {"containers": [container]}}


def used(call, space):
    for _ in range(100):
        status = call("GET", f"{space}/resourcequotas/q").json()["status"]
        if status:
            return status["used"]
        time.sleep(0.01)
    raise AssertionError("the quota has no status")


def quota(call, space, **hard):
    hard = {name.replace("_", "."): value for name, value in hard.items()}
    call("POST", f"{space}/resourcequotas", {"metadata": {"name": "q"}, "spec": {"hard": hard}}).raise_for_status()


def test_pod_over_the_quota_is_refused_in_the_servers_words(call, space):
    quota(call, space, requests_cpu="1")
    call("POST", f"{space}/pods", pod("a", requests={"cpu": "700m"})).raise_for_status()
    answer = call("POST", f"{space}/pods", pod("b", requests={"cpu": "0.5"}))
    assert answer.status_code == 403
    told = "exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=700m, limited: requests.cpu=1"
    assert answer.json()["message"] == f'pods "b" is forbidden: {told}'


def test_pod_that_does_not_say_what_is_counted_is_refused(call, space):
    quota(call, space, limits_memory="1Gi")
    message = call("POST", f"{space}/pods", pod("a")).json()["message"]
    assert message == 'pods "a" is forbidden: failed quota: q: must specify limits.memory for: c'


def test_deleted_objects_are_given_back(call, space):
    quota(call, space, configmaps="1")
    call("POST", f"{space}/configmaps", {"metadata": {"name": "a"}}).raise_for_status()
    assert used(call, space) == {"configmaps": "1"}
    call("DELETE", f"{space}/configmaps/a").raise_for_status()
    assert used(call, space) == {"configmaps": "0"}


def test_ended_pods_count_no_more(call, space):
    quota(call, space, pods="1")
    call("POST", f"{space}/pods", pod("a")).raise_for_status()
    ended = {"status": {"phase": "Succeeded"}}
    call("PATCH", f"{space}/pods/a/status", ended, "application/merge-patch+json").raise_for_status()
    assert call("POST", f"{space}/pods", pod("b")).status_code == 201


def test_objects_before_the_quota_are_counted(call, space):
    call("POST", f"{space}/secrets", {"metadata": {"name": "a"}}).raise_for_status()
    quota(call, space, secrets="5")
    assert used(call, space) == {"secrets": "1"}


def test_limit_range_fills_in_what_a_container_leaves_out(call, space):
    item = {"type": "Container", "default": {"memory": "1Gi"}, "defaultRequest": {"memory": "512Mi"}}
    call("POST", f"{space}/limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [item]}}).raise_for_status()
    made = call("POST", f"{space}/pods", pod("a")).json()["spec"]["containers"][0]["resources"]
    assert made == {"limits": {"memory": "1Gi"}, "requests": {"memory": "512Mi"}}


def test_limit_range_refuses_what_is_above_it(call, space):
    item = {"type": "Container", "max": {"memory": "1Gi"}}
    call("POST", f"{space}/limitranges", {"metadata": {"name": "l"}, "spec": {"limits": [item]}}).raise_for_status()
    answer = call("POST", f"{space}/pods", pod("a", limits={"memory": "2Gi"}))
    told = "maximum memory usage per Container is 1Gi, but limit is 2Gi"
    assert answer.json()["message"] == f'pods "a" is forbidden: {told}'
