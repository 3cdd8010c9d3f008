"""Pods whose image does not come: not found, refused, unreachable, malformed."""

from __future__ import annotations

import pytest

from .api import Api, condition
from .stuck import status_of, until_waiting


@pytest.mark.parametrize(
    ("name", "image"),
    [("tag-missing", "10.89.0.1:5000/hello:none"), ("repository-missing", "10.89.0.1:5000/nothing:v1")],
)
def test_image_that_does_not_exist(api: Api, stuck: str, name: str, image: str) -> None:
    one = until_waiting(api, stuck, name, "ImagePullBackOff")
    message = one["state"]["waiting"]["message"]
    assert message.startswith(f'Back-off pulling image "{image}": ErrImagePull: ')
    assert message.endswith(f"failed to resolve image: {image}: not found")
    assert (one["ready"], one["started"], one["restartCount"], one["imageID"]) == (False, False, 0, "")


def test_image_that_does_not_exist_is_told_by_events(api: Api, stuck: str) -> None:
    image = "10.89.0.1:5000/hello:none"
    assert api.until_event(stuck, "Pulling", "tag-missing")["message"] == f'Pulling image "{image}"'
    failed = api.until_event(stuck, "Failed", "tag-missing", "Failed to pull image")
    assert failed["type"] == "Warning"
    assert failed["message"].startswith(f'Failed to pull image "{image}": ')
    assert api.until_event(stuck, "Failed", "tag-missing", "Error: ErrImagePull")
    assert api.until_event(stuck, "BackOff", "tag-missing")["message"].startswith(f'Back-off pulling image "{image}"')


def test_pod_whose_image_does_not_come_is_pending(api: Api, stuck: str) -> None:
    until_waiting(api, stuck, "tag-missing", "ImagePullBackOff")
    pod = api.read("pods", stuck, "tag-missing")
    assert pod["status"]["phase"] == "Pending"
    ready = condition(pod, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "ContainersNotReady")
    assert ready["message"] == "containers with unready status: [web]"


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        (
            "login-wanted",
            [
                "pull access denied, repository does not exist or may require authorization",
                "no basic auth credentials",
            ],
        ),
        ("login-refused", ["unexpected status from HEAD request to http", "401 Unauthorized"]),
        ("registry-down", ["dial tcp 10.89.0.1:5999: connect: connection refused"]),
        ("registry-unknown", ["lookup registry.nothing.test", "no such host"]),
    ],
)
def test_registry_that_does_not_give_the_image(api: Api, stuck: str, name: str, texts: list[str]) -> None:
    message = until_waiting(api, stuck, name, "ImagePullBackOff")["state"]["waiting"]["message"]
    for text in texts:
        assert text in message


def test_right_login_lets_it_run(api: Api, stuck: str) -> None:
    pod = api.until("pods", stuck, "login-right", lambda pod: pod["status"]["phase"] == "Running")
    assert "@sha256:" in status_of(pod)["imageID"]


def test_malformed_image(api: Api, stuck: str) -> None:
    one = until_waiting(api, stuck, "image-malformed", "InvalidImageName")
    assert one["state"]["waiting"]["message"] == (
        'Failed to apply default image tag "10.89.0.1:5000/Hello:v1": couldn\'t parse image name '
        '"10.89.0.1:5000/Hello:v1": invalid reference format: repository name (Hello) must be lowercase'
    )
    assert "invalid reference format" in api.until_event(stuck, "InspectFailed", "image-malformed")["message"]


def test_login_that_is_not_there_is_told_by_an_event(api: Api, stuck: str) -> None:
    message = until_waiting(api, stuck, "login-gone", "ImagePullBackOff")["state"]["waiting"]["message"]
    assert "no basic auth credentials" in message
    event = api.until_event(stuck, "FailedToRetrieveImagePullSecret", "login-gone")
    assert event["message"] == (
        "Unable to retrieve some image pull secrets (login-v1); attempting to pull the image may not succeed."
    )
    assert (event["type"], event["involvedObject"].get("fieldPath")) == ("Warning", None)
