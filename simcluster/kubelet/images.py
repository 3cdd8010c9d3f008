"""The registries that a node can pull from, and how it fails on all others, in containerd's and the kubelet's words.

`registry.example` stands for the same images as the plain test registry; `10.89.0.1:5001` wants a login.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

from simcluster import references

OPEN = ("10.89.0.1:5000", "registry.example")
LOCKED = "10.89.0.1:5001"
LOGIN = ("robot", "swordfish")
NAMESERVER = "10.96.0.10:53"

ADDRESS = re.compile(r"[0-9.]+(:[0-9]+)?|localhost(:[0-9]+)?")


@dataclass(frozen=True)
class Image:
    """What is in an image: size in bytes, the uid it runs as, its entry point, its program's version."""

    reference: str
    entrypoint: tuple[str, ...]
    uid: int
    size: int
    version: str = ""

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256('/'.join(self.reference.split('/')[1:]).encode()).hexdigest()}"

    @property
    def image_id(self) -> str:
        """repository@digest, as containerStatuses show it."""
        return f"{self.reference.rpartition(':')[0]}@{self.digest}"


class PullError(Exception):
    """The pull failed; the text is containerd's, `seconds` is how long it took to fail."""

    def __init__(self, message: str, seconds: float):
        super().__init__(message)
        self.seconds = seconds


def _catalog() -> dict[tuple[str, str], tuple[tuple[str, ...], int, int]]:
    hello = {("hello", tag): (("/bin/hello",), 65532, 8366762) for tag in ("v1", "v2", "v3")}
    return {
        **hello,
        ("busybox", "1.35"): (("/bin/sh",), 65532, 2007719),
        ("root", "v1"): (("/bin/sleep", "2000000000"), 0, 2007728),
    }


CATALOG = _catalog()


def pull(text: str, name: references.Name, secrets: Iterable[dict]) -> Image:
    """The image of a name, with the login that the pod's pull secrets have for its registry. Raises PullError."""
    full = text if name.digest or ":" in text.rpartition("/")[2] else f"{text}:latest"
    if name.registry == LOCKED:
        _check_login(full, name, credentials(name.registry, secrets))
        known = (name.repository, name.tag) == ("hello", "v1")
    elif name.registry in OPEN:
        known = (name.repository, name.tag) in CATALOG or _by_digest(name) is not None
    else:
        raise PullError(_failed(full, f"failed to do request: {_unreachable(name)}"), 0.3)
    if not known:
        raise PullError(f"rpc error: code = NotFound desc = {_failed(full, f'{full}: not found')}", 0.2)
    return find(name)


def find(name: references.Name) -> Image:
    """A catalog image under the registry's name."""
    key = (name.repository, name.tag) if name.tag else _by_digest(name)
    assert key is not None
    entrypoint, uid, size = CATALOG[key]
    return Image(f"{name.registry}/{key[0]}:{key[1]}", entrypoint, uid, size, key[1])


def _by_digest(name: references.Name) -> tuple[str, str] | None:
    for repository, tag in CATALOG:
        digest = Image(f"{name.registry}/{repository}:{tag}", (), 0, 0).digest
        if name.digest == digest and repository == name.repository:
            return repository, tag
    return None


def credentials(registry: str, secrets: Iterable[dict]) -> list[tuple[str, str]]:
    """(user, password) for a registry in secrets of type kubernetes.io/dockerconfigjson."""
    found = []
    for secret in secrets:
        try:
            config = json.loads(base64.b64decode((secret.get("data") or {}).get(".dockerconfigjson", "")))
            entries = config.get("auths", {}).items()
        except (ValueError, binascii.Error, AttributeError):
            continue
        for host, entry in entries:
            plain = host.removeprefix("https://").removeprefix("http://").split("/")[0]
            if plain == registry:
                found.append(_login(entry))
    return found


def _login(entry: dict) -> tuple[str, str]:
    if "username" in entry:
        return entry["username"], entry.get("password", "")
    try:
        user, _, password = base64.b64decode(entry.get("auth", "")).decode().partition(":")
    except (ValueError, binascii.Error):
        return "", ""
    return user, password


def _check_login(full: str, name: references.Name, logins: list[tuple[str, str]]) -> None:
    if LOGIN in logins:
        return
    if logins:
        url = f"http://{name.registry}/v2/{name.repository}/manifests/{name.tag or name.digest}"
        raise PullError(_failed(full, f"unexpected status from HEAD request to {url}: 401 Unauthorized"), 0.1)
    denied = "pull access denied, repository does not exist or may require authorization"
    raise PullError(_failed(full, f"{denied}: authorization failed: no basic auth credentials"), 0.1)


def _failed(full: str, why: str) -> str:
    return f'failed to pull and unpack image "{full}": failed to resolve image: {why}'


def _unreachable(name: references.Name) -> str:
    host = "registry-1.docker.io" if name.registry == references.DEFAULT_REGISTRY else name.registry
    request = f'Head "https://{host}/v2/{name.repository}/manifests/{name.tag or name.digest}"'
    if ADDRESS.fullmatch(host):
        address = host if ":" in host else f"{host}:443"
        return f"{request}: dial tcp {address}: connect: connection refused"
    return f"{request}: dial tcp: lookup {host.partition(':')[0]} on {NAMESERVER}: no such host"
