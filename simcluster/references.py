"""References of images, as github.com/distribution/reference reads them."""

import re
from dataclasses import dataclass

DEFAULT_REGISTRY = "docker.io"

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
PATH = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
HOST = re.compile(r"([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(\.[a-zA-Z0-9-]+)*(:[0-9]+)?")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Name:
    """A parsed image name."""

    registry: str
    repository: str
    tag: str
    digest: str = ""


class InvalidName(ValueError):
    """The name cannot be an image's; the text is the parser's own."""


def parse(text: str) -> Name:
    """As github.com/distribution/reference does. Raises InvalidName."""
    rest, _, digest = text.partition("@")
    if digest and not DIGEST.fullmatch(digest):
        raise InvalidName("invalid reference format")
    first, slash, remainder = rest.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost" or first != first.lower()):
        registry, path = first, remainder
    else:
        registry, path = DEFAULT_REGISTRY, rest if slash else f"library/{rest}"
    path, colon, tag = path.partition(":")
    if path != path.lower():
        raise InvalidName(f"invalid reference format: repository name ({path}) must be lowercase")
    bad_tag = bool(colon) and not TAG.fullmatch(tag)
    if not PATH.fullmatch(path) or not HOST.fullmatch(registry) or bad_tag:
        raise InvalidName("invalid reference format")
    return Name(registry, path, tag or ("" if digest else "latest"), digest)
