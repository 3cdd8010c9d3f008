"""Which API server the session speaks to, and the namespaces that its tests make there."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import manifests
from . import stuck as cases
from .api import Api, path

SPEED = 20.0
"""How much faster than a real kubelet simcluster lets its pods live."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cluster", metavar="KUBECONFIG", help="run the contract suite against this cluster")


@pytest.fixture(scope="session")
def kubeconfig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The kubeconfig of the server under test; starts simcluster when none was named."""
    named = request.config.getoption("--cluster", default=None) or os.environ.get("BERTH_TEST_KUBECONFIG")
    if named:
        yield Path(named).expanduser()
        return
    # Here, so that a run against a real cluster judges that cluster alone.
    from simcluster.server import SimCluster  # noqa: PLC0415

    cluster = SimCluster(speed=SPEED)
    cluster.start()
    file = tmp_path_factory.mktemp("cluster") / "kubeconfig"
    cluster.write_kubeconfig(file)
    yield file
    cluster.stop()


@pytest.fixture(scope="session")
def api(kubeconfig: Path) -> Iterator[Api]:
    door = Api(kubeconfig)
    yield door
    door.session.close()


@pytest.fixture(scope="session")
def new_namespace(api: Api) -> Iterator[Callable[..., str]]:
    """Makes namespaces (labels by keyword, `_` for what a keyword cannot have) that are ready for pods."""
    made: list[str] = []

    def make(purpose: str, labels: dict[str, str] | None = None) -> str:
        name = f"contract-{purpose}-{secrets.token_hex(3)}"
        api.create("namespaces", manifests.namespace(name, **(labels or {})))
        made.append(name)
        api.until("serviceaccounts", name, "default", bool)
        return name

    yield make
    for name in made:
        api.delete(path("namespaces", name=name))


@pytest.fixture(scope="module")
def space(request: pytest.FixtureRequest, new_namespace: Callable[..., str]) -> str:
    """One namespace for the whole module; its tests use names of their own in it."""
    return new_namespace(request.module.__name__.rpartition("test_")[2].replace("_", "-"))


@pytest.fixture(scope="session")
def stuck(api: Api, new_namespace: Callable[..., str]) -> str:
    """A namespace with a pod for every way to be stuck, all begun at once."""
    space = new_namespace("stuck")
    cases.begin(api, space)
    return space


@pytest.fixture(scope="session")
def kubectl_base(kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """kubectl's command line up to its verb: the server under test, and a cache of this session's own."""
    cache = tmp_path_factory.mktemp("kubectl")
    return [*kubectl_command(), "--kubeconfig", str(kubeconfig), "--cache-dir", str(cache)]


@pytest.fixture(scope="session")
def kubectl(kubectl_base: list[str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs kubectl with the arguments; `stdin=` is its input. Nothing is asserted of its exit code."""

    def run(*arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [*kubectl_base, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=90, check=False)

    return run


@pytest.fixture(scope="session")
def kubectl_started(kubectl_base: list[str]) -> Callable[..., contextlib.AbstractContextManager[subprocess.Popen[str]]]:
    """Starts kubectl and gives the process with its output as a pipe; ends it after."""

    @contextlib.contextmanager
    def start(*arguments: str) -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen([*kubectl_base, *arguments], stdout=subprocess.PIPE, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    return start


def kubectl_command() -> list[str]:
    """kubectl by KUBECTL, by PATH, or as the test cluster built it."""
    built = Path("~/.cache/berth-cluster/bin/kube").expanduser()
    if named := os.environ.get("KUBECTL") or shutil.which("kubectl"):
        return [named]
    if built.exists():
        return [str(built), "kubectl"]
    missing = "kubectl is not on PATH and KUBECTL does not name one"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)
