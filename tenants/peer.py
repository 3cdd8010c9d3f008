"""Who is at the other end: the client's address, for requests and sockets alike.

Each of N trusted proxies (settings.TRUSTED_PROXIES) adds the address that it saw to the end of X-Forwarded-For, so the
client's is the Nth from the end. What stands before it was written by the client and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def address(of: HttpRequest | Mapping[str, Any]) -> str | None:
    """The client's address of a Django request or an ASGI scope, as it is written shortest; None where it has none.

    Where fewer than N addresses were forwarded, or the one that counts is none, it is the address of the connection.
    """
    if isinstance(of, HttpRequest):
        connected = of.META.get("REMOTE_ADDR") or ""
        forwarded = of.headers.get("X-Forwarded-For", "")
    else:
        connected = (of.get("client") or ("",))[0]
        named = (value for name, value in of.get("headers", ()) if name.lower() == b"x-forwarded-for")
        forwarded = b",".join(named).decode("latin-1")
    return _forwarded(forwarded) or _clean(connected)


def network(of: HttpRequest | Mapping[str, Any]) -> str | None:
    """What limits are counted by: the address, or the /64 that it is in, for one line of IPv6 has all of that."""
    found = address(of)
    if found is None or ":" not in found:
        return found
    return str(ip_network((found, 64), strict=False).network_address)


def _forwarded(header: str) -> str | None:
    proxies: int = settings.TRUSTED_PROXIES
    hops = [hop for hop in header.split(",") if hop.strip()]
    return _clean(hops[-proxies]) if 0 < proxies <= len(hops) else None


def _clean(text: str) -> str | None:
    """Without a port, brackets or zone; an IPv4 address in IPv6's clothes (::ffff:10.0.0.1) as itself."""
    text = text.strip().partition("%")[0]
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        found: IPv4Address | IPv6Address = ip_address(text)
    except ValueError:
        return None
    return str(getattr(found, "ipv4_mapped", None) or found)
