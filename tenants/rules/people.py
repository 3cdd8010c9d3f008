"""What people write to and about each other: addresses, lists of whom to invite, notes and messages."""

from __future__ import annotations

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from tenants.rules.broken import Broken

INVITEES_MAX = 50
NOTE_MAX = 500
MESSAGE_MAX = 1000
DESCRIPTION_MAX = 200
REASON_MAX = 300
EMAIL_MAX = 254
# What a pasted list may hold altogether; fifty of the longest addresses are less.
LIST_MAX = 20_000
# How many that are wrong are named, and how much of each.
NAMED_MAX = 5
SHOWN = 60
_USERNAME = re.compile(r"[\w.+-]{1,150}")
_NAMED = re.compile(r"<([^<>]*)>")
# Line breaks and tabs are a person's own, and emoji are joined by U+200D; other invisible signs turn or hide what
# stands beside them.
_HIDDEN = {"Cc", "Cf", "Cs", "Co"}

_email = EmailValidator()


def email(text: str) -> str:
    """An e-mail address in lower case."""
    address = text.strip().lower()
    if len(address) > EMAIL_MAX:
        raise Broken(f"An address has at most {EMAIL_MAX} characters; this has {len(address)}.")
    try:
        _email(address)
    except ValidationError:
        raise Broken("This is no e-mail address: it needs the form name@example.com.") from None
    return address


def invitee(text: str) -> str:
    """An e-mail address, or a user name (which has no “@” here)."""
    one = text.strip()
    if "@" in one:
        return email(one)
    if not _USERNAME.fullmatch(one):
        raise Broken("This is neither an e-mail address nor a user name.")
    return one


def invitees(text: str) -> list[str]:
    """Whom a pasted list names, each once and as typed: one a line, or with commas or semicolons between.

    Takes “Ada Lovelace <ada@example.com>” as mail programs write it, and addresses with spaces between. Raises Broken
    for none, for too many, and with those that are neither an address nor a name.

    >>> invitees("Ada <ada@example.com>, bob")
    ['ada@example.com', 'bob']
    """
    if len(text) > LIST_MAX:
        raise Broken(f"At most {INVITEES_MAX} people at a time.")
    found: dict[str, str] = {}
    for part in re.split(r"[\n\r,;]+", text):
        words = part.split()
        alone = words if all("@" in word for word in words) else [part]
        for one in _NAMED.findall(part) or alone:
            found.setdefault(one.strip().lower(), one.strip())
    found.pop("", None)
    if not found:
        raise Broken("Whom? Give e-mail addresses or user names.")
    if len(found) > INVITEES_MAX:
        raise Broken(f"At most {INVITEES_MAX} people at a time; these are {len(found)}.")
    if wrong := [one for one in found.values() if not _is_invitee(one)]:
        listed = ", ".join(f"“{one[:SHOWN]}”" for one in wrong[:NAMED_MAX])
        more = f" and {len(wrong) - NAMED_MAX} more" if len(wrong) > NAMED_MAX else ""
        raise Broken(f"Neither an e-mail address nor a user name: {listed}{more}. Nobody was invited yet.")
    return list(found.values())


def _is_invitee(text: str) -> bool:
    try:
        invitee(text)
    except Broken:
        return False
    return True


def note(text: str) -> str:
    """A few words to go with an invitation, at most 500 characters; may be empty."""
    return _prose(text, NOTE_MAX)


def message(text: str) -> str:
    """A message in a thread, 1 to 1000 characters."""
    told = _prose(text, MESSAGE_MAX)
    if not told:
        raise Broken("Write a few words.")
    return told


def reason(text: str) -> str:
    """Why somebody or a team is suspended, in the words that they are told: 1 to 300 characters on one line."""
    told = " ".join(_prose(text, REASON_MAX).split())
    if not told:
        raise Broken("Give the reason: it is what they are told.")
    return told


def description(text: str) -> str:
    """What a team is for, at most 200 characters on one line; may be empty."""
    return " ".join(_prose(text, DESCRIPTION_MAX).split())


def _prose(text: str, most: int) -> str:
    told = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(told) > most:
        raise Broken(f"At most {most} characters, please; this has {len(told)}.")
    if any(unicodedata.category(char) in _HIDDEN and char not in "\n\t\u200d" for char in told):
        raise Broken("There is an invisible character in it: type it without.")
    return told
