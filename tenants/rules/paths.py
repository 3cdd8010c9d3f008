"""Where volumes and secrets may be mounted in a container."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from cluster.names import MAX_LABEL, is_subdomain
from tenants.rules.broken import Broken

LONGEST = 512
ACCESS_MODES = ("ReadWriteOnce", "ReadWriteMany", "ReadOnlyMany")
# What the container's own system stands on: the folder itself, or all below it too.
RESERVED = frozenset(
    {"/", "/etc", "/var", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/run", "/var/run", "/home", "/root"}
)
RESERVED_TREES = (
    "/proc",
    "/sys",
    "/dev",
    "/boot",
    "/usr/bin",
    "/usr/lib",
    "/usr/sbin",
    "/run/secrets",
    "/var/run/secrets",
)
RESERVED_FILES = frozenset(
    {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/ssl"}
)


def mount_path(text: str) -> str:
    """An absolute path without “.”, “..” or “:” (Kubernetes takes no colon), not one that the system stands on."""
    path = text.strip()
    if not path.startswith("/"):
        raise Broken("A path begins with “/”, such as /data.")
    if len(path) > LONGEST:
        raise Broken(f"At most {LONGEST} characters, please; this has {len(path)}.")
    if ":" in path or not path.isprintable():
        raise Broken("No “:” and no invisible characters in a path.")
    if ".." in path.split("/") or "." in path.split("/"):
        raise Broken("Write the path without “.” and “..”.")
    clean = "/" + posixpath.normpath(path).lstrip("/")
    below = any(clean == tree or clean.startswith(f"{tree}/") for tree in RESERVED_TREES)
    if below or clean in RESERVED or clean in RESERVED_FILES:
        raise Broken(f"The system stands on {clean}: choose a folder of its own, such as /data.")
    return clean


def unique_paths(mounts: Iterable[tuple[str, str]]) -> None:
    """Each path once (the API server refuses two volumes at one path without naming the field).

    `mounts` are what stands there and where: ("volume files", "/data").
    """
    seen: dict[str, str] = {}
    for thing, path in mounts:
        if path in seen:
            raise Broken(f"Both {seen[path]} and {thing} would stand at {path}: give each its own path.")
        seen[path] = thing


def access_mode(text: str) -> str:
    """ReadWriteOnce (one node at a time), ReadWriteMany or ReadOnlyMany."""
    if text not in ACCESS_MODES:
        raise Broken(f"One of {', '.join(ACCESS_MODES)}, please.")
    return text


def storage_class(text: str) -> str:
    """A class's name (DNS-1123 subdomain), or "" for the cluster's default."""
    name = text.strip()
    if name and (len(name) > MAX_LABEL or not is_subdomain(name)):
        raise Broken("Choose a class from the list, or leave it out for the cluster's default.")
    return name
