"""References of container images: the grammar of the distribution specification, in words for people."""

from __future__ import annotations

import re
from collections.abc import Collection

from cluster import images
from tenants.rules.broken import Broken

LONGEST = 255

_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]{1,5})?"
_REGISTRY = re.compile(_HOST, re.ASCII)
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_NAME = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}", re.ASCII)


def image(text: str, hosts: Collection[str] = ()) -> str:
    """An image's reference with its tag written out (`nginx` → `nginx:latest`: the ledger says which was meant).

    `hosts`: the registries that the site allows; empty allows all. Grammar:
    https://github.com/distribution/reference/blob/main/reference.go
    """
    reference = text.strip()
    if not reference:
        raise Broken("Give an image, such as registry.example/shop:1.4.0.")
    if "://" in reference:
        raise Broken(f"Leave out “{reference.split('://')[0][:20]}://”: an image begins with its registry's name.")
    if re.search(r"\s", reference):
        raise Broken("An image has no spaces in it.")
    parts = images.split(reference)
    name, tag, digest = parts.name, parts.tag, parts.digest
    _check_name(parts)
    if tag is not None and not _TAG.fullmatch(tag):
        raise Broken(f"The tag “{tag[:40]}” is none: letters, digits, “_”, “.” and “-”, at most 128.")
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise Broken("The part after “@” must be sha256: and 64 digits or letters a–f.")
    if hosts and parts.host not in hosts:
        raise Broken(f"Images of {parts.host} are not allowed here. Allowed: {', '.join(sorted(hosts))}.")
    if tag is None and digest is None:
        tag = "latest"
    return name + (f":{tag}" if tag is not None else "") + (f"@{digest}" if digest is not None else "")


def registry_host(text: str) -> str:
    """A registry's host, with its port where it has one, as an image begins with it: `registry.example:5000`."""
    host = text.strip()
    if "://" in host:
        raise Broken(f"Leave out “{host.split('://')[0][:20]}://”: the host alone, such as registry.example.")
    if not _REGISTRY.fullmatch(host) or len(host) > LONGEST:
        raise Broken("The host alone, as the image begins with it, such as registry.example or registry.example:5000.")
    return host


def _check_name(parts: images.Reference) -> None:
    name = parts.name
    if len(name) > LONGEST:
        raise Broken(f"At most {LONGEST} characters before the tag; this has {len(name)}.")
    if _NAME.fullmatch(name):
        return
    path = name.removeprefix(f"{parts.host}/")
    if path != path.lower() and _NAME.fullmatch(name.replace(path, path.lower())):
        raise Broken(f"Small letters after the registry's name, please: “{path.lower()[:80]}”.")
    raise Broken("This is no image: write registry/name:tag, such as registry.example/shop:1.4.0.")
