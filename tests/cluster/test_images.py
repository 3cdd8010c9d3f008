"""References of images are taken apart in one place."""

from __future__ import annotations

import pytest

from cluster import images

DIGEST = "sha256:" + "a1" * 32


@pytest.mark.parametrize(
    ("text", "name", "tag", "digest", "host", "version"),
    [
        ("nginx", "nginx", None, None, "docker.io", "latest"),
        ("nginx:1.27", "nginx", "1.27", None, "docker.io", "1.27"),
        ("library/nginx:1", "library/nginx", "1", None, "docker.io", "1"),
        ("registry:5000/shop/web", "registry:5000/shop/web", None, None, "registry:5000", "latest"),
        ("registry:5000/shop/web:2.1", "registry:5000/shop/web", "2.1", None, "registry:5000", "2.1"),
        ("localhost/shop:1", "localhost/shop", "1", None, "localhost", "1"),
        (f"r.example/shop@{DIGEST}", "r.example/shop", None, DIGEST, "r.example", DIGEST[:19]),
        (f"r.example/shop:1@{DIGEST}", "r.example/shop", "1", DIGEST, "r.example", "1"),
        ("shop:", "shop", "", None, "docker.io", "latest"),
        ("shop@", "shop", None, "", "docker.io", "latest"),
    ],
)
def test_a_reference_has_its_parts(
    text: str, name: str, tag: str | None, digest: str | None, host: str, version: str
) -> None:
    found = images.split(text)
    assert (found.name, found.tag, found.digest) == (name, tag, digest)
    assert (found.host, found.version) == (host, version)
