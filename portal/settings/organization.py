"""Sign-in through the organization (OpenID Connect), and who may sign in and up here, from the environment."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.settings import env

ID = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")
ROLES = ("owner", "admin", "developer", "viewer")
NEEDED = frozenset({"id", "name", "server_url", "client_id"})
MAY = frozenset({"client_secret", "client_secret_file", "scope", "groups_claim", "groups", "trust_email"})
SCOPE = ["openid", "profile", "email"]


def organization(*, plain_http: bool = False) -> dict[str, Any]:
    """The settings OIDC, SIGN_UP and LOCAL_SIGN_IN. `plain_http`: providers without TLS, for tests.

    OIDC: id → a provider, as BERTH_OIDC has it (docs/operations.md), complete and checked. SIGN_UP: whether anybody may
    make an account with a password, or the domains of addresses that may. Raises ImproperlyConfigured.
    """
    found = {provider["id"]: provider for provider in _providers(plain_http)}
    local = env.flag("BERTH_LOCAL_SIGNIN", True)
    if not local and not found:
        raise ImproperlyConfigured("BERTH_LOCAL_SIGNIN is off and BERTH_OIDC names no provider: nobody could sign in.")
    return {"OIDC": found, "SIGN_UP": _sign_up(env.text("BERTH_SIGNUP", "on")), "LOCAL_SIGN_IN": local}


def _sign_up(text: str) -> bool | tuple[str, ...]:
    if text.strip().lower() in {"on", "off"}:
        return text.strip().lower() == "on"
    domains = tuple(item.strip().lower().removeprefix("@") for item in text.split(",") if item.strip())
    if not all(DOMAIN.fullmatch(domain) for domain in domains):
        raise ImproperlyConfigured(f"BERTH_SIGNUP is {text!r}; write on, off, or domains of e-mail addresses.")
    return domains


def _providers(plain_http: bool) -> list[dict[str, Any]]:
    try:
        listed = json.loads(env.text("BERTH_OIDC", "[]"))
    except ValueError as error:
        raise ImproperlyConfigured(f"BERTH_OIDC is not JSON: {error}.") from error
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise ImproperlyConfigured("BERTH_OIDC is a list of providers: [{…}].")
    found = [_provider(one, plain_http) for one in listed]
    for key in ("id", "client_id"):
        if len({one[key] for one in found}) < len(found):
            raise ImproperlyConfigured(f"BERTH_OIDC: two providers have the same {key}.")
    return found


def _provider(one: dict[str, Any], plain_http: bool) -> dict[str, Any]:
    name = one.get("id", "?")
    if NEEDED - set(one):
        raise ImproperlyConfigured(f"BERTH_OIDC: {name} lacks {', '.join(sorted(NEEDED - set(one)))}.")
    if set(one) - NEEDED - MAY:
        raise ImproperlyConfigured(
            f"BERTH_OIDC: {name} has unknown keys: {', '.join(sorted(set(one) - NEEDED - MAY))}."
        )
    if not all(isinstance(one[key], str) and one[key] for key in NEEDED) or not ID.fullmatch(name):
        raise ImproperlyConfigured(
            f"BERTH_OIDC: {name}: id (a-z, 0-9 and -), name, server_url and client_id are texts."
        )
    address = urlsplit(one["server_url"])
    if not address.hostname or address.scheme not in ({"https", "http"} if plain_http else {"https"}):
        raise ImproperlyConfigured(f"BERTH_OIDC: {name}: server_url is no https address.")
    return {
        **{key: one[key] for key in NEEDED},
        "server_url": one["server_url"].removesuffix("/.well-known/openid-configuration"),
        "client_secret": _secret(one),
        "scope": _texts(one, "scope", SCOPE),
        "groups_claim": str(one.get("groups_claim", "groups")),
        "groups": _groups(name, one.get("groups", {})),
        "trust_email": one.get("trust_email") is True or _texts(one, "trust_email", []),
    }


def _secret(one: dict[str, Any]) -> str:
    path = one.get("client_secret_file")
    if not path:
        return str(one.get("client_secret", ""))
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(f"BERTH_OIDC: {path} cannot be read: {error.strerror}.") from error


def _texts(one: dict[str, Any], key: str, default: list[str]) -> list[str]:
    value = one.get(key) or default
    if isinstance(value, str):
        value = value.split()
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ImproperlyConfigured(f"BERTH_OIDC: {one['id']}: {key} is a list of texts.")
    return [text.lower() for text in value] if key == "trust_email" else value


def _groups(name: str, groups: Any) -> dict[str, tuple[str, str]]:
    """Group → team and role."""
    try:
        found = {str(group): (str(given["team"]), str(given["role"])) for group, given in groups.items()}
    except (AttributeError, KeyError, TypeError) as error:
        wanted = '{"payments-devs": {"team": "payments", "role": "developer"}}'
        raise ImproperlyConfigured(f"BERTH_OIDC: {name}: groups look like {wanted}.") from error
    for group, (_, role) in found.items():
        if role not in ROLES:
            raise ImproperlyConfigured(f"BERTH_OIDC: {name}: {group} gives {role!r}; write {', '.join(ROLES)}.")
    return found
