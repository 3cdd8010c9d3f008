"""Berth installed by its chart in a real cluster, beside PostgreSQL and Redis, behind the cluster's gateway.

Images come from the test cluster's kit, which stands beside this project; where it is not, these tests are left out and
say so.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.contract.conftest import kubectl_command
from tests.processes import accounts
from tests.processes.script import Berth
from tests.processes.witness import Witness
from tests.real.manifests import REGISTRY, database, namespace, redis, settings

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT.parent / "shared" / "cluster" / "cluster"
GATEWAY = "http://10.89.0.1:8088"
HOST = "berth.test"
RELEASE = "berth"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    why = ""
    if not os.environ.get("BERTH_TEST_KUBECONFIG"):
        why = "BERTH_TEST_KUBECONFIG names no cluster"
    elif not KIT.exists():
        why = f"the cluster kit, which builds images, is not at {KIT}"
    for item in items:
        if why and Path(__file__).parent in Path(item.path).parents:
            item.add_marker(pytest.mark.skip(reason=why))


def run(*command: str, stdin: str = "", seconds: float = 300) -> str:
    """What the command printed. Fails with what it complained of."""
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, timeout=seconds, cwd=ROOT, env=_environment()
    )
    assert done.returncode == 0, f"{' '.join(command[:6])}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def _environment() -> dict[str, str]:
    return {**os.environ, "KUBECONFIG": os.environ["BERTH_TEST_KUBECONFIG"]}


class Installation:
    """One release of the chart in a namespace of its own."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace
        self.prefix = f"{namespace}-"
        self.audited_from = audit_log().stat().st_size

    def kubectl(self, *arguments: str, stdin: str = "", seconds: float = 300) -> str:
        return run(*kubectl_command(), "-n", self.namespace, *arguments, stdin=stdin, seconds=seconds)

    def helm(self, *arguments: str) -> str:
        return run(helm_command(), "-n", self.namespace, *arguments, seconds=400)

    def manage(self, *arguments: str) -> str:
        """`manage.py` in a web pod."""
        return self.kubectl("exec", f"deploy/{RELEASE}-web", "--", "python", "manage.py", *arguments)

    def apply(self, *objects: dict[str, object]) -> None:
        content = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "-f", "-", stdin=content)

    def values(self) -> list[str]:
        """What `helm install` is told."""
        return [
            "--set", f"image.repository={REGISTRY}/berth,image.tag=test,image.pullPolicy=Always",
            "--set", f"publicUrl=http://{HOST}:8088,insecureHttp=true,namespacePrefix={self.prefix}",
            "--set", "ingress.enabled=true,ingress.className=test,clusterTitle=real",
            "--set", "web.replicas=2,worker.replicas=1,observer.replicas=2",
        ]  # fmt: skip


def kit_home() -> Path:
    """Where the kit keeps its programs and logs."""
    return Path(os.environ.get("BERTH_CLUSTER_HOME", "~/.cache/berth-cluster")).expanduser()


def helm_command() -> str:
    """Helm on PATH, or as the kit built it."""
    return shutil.which("helm") or str(kit_home() / "bin" / "helm")


def audit_log() -> Path:
    """The API server's record of who asked for what."""
    return kit_home() / "logs" / "audit.log"


def build_images() -> None:
    """Berth's always; those of PostgreSQL and Redis where the registry has none."""
    run(str(KIT), "image", "berth:test", ".", seconds=600)
    for image, name in ((database.IMAGE, "postgres"), (redis.IMAGE, "redis")):
        repository, _, tag = image.removeprefix(f"{REGISTRY}/").partition(":")
        known = requests.get(f"http://{REGISTRY}/v2/{repository}/tags/list", timeout=10).json()
        if tag not in (known.get("tags") or []):
            run(str(KIT), "image", f"{repository}:{tag}", str(KIT.parent / "images" / name), seconds=600)


@pytest.fixture(scope="session")
def installed(witness: Witness) -> Iterator[Installation]:
    """Chart, PostgreSQL and Redis, all ready; everything is gone afterwards."""
    build_images()
    installation = Installation(f"berth-real-{secrets.token_hex(3)}")
    password = secrets.token_hex(16)
    run(*kubectl_command(), "create", "-f", "-", stdin=json.dumps(namespace(installation.namespace)))
    try:
        installation.apply(*settings(password), *database.objects(), *redis.objects())
        for store in ("postgres", "redis"):
            installation.kubectl("rollout", "status", f"deploy/{store}", "--timeout=120s")
        installation.helm("install", RELEASE, "deploy/berth", "--wait", "--timeout", "5m", *installation.values())
        yield installation
    finally:
        subprocess.run(
            [helm_command(), "-n", installation.namespace, "uninstall", RELEASE, "--ignore-not-found"],
            check=False, capture_output=True, env=_environment(), timeout=120,
        )  # fmt: skip
        witness.forget(installation.prefix)
        run(*kubectl_command(), "delete", "namespace", installation.namespace, "--wait=false")


@pytest.fixture(scope="session")
def script(installed: Installation) -> Iterator[Berth]:
    """That Berth behind the gateway, by its own name."""
    berth = Berth(GATEWAY, accounts.make_token(installed.manage), public=f"http://{HOST}:8088")
    berth.sign_in(accounts.NAME, accounts.PASSWORD)
    yield berth
    berth.close()


@pytest.fixture(scope="session")
def witness() -> Witness:
    return Witness(kubectl=[*kubectl_command(), "--kubeconfig", os.environ["BERTH_TEST_KUBECONFIG"]])
