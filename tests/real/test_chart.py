"""Berth as its chart installs it: it starts, does the main job, may do that and no more, and goes without a trace."""

from __future__ import annotations

import json
import secrets

import pytest

from tests.processes.main_job import MainJob
from tests.processes.script import Berth
from tests.processes.witness import Witness
from tests.real.conftest import RELEASE, Installation
from tests.real.rights import asked, granted

# A group of xdist must stand on the tests themselves: their own hooks come too late for it.
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600), pytest.mark.xdist_group("chart")]

UNUSED = {
    "worker": {
        "bind rbac.authorization.k8s.io/clusterroles",  # asked of the API server's authorizer alone, in no log
        "get rbac.authorization.k8s.io/rolebindings",  # a binding that somebody bent is made anew
        "delete rbac.authorization.k8s.io/rolebindings",
        "patch namespaces",  # one whose labels somebody changed is mended
        "get secrets",  # after an answer that was lost: whether the Secret was made
        "get persistentvolumes",  # of claims that stand when their namespace is deleted
    },
}
"""What the main job does not need and other work does."""


def test_all_processes_run_restricted(installed: Installation) -> None:
    pods = json.loads(installed.kubectl("get", "pods", "-l", f"app.kubernetes.io/instance={RELEASE}", "-o", "json"))
    running: dict[str, int] = {}
    for pod in pods["items"]:
        (status,) = pod["status"]["containerStatuses"]
        assert status["ready"], pod["metadata"]["name"]
        (container,) = pod["spec"]["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        component = pod["metadata"]["labels"]["app.kubernetes.io/component"]
        running[component] = running.get(component, 0) + 1
    assert running == {"web": 2, "worker": 1, "observer": 2}


def test_main_job_behind_the_gateway(script: Berth, witness: Witness) -> None:
    job = MainJob(script, script, team=f"t{secrets.token_hex(3)}", password=secrets.token_urlsafe(12))
    namespace = job.make_namespace()["cluster_name"]
    witness.sees_namespace(namespace, team=job.team)
    job.make_parts()
    witness.sees_parts(namespace)
    job.deploy()
    witness.sees_app(namespace, image="10.89.0.1:5000/hello:v1", password=job.password)
    job.read_logs()
    job.change()
    job.roll_back()
    job.clean_up()
    witness.sees_nothing(namespace)


def test_each_identity_may_what_it_asks_and_no_more(installed: Installation, script: Berth) -> None:
    """After the main job: nothing was forbidden, and what was never asked for is named with its reason."""
    allowed, forbidden = asked(installed)
    assert forbidden == set()
    for component in ("web", "worker", "observer"):
        unused = granted(installed, component) - allowed[component] - UNUSED.get(component, set())
        assert unused == set(), f"{component} may more than it needs"


def test_uninstalled_it_leaves_nothing(installed: Installation, witness: Witness) -> None:
    installed.helm("uninstall", RELEASE, "--wait")
    kinds = "deploy,pods,services,ingresses,jobs,serviceaccounts,poddisruptionbudgets,clusterroles,clusterrolebindings"

    def nothing_left() -> bool:
        return not installed.kubectl("get", kinds, "-l", f"app.kubernetes.io/instance={RELEASE}", "-o", "name").split()

    witness.until("the release is gone", nothing_left, 90)
