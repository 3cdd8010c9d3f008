"""Brings every cause of a stuck rollout about on a real cluster and keeps what the cluster says of it.

    BERTH_TEST_KUBECONFIG=… python -m tests.cluster.record [CASE …]

Each case gets a namespace `diag-<case>` of its own, is read early (EARLY seconds) and late (LATE seconds), and goes.
The recordings are the input of test_diagnosis.py; they are made again when Kubernetes changes its words.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from cluster import names, paths
from cluster.connection import Connection
from cluster.manifests import app as app_manifests
from cluster.manifests import volume as volume_manifests
from tests.cluster.cases import CASES, OWNER, Case

EARLY = 12
LATE = 80
FOLDER = Path(__file__).parent / "recorded"
KINDS = ("Deployment", "ReplicaSet", "Pod", "Event", "PersistentVolumeClaim", "EndpointSlice")


def namespace_of(case: Case) -> str:
    return f"diag-{case.name.replace('_', '-')}"


def prepare(connection: Connection, case: Case) -> None:
    """The namespace and what stands in it before the app."""
    name = namespace_of(case)
    labels = {**names.owner_labels(OWNER), "pod-security.kubernetes.io/enforce": "restricted"}
    body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    connection.sync.call("POST", paths.collection("Namespace"), body=body)
    for found in case.before:
        create(connection, name, found)
    for spec in case.volumes(name):
        for manifest in volume_manifests.manifests(spec):
            create(connection, name, manifest)


def release(connection: Connection, case: Case, number: int) -> None:
    """Applies one release of the case's app."""
    name = namespace_of(case)
    for manifest in app_manifests.manifests(case.spec(name, number)):
        if manifest["kind"] == "Deployment":
            case.change(manifest, number)
        path = paths.item(manifest["kind"], name, manifest["metadata"]["name"])
        query = {"fieldManager": "berth", "force": "true"}
        connection.sync.call("PATCH", path, query=query, body=manifest, content_type="application/apply-patch+yaml")


def create(connection: Connection, namespace: str, manifest: dict[str, Any]) -> None:
    connection.sync.call("POST", paths.collection(manifest["kind"], namespace), body=manifest)


def read(connection: Connection, case: Case) -> dict[str, Any]:
    """Everything of the case's namespace, without the notes of field managers."""
    found: dict[str, Any] = {"case": case.name, "app": "web", "now": datetime.now(UTC).isoformat(), "objects": {}}
    for kind in KINDS:
        items = connection.sync.json("GET", paths.collection(kind, namespace_of(case)))["items"]
        for item in items:
            item["metadata"].pop("managedFields", None)
        found["objects"][kind] = items
    return found


def keep(connection: Connection, case: Case, age: str) -> None:
    (FOLDER / f"{case.name}.{age}.json").write_bytes(one_a_line(read(connection, case)))


def one_a_line(found: dict[str, Any]) -> bytes:
    """JSON with an object of the cluster a line: small, and still to be read in a diff."""
    kinds = (
        b'"%s":[\n%s]' % (kind.encode(), b",\n".join(orjson.dumps(item) for item in items))
        for kind, items in found["objects"].items()
    )
    head = orjson.dumps({key: value for key, value in found.items() if key != "objects"})
    return head[:-1] + b',"objects":{\n' + b",\n".join(kinds) + b"}}\n"


def main(wanted: list[str]) -> None:
    connection = Connection("record", kubeconfig=os.environ["BERTH_TEST_KUBECONFIG"])
    cases = [case for case in CASES if not wanted or case.name in wanted]
    FOLDER.mkdir(exist_ok=True)
    try:
        for case in cases:
            prepare(connection, case)
        time.sleep(2)  # the namespaces' service accounts
        for case in cases:
            if case.first:
                release(connection, case, 1)
        if any(case.first for case in cases):
            time.sleep(40)
        started = time.monotonic()
        for case in cases:
            release(connection, case, 2 if case.first else 1)
        for age, seconds in (("early", EARLY), ("late", LATE)):
            time.sleep(max(0.0, started + seconds - time.monotonic()))
            for case in cases:
                keep(connection, case, age)
    finally:
        for case in cases:
            connection.sync.call("DELETE", paths.item("Namespace", None, namespace_of(case)), repeatable=True)


if __name__ == "__main__":
    main(sys.argv[1:])
