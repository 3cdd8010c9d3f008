"""Plain HTTP to an API server: paths, answers, watches and awaiting, with nothing of a client library in between."""

from __future__ import annotations

import base64
import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests
import yaml

Object = dict[str, Any]
T = TypeVar("T")

CLUSTER_SCOPED = {"namespaces", "nodes", "persistentvolumes", "storageclasses.storage.k8s.io"}
VERSIONS = {"autoscaling": "v2"}
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
APPLY = "application/apply-patch+yaml"
METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1"


def path(resource: str, namespace: str | None = None, name: str | None = None, subresource: str | None = None) -> str:
    """`deployments.apps`, `team-a`, `web`, `scale` → `/apis/apps/v1/namespaces/team-a/deployments/web/scale`."""
    plural, _, group = resource.partition(".")
    parts = [f"/apis/{group}/{VERSIONS.get(group, 'v1')}" if group else "/api/v1"]
    if namespace is not None:
        parts += ["namespaces", namespace]
    parts += [part for part in (plural, name, subresource) if part is not None]
    return "/".join(parts)


@dataclass
class Answer:
    """One reply: its status, its headers, and its body as JSON (or as text when it is none)."""

    status: int
    headers: Any
    text: str
    body: Any = field(default=None)

    @classmethod
    def of(cls, reply: requests.Response) -> Answer:
        with contextlib.suppress(ValueError):
            return cls(reply.status_code, reply.headers, reply.text, reply.json())
        return cls(reply.status_code, reply.headers, reply.text)

    @property
    def reason(self) -> str:
        return self.body.get("reason", "")

    @property
    def message(self) -> str:
        return self.body.get("message", "")

    @property
    def causes(self) -> list[tuple[str, str]]:
        """(field, reason) of each cause of a 422, in the server's order."""
        details = self.body.get("details") or {}
        return [(cause.get("field", ""), cause.get("reason", "")) for cause in details.get("causes", [])]

    def ok(self) -> Object:
        assert 200 <= self.status < 300, f"{self.status}: {self.text[:2000]}"
        return self.body


