"""The cluster seen without Berth: kubectl, and a watch of our own that notes when each change was told."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes.client
import kubernetes.config
from urllib3.exceptions import HTTPError

PATIENCE = 90.0
DEPLOYMENTS = "/apis/apps/v1/deployments"
Object = dict[str, Any]


class Kubectl:
    """kubectl of PATH, or of KUBECTL, with one kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        self.program = shlex.split(os.environ.get("KUBECTL", "")) or [shutil.which("kubectl") or "kubectl"]

    def command(self, *arguments: str) -> list[str]:
        return [*self.program, "--kubeconfig", str(self.kubeconfig), *arguments]

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Answers what it printed. Raises RuntimeError with kubectl's own words."""
        done = subprocess.run(self.command(*arguments), input=stdin, text=True, capture_output=True, check=False)
        if done.returncode:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def behind(self, port: int, file: Path) -> Kubectl:
        """The same cluster through a proxy on this machine's `port`."""
        config = self.config()
        cluster = config["clusters"][0]["cluster"]
        host = cluster["server"].split("://")[1].rsplit(":", 1)[0]
        cluster["server"] = f"https://127.0.0.1:{port}"
        cluster["tls-server-name"] = host
        file.write_text(json.dumps(config))
        file.chmod(0o600)
        return Kubectl(file)

    def config(self) -> Object:
        """The kubeconfig with its files read in."""
        found: Object = json.loads(self.run("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
        return found

    def server(self) -> tuple[str, int]:
        """Host and port of the API server."""
        url = self.config()["clusters"][0]["cluster"]["server"]
        host, _, port = url.split("://")[1].rstrip("/").partition(":")
        return host, int(port or 443)


class ObjectWatch:
    """Watches all objects of one API path, in a thread; `time.monotonic()` of each event."""

    def __init__(self, kubeconfig: Path, path: str = DEPLOYMENTS) -> None:
        api = kubernetes.config.new_client_from_config(str(kubeconfig))
        self._seen: list[tuple[float, Object]] = []
        self._changed = threading.Condition()
        asked = api.param_serialize(
            "GET",
            path,
            query_params=[("watch", "true"), ("timeoutSeconds", "3600")],
            auth_settings=["BearerToken"],
        )
        self._response = api.call_api(*asked, _request_timeout=(10, 3600)).response
        threading.Thread(target=self._read, name="witness", daemon=True).start()

    def first(self, wanted: Callable[[Object], bool], since: float) -> float:
        """When the first event after `since` came whose object is wanted. Raises TimeoutError."""
        deadline = time.monotonic() + PATIENCE
        at = 0
        with self._changed:
            while True:
                for when, found in self._seen[at:]:
                    if when >= since and wanted(found):
                        return when
                at = len(self._seen)
                if not self._changed.wait(deadline - time.monotonic()):
                    raise TimeoutError("the cluster did not say what was waited for")

    def close(self) -> None:
        self._response.shutdown()  # close() would wait for the thread that reads

    def _chunks(self) -> Iterator[bytes]:
        with contextlib.suppress(AttributeError, OSError, HTTPError):  # closed while it reads
            yield from self._response.stream(1 << 16)

    def _read(self) -> None:
        rest = b""
        for chunk in self._chunks():
            now = time.monotonic()
            *lines, rest = (rest + chunk).split(b"\n")
            with self._changed:
                self._seen += [(now, json.loads(line)["object"]) for line in lines if line]
                self._changed.notify_all()


def named(namespace: str, name: str) -> Callable[[Object], bool]:
    """Whether an object is that one."""
    return lambda found: (found["metadata"]["namespace"], found["metadata"]["name"]) == (namespace, name)


def rolled_out(namespace: str, name: str, generation: int) -> Callable[[Object], bool]:
    """Whether a Deployment is ready as `kubectl rollout status` understands it."""
    this = named(namespace, name)

    def ready(found: Object) -> bool:
        if not this(found) or found["metadata"]["generation"] < generation:
            return False
        status, wanted = found.get("status", {}), found["spec"]["replicas"]
        figures = (status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas"))
        return status.get("observedGeneration", 0) >= found["metadata"]["generation"] and set(figures) == {wanted}

    return ready
