"""The main job through one web process, watched through the other; on a real cluster kubectl is the witness."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.processes.main_job import MainJob
from tests.processes.stack import Stack
from tests.processes.witness import Witness

pytestmark = [pytest.mark.services, pytest.mark.timeout(300), pytest.mark.xdist_group("processes")]


@pytest.fixture
def job(stack: Stack) -> Iterator[MainJob]:
    """The steps of the main job for a team of this test's own."""
    berths = [stack.script(web) for web in (0, 1)]
    yield MainJob(berths[0], berths[1], team=f"job-{secrets.token_hex(3)}", password=secrets.token_urlsafe(12))
    for berth in berths:
        berth.close()


def test_main_job(stack: Stack, job: MainJob, witness: Witness) -> None:
    namespace = job.make_namespace()["cluster_name"]
    witness.sees_namespace(namespace, team=job.team)
    job.make_parts()
    witness.sees_parts(namespace)
    job.deploy()
    witness.sees_app(namespace, image="10.89.0.1:5000/hello:v1", password=job.password)
    job.read_logs()
    job.change()
    witness.sees_app(namespace, image="10.89.0.1:5000/hello:v2", password=job.password)
    job.roll_back()
    witness.sees_app(namespace, image="10.89.0.1:5000/hello:v1", password=job.password)
    job.clean_up()
    witness.sees_nothing(namespace)