class Api:
    """An API server as its kubeconfig's user. One connection pool; not for several threads."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        config = yaml.safe_load(kubeconfig.read_text())
        context = next(c["context"] for c in config["contexts"] if c["name"] == config["current-context"])
        cluster = next(c["cluster"] for c in config["clusters"] if c["name"] == context["cluster"])
        user = next((u["user"] for u in config.get("users", []) if u["name"] == context.get("user")), {}) or {}
        self.server = cluster["server"].rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = False
        if "token" in user:
            self.session.headers["Authorization"] = f"Bearer {user['token']}"
        if certificate := _file(user, "client-certificate"):
            self.session.cert = (certificate, _file(user, "client-key"))
        self.session.verify = _file(cluster, "certificate-authority") or True

    def request(
        self,
        method: str,
        where: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        accept: str = "application/json",
        **params: Any,
    ) -> Answer:
        data = body if isinstance(body, str | bytes | None) else json.dumps(body)
        headers = {"Accept": accept} | ({"Content-Type": content_type} if data is not None else {})
        reply = self.session.request(method, self.server + where, data=data, headers=headers, params=params, timeout=30)
        return Answer.of(reply)

    def get(self, where: str, **options: Any) -> Answer:
        return self.request("GET", where, **options)

    def post(self, where: str, body: Any, **options: Any) -> Answer:
        return self.request("POST", where, body, **options)

    def put(self, where: str, body: Any, **options: Any) -> Answer:
        return self.request("PUT", where, body, **options)

    def delete(self, where: str, body: Any = None, **options: Any) -> Answer:
        return self.request("DELETE", where, body, **options)

    def patch(self, where: str, body: Any, content_type: str = MERGE, **options: Any) -> Answer:
        return self.request("PATCH", where, body, content_type=content_type, **options)

    def apply(self, resource: str, body: Object, manager: str = "berth", **options: Any) -> Answer:
        """Server-side apply of one object, by the names in its metadata."""
        meta = body["metadata"]
        subresource = options.pop("subresource", None)
        where = path(resource, meta.get("namespace"), meta["name"], subresource)
        return self.patch(where, body, APPLY, fieldManager=manager, **options)

    def create(self, resource: str, body: Object) -> Object:
        """Creates the object in its metadata's namespace and gives back what the server made of it."""
        return self.post(path(resource, body["metadata"].get("namespace")), body).ok()

    def read(self, resource: str, namespace: str | None, name: str) -> Object:
        return self.get(path(resource, namespace, name)).ok()

    def items(self, resource: str, namespace: str | None = None, **params: Any) -> list[Object]:
        return self.get(path(resource, namespace), **params).ok()["items"]

    @contextlib.contextmanager
    def stream(self, where: str, timeout: float = 30, **params: Any) -> Iterator[Iterator[bytes]]:
        """The lines of a reply as they come. `timeout`: seconds of silence after which reading fails."""
        with self.session.get(self.server + where, params=params, stream=True, timeout=(5, timeout)) as reply:
            assert reply.status_code == 200, f"{reply.status_code}: {reply.text[:2000]}"
            yield reply.iter_lines(chunk_size=None)

    @contextlib.contextmanager
    def watch(self, where: str, **params: Any) -> Iterator[Iterator[Object]]:
        """The events of a watch as they come, until the server ends it."""
        with self.stream(where, watch="true", **params) as lines:
            yield (json.loads(line) for line in lines if line)

    def until(
        self,
        resource: str,
        namespace: str | None,
        name: str | None,
        true: Callable[[Object], Any],
        timeout: float = 60,
        **params: Any,
    ) -> Object:
        """The first object (of that name, if given) of which `true` holds. A watch, so it is seen as it happens."""
        where, deadline, last = path(resource, namespace), time.monotonic() + timeout, None
        if name is not None:
            params["fieldSelector"] = f"metadata.name={name}"
        while (left := deadline - time.monotonic()) > 0:
            listed = self.get(where, **params).ok()
            for last in listed["items"]:
                if true(last):
                    return last
            since = listed["metadata"]["resourceVersion"]
            seconds = max(1, int(left))
            with self.watch(where, resourceVersion=since, timeoutSeconds=seconds, **params) as events:
                for event in events:
                    if event["type"] not in ("ADDED", "MODIFIED"):
                        continue
                    last = event["object"]
                    if true(last):
                        return last
        raise AssertionError(f"{resource} {name or ''} in {namespace}: not so after {timeout} s. Last: {_short(last)}")

    def until_gone(self, resource: str, namespace: str | None, name: str, timeout: float = 60) -> None:
        """Awaits the end of an object; a watch, so that a new object of the same name does not hide it."""
        where, deadline = path(resource, namespace), time.monotonic() + timeout
        selector = f"metadata.name={name}"
        while (left := deadline - time.monotonic()) > 0:
            listed = self.get(where, fieldSelector=selector).ok()
            if not listed["items"]:
                return
            since, seconds = listed["metadata"]["resourceVersion"], max(1, int(left))
            with self.watch(where, fieldSelector=selector, resourceVersion=since, timeoutSeconds=seconds) as events:
                if any(event["type"] == "DELETED" for event in events):
                    return
        raise AssertionError(f"{resource} {name} in {namespace} is still there after {timeout} s")

    def until_event(self, namespace: str, reason: str, name: str, text: str = "", timeout: float = 60) -> Object:
        """The first event of that reason about an object whose name begins with `name`, with `text` in its message."""
        return self.until(
            "events",
            namespace,
            None,
            lambda event: (
                event["reason"] == reason
                and event["involvedObject"].get("name", "").startswith(name)
                and text in event.get("message", "")
            ),
            timeout,
        )


def eventually(read: Callable[[], T], true: Callable[[T], Any], timeout: float = 30) -> T:
    """For what no watch tells (a cache that lags): reads until `true` holds, ten times a second."""
    deadline = time.monotonic() + timeout
    while not true(found := read()):
        assert time.monotonic() < deadline, f"not so after {timeout} s. Last: {found}"
        time.sleep(0.1)
    return found


def condition(thing: Object, kind: str) -> Object:
    """The condition of that type in the object's status, or an empty one."""
    for found in thing.get("status", {}).get("conditions") or []:
        if found["type"] == kind:
            return found
    return {}


def _file(section: Object, key: str) -> str | None:
    if key in section:
        return str(section[key])
    if f"{key}-data" not in section:
        return None
    with tempfile.NamedTemporaryFile(delete=False, prefix="contract-", suffix=".pem") as file:
        file.write(base64.b64decode(section[f"{key}-data"]))
    return file.name


def _short(thing: Object | None) -> str:
    if thing is None:
        return "nothing of that name was seen"
    return json.dumps({"metadata": {"name": thing["metadata"]["name"]}, "status": thing.get("status")})[:3000]
