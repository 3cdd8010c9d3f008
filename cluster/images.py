"""References of container images, taken apart: `registry/name:tag@digest`.

Pure, and never refuses: whether the parts are well-formed is asked elsewhere. The grammar is that of
https://github.com/distribution/reference/blob/main/reference.go.
"""

from __future__ import annotations

from dataclasses import dataclass

DOCKER_HUB = "docker.io"
"""The registry of a reference that names none."""

_DIGEST_SHOWN = 19  # "sha256:" and twelve digits


@dataclass(frozen=True, slots=True)
class Reference:
    """`name` with the registry as it was written; `tag` and `digest` None where the reference has none."""

    name: str
    tag: str | None
    digest: str | None

    @property
    def host(self) -> str:
        """The registry: a first part with a dot or a colon, or localhost; Docker Hub when it names none."""
        first, slash, _ = self.name.partition("/")
        return first if slash and ("." in first or ":" in first or first == "localhost") else DOCKER_HUB

    @property
    def version(self) -> str:
        """What people call it by: the tag, else the digest's first digits, else the tag that is meant.

        >>> split("registry:5000/shop/web:2.1").version, split("shop").version
        ('2.1', 'latest')
        """
        return self.tag or (self.digest or "")[:_DIGEST_SHOWN] or "latest"


def split(text: str) -> Reference:
    """The parts of a reference.

    >>> split("registry:5000/shop@sha256:ab")
    Reference(name='registry:5000/shop', tag=None, digest='sha256:ab')
    """
    rest, at, digest = text.partition("@")
    head, slash, last = rest.rpartition("/")
    stem, colon, tag = last.partition(":")
    return Reference(f"{head}{slash}{stem}", tag if colon else None, digest if at else None)
