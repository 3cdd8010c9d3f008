"""One stack for all tests of processes: starting it takes seconds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from simcluster.server import SimCluster
from tests.contract.conftest import kubectl_command
from tests.prerequisites import INITDB, REDIS
from tests.processes.stack import Stack, running
from tests.processes.witness import Witness

PREFIX = "stack-"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where PostgreSQL or Redis is missing these tests are left out; `tests.prerequisites` said so, and fails in CI."""
    if INITDB and REDIS:
        return
    for item in items:
        if Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.skip(reason="PostgreSQL or Redis is not installed"))


@pytest.fixture(scope="session")
def real() -> str | None:
    """The kubeconfig of the real cluster that this run may use; None: simcluster."""
    return os.environ.get("BERTH_TEST_KUBECONFIG")


@pytest.fixture(scope="session")
def simulated(real: str | None) -> Iterator[SimCluster]:
    """For tests that break the cluster itself, and where there is no real one. Its time runs five times as fast."""
    with SimCluster(speed=5) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def stack(
    real: str | None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """All processes, on the real cluster or on simcluster; namespaces begin with "stack-"."""
    folder = tmp_path_factory.mktemp("stack")
    if real:
        config = {"title": "real", "kubeconfig": real}
    else:
        cluster: SimCluster = request.getfixturevalue("simulated")
        config = {"title": "simulated", "kubeconfig": str(cluster.write_kubeconfig(folder / "kubeconfig"))}
    with running(folder, {"default": config}, prefix=PREFIX) as stack:
        yield stack
    if real:
        Witness(kubectl=[*kubectl_command(), "--kubeconfig", real]).forget(PREFIX)


@pytest.fixture(scope="session")
def witness(real: str | None, request: pytest.FixtureRequest) -> Witness:
    if real:
        return Witness(kubectl=[*kubectl_command(), "--kubeconfig", real])
    cluster: SimCluster = request.getfixturevalue("simulated")
    return Witness(raw=lambda path: requests.get(f"{cluster.url}{path}", timeout=10).json())
