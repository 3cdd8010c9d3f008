"""References of container images: the grammar of the distribution specification, in words for people."""

from __future__ import annotations

import re
from collections.abc import Collection

from tenants.rules.broken import Broken

LONGEST = 255
DEFAULT_HOST = "docker.io"

_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*(?::[0-9]{1,5})?"
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
    name, tag, digest = _split(reference)
    _check_name(name)
    if tag is not None and not _TAG.fullmatch(tag):
        raise Broken(f"The tag “{tag[:40]}” is none: letters, digits, “_”, “.” and “-”, at most 128.")
    if digest is not None and not _DIGEST.fullmatch(digest):
        raise Broken("The part after “@” must be sha256: and 64 digits or letters a–f.")
    if hosts and host(name) not in hosts:
        raise Broken(f"Images of {host(name)} are not allowed here. Allowed: {', '.join(sorted(hosts))}.")
    if tag is None and digest is None:
        tag = "latest"
    return name + (f":{tag}" if tag is not None else "") + (f"@{digest}" if digest is not None else "")


def host(reference: str) -> str:
    """The registry's name in a reference, Docker Hub when it names none."""
    first, slash, _ = reference.partition("/")
    return first if slash and ("." in first or ":" in first or first == "localhost") else DEFAULT_HOST


def image_warning(reference: str) -> str:
    """What to mind about a valid reference, or "": a tag that moves makes releases that cannot be told apart."""
    _, tag, digest = _split(reference)
    if digest is None and tag in (None, "latest"):
        return "“latest” moves: a rollback may bring another image than it had. Name a version's tag."
    return ""


def _check_name(name: str) -> None:
    if len(name) > LONGEST:
        raise Broken(f"At most {LONGEST} characters before the tag; this has {len(name)}.")
    if _NAME.fullmatch(name):
        return
    path = name.removeprefix(f"{host(name)}/")
    if path != path.lower() and _NAME.fullmatch(name.replace(path, path.lower())):
        raise Broken(f"Small letters after the registry's name, please: “{path.lower()[:80]}”.")
    raise Broken("This is no image: write registry/name:tag, such as registry.example/shop:1.4.0.")


def _split(reference: str) -> tuple[str, str | None, str | None]:
    rest, at, digest = reference.partition("@")
    head, slash, last = rest.rpartition("/")
    stem, colon, tag = last.partition(":")
    return f"{head}{slash}{stem}", tag if colon else None, digest if at else None
