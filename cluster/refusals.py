"""The words with which an API server refuses what a ResourceQuota has no room for, in plain ones. Pure."""

from __future__ import annotations

import re

from cluster import amounts

_QUOTA = re.compile(r"exceeded quota: \S+ requested: (?P<requested>.+), used: (?P<used>.+), limited: (?P<limited>.+)$")


def room(message: str) -> str:
    """What was wanted and what is taken, by resource; "" where the message is no such refusal.

    >>> room('pods "a" is forbidden: exceeded quota: q, requested: pods=1, used: pods=4, limited: pods=4')
    'pods: 1 wanted, 4 of 4 taken'
    """
    found = _QUOTA.search(message)
    if not found:
        return ""
    held, limits = _pairs(found["used"]), _pairs(found["limited"])
    return "; ".join(
        f"{amounts.name(name)}: {amount} wanted, {held.get(name, '?')} of {limits.get(name, '?')} taken"
        for name, amount in _pairs(found["requested"]).items()
    )


def plain(message: str) -> str:
    """A sentence to put before the cluster's own words, where a quota refused; else ""."""
    figures = room(message)
    words = "The namespace has no room for it in the cluster"
    return f"{words} ({figures}): make room, or ask for more quota." if figures else ""


def said(message: str) -> str:
    """The plain words, where there are any, and the cluster's own."""
    words = plain(message)
    return f"{words} The cluster says: {message}" if words else message


def _pairs(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split(","))
    return {name: amounts.say(name, amount) for name, _, amount in pairs}
