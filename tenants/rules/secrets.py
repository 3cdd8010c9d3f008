"""Secrets: keys and sizes. A message never quotes a value."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping

from tenants.rules.broken import Broken

KEY_MAX = 253
TOTAL_MAX = 1 << 20
COUNT_MAX = 200
OPAQUE = "Opaque"
REGISTRY_LOGIN = "kubernetes.io/dockerconfigjson"
REGISTRY_KEY = ".dockerconfigjson"
DOCKER_HUB = "https://index.docker.io/v1/"
TYPES = (OPAQUE, REGISTRY_LOGIN)

_KEY = re.compile(r"[-._a-zA-Z0-9]+", re.ASCII)


def secret_key(text: str) -> str:
    """A key of a secret: letters, digits, “-”, “_”, “.”, at most 253; it may become a file's name."""
    key = text.strip()
    if not key:
        raise Broken("Give the key a name, such as PASSWORD.")
    if len(key) > KEY_MAX:
        raise Broken(f"At most {KEY_MAX} characters, please; this has {len(key)}.")
    if not _KEY.fullmatch(key) or key == "." or key.startswith(".."):
        raise Broken(f"“{key[:40]}” is no key: letters, digits, “-”, “_” and “.”.")
    return key


def secret_values(values: Mapping[str, str]) -> dict[str, str]:
    """Values by key, at most 200 keys and 1 MiB together (Kubernetes' own limit for one Secret)."""
    clean: dict[str, str] = {}
    total = 0
    for raw_key, value in values.items():
        key = secret_key(raw_key)
        if key in clean:
            raise Broken(f"“{key}” stands here twice: keep one of them.")
        try:
            total += len(key) + len(value.encode())
        except UnicodeEncodeError:
            raise Broken(f"The value of {key} is no valid text: type it again.") from None
        clean[key] = value
    if len(clean) > COUNT_MAX:
        raise Broken(f"At most {COUNT_MAX} keys at once; these are {len(clean)}.")
    if total > TOTAL_MAX:
        raise Broken(f"At most 1 MiB together; these have {total} bytes.")
    return clean


def secret_type(text: str) -> str:
    """`Opaque`, or `kubernetes.io/dockerconfigjson` for the login to a registry."""
    if text not in TYPES:
        raise Broken(f"One of {', '.join(TYPES)}, please.")
    return text


def registry_user(text: str) -> str:
    """The user of a registry: HTTP's basic authentication knows no “:” in it (RFC 7617, 2)."""
    user = text.strip()
    if not user:
        raise Broken("Give the user name.")
    if ":" in user:
        raise Broken("A user name has no “:” in it.")
    return user


def login_values(host: str, user: str, password: str) -> dict[str, str]:
    """What the secret of a registry's login holds, as `kubectl create secret docker-registry` writes it.

    Docker Hub goes by its old address there, whatever its images begin with.
    """
    server = DOCKER_HUB if host in ("docker.io", "index.docker.io") else host
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {REGISTRY_KEY: json.dumps({"auths": {server: {"username": user, "password": password, "auth": auth}}})}


def registry_login(values: Mapping[str, str]) -> None:
    """A login to a registry has the one key `.dockerconfigjson`, JSON with "auths" in it."""
    if set(values) != {REGISTRY_KEY}:
        raise Broken(f"The login to a registry has exactly one key, {REGISTRY_KEY}.")
    try:
        config = json.loads(values[REGISTRY_KEY])
    except ValueError:
        config = None
    if not isinstance(config, dict) or not isinstance(config.get("auths"), dict) or not config["auths"]:
        raise Broken('The login must be JSON such as {"auths": {"registry.example": {"auth": "…"}}}.')
