"""Values of secrets that somebody deleted in the cluster: the pod is the only one that tells of it."""

from __future__ import annotations

import orjson
import pytest

from .recordings import recorded, rollout_of


@pytest.mark.parametrize(
    ("case", "was", "code"),
    [("secret_missing", 'secret "gone"', "secret_gone"), ("secret_file_missing", 'secret "gone"', "secret_file_gone")],
)
def test_a_version_that_was_deleted_in_the_cluster_is_named(case: str, was: str, code: str) -> None:
    recording = recorded(case)
    text = orjson.dumps(recording["objects"]).replace(was.replace('"', '\\"').encode(), b'secret \\"database-v3\\"')
    recording["objects"] = orjson.loads(text)
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert (found.code, found.action) == (code, "secrets")
    assert found.title == "The values of the secret database are gone from the cluster"
    assert "version 3" in found.why
    assert "Set all values of database again" in found.remedy


def test_a_login_that_was_deleted_in_the_cluster_is_named() -> None:
    recording = recorded("registry_login")
    for pod in recording["objects"]["Pod"]:
        message = "Unable to retrieve some image pull secrets (hub-v2); attempting to pull the image may not succeed."
        involved = {"kind": "Pod", "name": pod["metadata"]["name"], "uid": pod["metadata"]["uid"]}
        told = {"reason": "FailedToRetrieveImagePullSecret", "message": message, "involvedObject": involved}
        recording["objects"]["Event"].append({**recording["objects"]["Event"][0], **told})
    found = rollout_of(recording).diagnosis
    assert found is not None
    assert (found.code, found.action) == ("login_gone", "secrets")
    assert found.title == "The values of the secret hub are gone from the cluster"
