"""What is really there: the API server's own answers, on a real cluster by way of kubectl."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Raw = Callable[[str], Json]
"""API path → the JSON that stands there; an object of kind Status where nothing does."""


class Witness:
    """`kubectl` is its command line with a kubeconfig, on a real cluster; `raw` reads a simulated one."""

    def __init__(self, *, kubectl: list[str] | None = None, raw: Raw | None = None) -> None:
        self._kubectl = kubectl
        self._read = raw

    def raw(self, path: str) -> Json:
        if self._read is not None:
            return self._read(path)
        done = self._run("get", "--raw", path)
        if done.returncode == 0:
            found: Json = json.loads(done.stdout)
            return found
        assert "NotFound" in done.stderr or "not found" in done.stderr, done.stderr
        return {"kind": "Status"}

    def items(self, namespace: str, plural: str, api: str = "api/v1", selector: str = "") -> list[Json]:
        query = f"?labelSelector={selector}" if selector else ""
        found: list[Json] = self.raw(f"/{api}/namespaces/{namespace}/{plural}{query}").get("items", [])
        return found

    def sees_namespace(self, namespace: str, *, team: str) -> None:
        """Owner labels, quota, limits, policies, Pod Security."""
        labels = self.raw(f"/api/v1/namespaces/{namespace}")["metadata"]["labels"]
        assert labels["app.kubernetes.io/managed-by"] == "berth"
        assert labels["berth.dev/team"] == team
        assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
        (quota,) = self.items(namespace, "resourcequotas")
        assert quota["status"]["hard"]["requests.cpu"] == "2"
        assert quota["status"]["hard"]["pods"] == "20"
        (limits,) = self.items(namespace, "limitranges")
        assert any(limit["type"] == "Container" and limit["default"] for limit in limits["spec"]["limits"])
        policies = self.items(namespace, "networkpolicies", "apis/networking.k8s.io/v1")
        closed = [p for p in policies if not p["spec"]["podSelector"] and not p["spec"].get("ingress")]
        assert any(set(p["spec"]["policyTypes"]) == {"Ingress", "Egress"} for p in closed)
        assert self.items(namespace, "rolebindings", "apis/rbac.authorization.k8s.io/v1")

    def sees_parts(self, namespace: str) -> None:
        """The claim, and one immutable Secret for the values that were set."""
        (claim,) = self.items(namespace, "persistentvolumeclaims")
        assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
        (secret,) = self.items(namespace, "secrets", selector="berth.dev/secret=login")
        assert secret["immutable"] is True
        assert set(secret["data"]) == {"USER", "PASSWORD"}
        assert "last-applied" not in json.dumps(secret["metadata"])

    def sees_app(self, namespace: str, *, image: str, password: str) -> None:
        """Deployment, pods and Service; where containers really run, also what stands in them."""
        (deployment,) = self.items(namespace, "deployments", "apis/apps/v1")
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        assert container["image"] == image
        assert deployment["status"]["readyReplicas"] == deployment["status"]["updatedReplicas"] == 2
        assert password not in json.dumps(deployment)
        (service,) = self.items(namespace, "services")
        assert (service["spec"]["type"], service["spec"]["ports"][0]["port"]) == ("ClusterIP", 8080)
        if self._kubectl is not None:
            self._looks_inside(namespace, password)

    def _looks_inside(self, namespace: str, password: str) -> None:
        """The secret is in the environment and in a file; what is written to the volume stays from pod to pod."""
        inside = 'echo "$PASSWORD"; cat /secrets/login/PASSWORD; echo; touch /data/kept && ls /data'
        done = self._run("exec", "-n", namespace, "deploy/web", "--", "sh", "-c", inside)
        assert done.stdout.split() == [password, password, "kept"], done.stdout + done.stderr

    def sees_nothing(self, namespace: str) -> None:
        assert self.raw(f"/api/v1/namespaces/{namespace}")["kind"] == "Status"

    def forget(self, prefix: str) -> None:
        """Has kubectl delete what a test that failed left: Berth's namespaces whose names begin so."""
        ours = self.kubectl("get", "namespaces", "-l", "app.kubernetes.io/managed-by=berth", "-o", "name").split()
        left = [name for name in ours if name.startswith(f"namespace/{prefix}")]
        if left:
            self.kubectl("delete", "--wait=false", *left)

    def until(self, what: str, holds: Callable[[], bool], seconds: float = 60) -> float:
        """Looks until it holds; answers after how many seconds. Fails with `what`."""
        started = time.monotonic()
        while not holds():
            assert time.monotonic() - started < seconds, f"{what}: not within {seconds:.0f} s"
            time.sleep(0.1)
        return time.monotonic() - started

    def kubectl(self, *arguments: str) -> str:
        """Runs kubectl, which must succeed."""
        done = self._run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        assert self._kubectl is not None
        return subprocess.run([*self._kubectl, *arguments], capture_output=True, text=True, check=False, timeout=90)
