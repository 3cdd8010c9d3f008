"""Lanes, tiles and steps: what the page draws."""

from __future__ import annotations

from .recordings import recorded, rollout, rollout_of


def test_new_pods_come_first_then_places_for_those_to_come() -> None:
    new, old = rollout("image_missing").lanes
    assert (new.role, new.release, new.ready, new.wanted) == ("new", 2, 0, 4)
    assert [tile.state for tile in new.tiles] == ["failed", "next", "next", "next"]
    assert (new.tiles[0].words, new.tiles[0].note) == ("No image", "tag not found, 4 tries")
    assert (new.tiles[1].words, new.tiles[1].note) == ("Later", f"after {new.tiles[0].short}")
    assert (old.role, old.release, old.ready, old.wanted) == ("old", 1, 4, 4)
    assert {(tile.state, tile.note) for tile in old.tiles} == {("ready", "serves")}


def test_while_it_moves_the_next_pod_waits_for_the_one_that_starts() -> None:
    new = rollout("rolling", "early").lanes[0]
    assert [tile.words for tile in new.tiles] == ["Starting", "Next", "Next", "Next"]
    assert new.tiles[1].note == f"when {new.tiles[0].short} is ready"


def test_a_finished_app_has_one_lane() -> None:
    (lane,) = rollout("running").lanes
    assert (lane.role, lane.ready) == ("only", 3)


def test_a_stopping_pod_says_until_when() -> None:
    recording = recorded("rolling", "early")
    leaving = next(p for p in recording["objects"]["Pod"] if p["metadata"]["labels"]["berth.dev/release"] == "1")
    leaving["metadata"]["deletionTimestamp"] = "2026-11-23T11:13:50Z"
    found = rollout_of(recording)
    tile = next(t for t in found.lanes[1].tiles if t.pod == leaving["metadata"]["name"])
    assert (tile.state, tile.note) == ("stopping", "finishes its requests")
    assert tile.since is not None
    assert (tile.since - found.seen_at).total_seconds() > 20
    assert found.lanes[1].ready == 3


def test_a_stopped_pod_keeps_its_place_for_a_minute() -> None:
    recording = recorded("rolling", "early")
    gone = recording["objects"]["Pod"].pop(0)
    owner = gone["metadata"]["ownerReferences"][0]
    recording["objects"]["Event"].append(
        {
            "metadata": {"name": "gone", "namespace": "x"},
            "involvedObject": {"kind": "ReplicaSet", "name": owner["name"], "uid": owner["uid"]},
            "reason": "SuccessfulDelete",
            "message": f"Deleted pod: {gone['metadata']['name']}",
            "lastTimestamp": "2026-11-23T11:13:20Z",
        }
    )
    assert [t.state for t in rollout_of(recording).lanes[1].tiles].count("gone") == 1
    assert [t.state for t in rollout_of(recording, later=60).lanes[1].tiles].count("gone") == 0


def test_steps_of_the_pod_that_it_waits_for() -> None:
    found = rollout("rolling", "early")
    assert found.steps_pod == found.lanes[0].tiles[0].pod
    assert [(step.name, step.state) for step in found.steps] == [
        ("Placed", "done"),
        ("Image pulled", "done"),
        ("Started", "done"),
        ("Health check", "busy"),
    ]
    assert found.steps[0].note == "on node1"


def test_the_step_that_fails_is_the_one_that_stops_it() -> None:
    steps = rollout("image_missing").steps
    assert [step.state for step in steps] == ["done", "failed", "todo", "todo"]
    assert [step.state for step in rollout("no_room").steps] == ["failed", "todo", "todo", "todo"]
    assert [step.state for step in rollout("not_ready").steps] == ["done", "done", "done", "failed"]


def test_a_pull_tells_size_and_time() -> None:
    recording = recorded("rolling", "early")
    for event in recording["objects"]["Event"]:
        if event["reason"] == "Pulled":
            event["message"] = (
                'Successfully pulled image "x:v2" in 6.213s (6.213s including waiting). Image size: 192937984 bytes.'
            )
    assert rollout_of(recording).steps[1].note == "184 MiB, 6.2 s"


def test_it_waits_for_the_health_check_and_says_what_it_answers() -> None:
    found = rollout("rolling", "early")
    short = found.lanes[0].tiles[0].short
    assert found.waits_for == f"{short} to pass its health check"
    assert found.waits_note == "Nothing listens on port 8080; asked every 2 s; a start may take 30 s."


def test_stuck_it_waits_for_what_is_missing() -> None:
    found = rollout("image_missing")
    assert found.waits_for == "the image nope"
    assert found.waits_note == "v1 stays until a pod of v2 is ready."


def test_a_restarted_pod_counts_its_restarts() -> None:
    tile = rollout("crash").lanes[0].tiles[0]
    assert (tile.state, tile.words, tile.restarts) == ("crashing", "Crashes", 4)


def test_an_evicted_pod_stands_beside_its_successor() -> None:
    (lane,) = rollout("scratch").lanes
    assert [(tile.state, tile.words) for tile in lane.tiles] == [("failed", "Ended"), ("ready", "Ready")]
    assert rollout("scratch").state == "running"
