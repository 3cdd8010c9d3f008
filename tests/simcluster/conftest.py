"""One API server alone, without controllers, and plain HTTP to it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from simcluster.server import SimCluster

Call = Callable[..., requests.Response]


@pytest.fixture
def cluster() -> Iterator[SimCluster]:
    with SimCluster(controllers=False) as running:
        yield running


@pytest.fixture
def call(cluster: SimCluster) -> Iterator[Call]:
    """call(method, path, body=None, **query or content_type)"""
    with requests.Session() as session:
        session.trust_env = False

        def send(method: str, path: str, body: Any = None, content_type: str = "application/json", **query: Any):
            headers = {"Content-Type": content_type}
            return session.request(method, cluster.url + path, json=body, headers=headers, params=query, timeout=10)

        yield send


@pytest.fixture
def space(call: Call) -> str:
    """A namespace with the account that pods need."""
    call("POST", "/api/v1/namespaces", {"metadata": {"name": "space"}}).raise_for_status()
    path = "/api/v1/namespaces/space/serviceaccounts"
    call("POST", path, {"metadata": {"name": "default"}}).raise_for_status()
    return "/api/v1/namespaces/space"
