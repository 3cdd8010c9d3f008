"""Logs of pods: the whole, the tail, since when, with timestamps, as they come, and of the container before."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from . import manifests
from .api import Api, path
from .stuck import until_crashed

STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) (.*)$")


def log(api: Api, space: str, name: str, **params: Any) -> list[str]:
    answer = api.get(path("pods", space, name, "log"), accept="*/*", **params)
    assert answer.status == 200, answer.text
    return answer.text.splitlines()


def stamped(lines: list[str]) -> list[tuple[datetime, str]]:
    """(time, cut to microseconds; text) of lines with timestamps."""
    found = [STAMP.match(line) for line in lines]
    assert all(found), lines[:5]
    return [(_time(match[1]), match[2]) for match in found if match]


def _time(text: str) -> datetime:
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(whole).replace(tzinfo=UTC, microsecond=int(fraction[:6].ljust(6, "0")))


@pytest.fixture(scope="module")
def counted(api: Api, space: str) -> str:
    """A pod that wrote 40 numbered lines and ended."""
    one = manifests.container(args=["count", "40", "0"])
    api.create("pods", manifests.pod(space, "counted", one, restartPolicy="Never"))
    api.until("pods", space, "counted", lambda one: one["status"]["phase"] == "Succeeded")
    return "counted"


@pytest.fixture(scope="module")
def writing(api: Api, space: str) -> str:
    """A pod that writes for ever, and whose log already spans two seconds."""
    one = manifests.container(env=[{"name": "LOG_RATE", "value": "20"}])
    api.create("pods", manifests.pod(space, "writing", one))
    api.until("pods", space, "writing", lambda one: one["status"]["phase"] == "Running")
    where = path("pods", space, "writing", "log")
    with api.stream(where, follow="true", timestamps="true") as lines:
        first = _time(next(lines).decode().partition(" ")[0])
        for line in lines:
            now = _time(line.decode().partition(" ")[0])
            if now - first > timedelta(seconds=2):
                break
    return "writing"


def test_log_is_plain_text_of_all_lines(api: Api, space: str, counted: str) -> None:
    answer = api.get(path("pods", space, counted, "log"), accept="*/*")
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.text == "".join(f"line {number}\n" for number in range(1, 41))


def test_tail_lines(api: Api, space: str, counted: str) -> None:
    assert log(api, space, counted, tailLines=3) == ["line 38", "line 39", "line 40"]
    assert log(api, space, counted, tailLines=0) == []


def test_limit_bytes_cuts_in_a_line(api: Api, space: str, counted: str) -> None:
    answer = api.get(path("pods", space, counted, "log"), accept="*/*", limitBytes=10)
    assert answer.text == "line 1\nlin"


def test_timestamps_have_nanoseconds_and_rise(api: Api, space: str, counted: str) -> None:
    lines = log(api, space, counted, timestamps="true")
    times = [one for one, _ in stamped(lines)]
    assert [text for _, text in stamped(lines)] == [f"line {number}" for number in range(1, 41)]
    assert times == sorted(times)
    assert any(re.search(r"\.\d{7,9}Z ", line) for line in lines)


def test_since_time_is_cut_to_the_whole_second(api: Api, space: str, writing: str) -> None:
    everything = stamped(log(api, space, writing, timestamps="true"))
    chosen = next(moment for moment, _ in reversed(everything) if moment.microsecond > 100_000)
    floor = chosen.replace(microsecond=0)
    asked = chosen.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    got = stamped(log(api, space, writing, timestamps="true", sinceTime=asked))
    expected = [entry for entry in everything if entry[0] >= floor]
    assert got[: len(expected)] == expected
    assert any(moment < chosen for moment, _ in got)
    assert len(got) < len(stamped(log(api, space, writing, timestamps="true")))


def test_tail_is_taken_before_since(api: Api, space: str, writing: str) -> None:
    everything = stamped(log(api, space, writing, timestamps="true"))
    early = everything[0][0].strftime("%Y-%m-%dT%H:%M:%SZ")
    got = log(api, space, writing, sinceTime=early, tailLines=2)
    assert len(got) == 2


def test_since_the_future_is_empty(api: Api, space: str, counted: str) -> None:
    future = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert log(api, space, counted, sinceTime=future) == []


def test_since_seconds(api: Api, space: str, writing: str) -> None:
    everything, recent = log(api, space, writing), log(api, space, writing, sinceSeconds=1)
    assert 0 < len(recent) < len(everything)


def test_since_seconds_and_since_time_exclude_each_other(api: Api, space: str, counted: str) -> None:
    params = {"sinceSeconds": 1, "sinceTime": "2026-01-01T00:00:00Z"}
    answer = api.get(path("pods", space, counted, "log"), **params)
    assert answer.status == 422
    assert "at most one of `sinceTime` or `sinceSeconds` may be specified" in answer.message


def test_follow_of_an_ended_container_ends(api: Api, space: str, counted: str) -> None:
    with api.stream(path("pods", space, counted, "log"), follow="true") as lines:
        assert [line.decode() for line in lines] == [f"line {number}" for number in range(1, 41)]


def test_follow_brings_lines_as_they_are_written(api: Api, space: str, writing: str) -> None:
    where = path("pods", space, writing, "log")
    with api.stream(where, follow="true", timestamps="true", tailLines=1) as lines:
        numbers, began = [], time.monotonic()
        for line in lines:
            numbers.append(int(line.decode().rpartition(" ")[2]))
            if len(numbers) == 5:
                break
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert time.monotonic() - began < 3


def test_follow_without_a_tail_begins_at_the_beginning(api: Api, space: str, writing: str) -> None:
    with api.stream(path("pods", space, writing, "log"), follow="true") as lines:
        assert next(lines).decode() == "hello v1 starting as uid 65532"


def test_follow_ends_with_the_container(api: Api, space: str) -> None:
    one = manifests.container(env=[{"name": "LOG_RATE", "value": "5"}])
    api.create("pods", manifests.pod(space, "ending", one))
    api.until("pods", space, "ending", lambda one: one["status"]["phase"] == "Running")
    with api.stream(path("pods", space, "ending", "log"), follow="true") as lines:
        next(lines)
        api.delete(path("pods", space, "ending")).ok()
        rest = [line.decode() for line in lines]
    assert "hello: stopping" in rest


def test_previous_container_is_read_after_a_restart(api: Api, space: str) -> None:
    one = manifests.container(args=["exit", "3", "out of luck"])
    api.create("pods", manifests.pod(space, "crashing", one))
    until_crashed(api, space, "crashing")
    assert log(api, space, "crashing", previous="true") == ["out of luck"]


def test_no_previous_container_is_400(api: Api, space: str, writing: str) -> None:
    answer = api.get(path("pods", space, writing, "log"), previous="true")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message == f'previous terminated container "web" in pod "{writing}" not found'


def test_log_of_a_missing_pod_is_404(api: Api, space: str) -> None:
    answer = api.get(path("pods", space, "none", "log"))
    assert (answer.status, answer.message) == (404, 'pods "none" not found')


def test_log_of_an_unknown_container_is_400(api: Api, space: str, counted: str) -> None:
    answer = api.get(path("pods", space, counted, "log"), container="other")
    assert (answer.status, answer.reason) == (400, "BadRequest")
    assert answer.message == f"container other is not valid for pod {counted}"


def test_log_of_one_of_two_containers_must_be_named(api: Api, space: str) -> None:
    two = [manifests.container(name="first"), manifests.container(name="second")]
    api.create("pods", manifests.pod(space, "double", containers=two, nodeSelector={"no": "such"}))
    answer = api.get(path("pods", space, "double", "log"))
    assert answer.status == 400
    assert answer.message == ("a container name must be specified for pod double, choose one of: [first second]")


def test_log_of_a_pod_on_no_node_is_empty(api: Api, space: str) -> None:
    api.create("pods", manifests.pod(space, "nowhere", nodeSelector={"no": "such"}))
    answer = api.get(path("pods", space, "nowhere", "log"))
    assert (answer.status, answer.text) == (204, "")


def test_log_of_a_container_that_waits_is_400(api: Api, new_namespace: Callable[..., str], space: str) -> None:
    one = manifests.container("10.89.0.1:5000/hello:none")
    api.create("pods", manifests.pod(space, "waiting", one))
    api.until("pods", space, "waiting", _waits_for_its_image)
    answer = api.get(path("pods", space, "waiting", "log"))
    assert (answer.status, answer.reason) == (400, "BadRequest")
    start = 'container "web" in pod "waiting" is waiting to start: '
    assert answer.message in (f"{start}trying and failing to pull image", f"{start}image can't be pulled")


def test_malformed_tail_is_refused(api: Api, space: str, counted: str) -> None:
    answer = api.get(path("pods", space, counted, "log"), tailLines=-1)
    assert answer.status == 422
    assert answer.causes == [("tailLines", "FieldValueInvalid")]


def _waits_for_its_image(pod: dict[str, Any]) -> bool:
    reasons = [one["state"].get("waiting", {}).get("reason") for one in pod["status"].get("containerStatuses", [])]
    return reasons in (["ErrImagePull"], ["ImagePullBackOff"])
