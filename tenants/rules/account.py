"""What people say of themselves, and a browser's description of itself in words."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache

from tenants.rules.broken import Broken

PERSON_NAME_MAX = 80
TIME_ZONE_MAX = 64
# Of zoneinfo's keys these are other names of the same zones, or no places.
_NO_PLACES = ("Etc/", "SystemV/", "US/", "Brazil/", "Canada/", "Chile/", "Mexico/", "posix/", "right/")

# Names as browsers send them → in words; the first that is found counts, for the later ones stand in others' texts too.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
    ("curl", "curl"),
    ("python-requests", "a Python script"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def person_name(text: str) -> str:
    """What others see beside the user name: up to 80 characters on one line, or nothing."""
    name = " ".join(text.split())
    if len(name) > PERSON_NAME_MAX:
        raise Broken(f"At most {PERSON_NAME_MAX} characters.")
    if not name.isprintable():
        raise Broken("Letters, digits and signs that one can see, please.")
    return name


def time_zone(text: str) -> str:
    """A zone of the IANA database by its name, in whatever case: `europe/berlin` → `Europe/Berlin`."""
    wanted = re.sub(r"\s+", "_", text.strip())[:TIME_ZONE_MAX].lower()
    for name in ("UTC", *zoneinfo.available_timezones()):
        if name.lower() == wanted:
            return name
    raise Broken("No time zone has this name: choose one of the list, such as Europe/Berlin.")


@cache
def time_zones() -> tuple[str, ...]:
    """Names to choose from: UTC, then places by continent."""
    places = {name for name in zoneinfo.available_timezones() if "/" in name and not name.startswith(_NO_PLACES)}
    return ("UTC", *sorted(places))


def device(user_agent: str) -> str:
    """`Firefox on Linux`, from what a browser says of itself (RFC 9110, User-Agent); it may lie."""
    browser = _first(user_agent, BROWSERS)
    system = _first(user_agent, SYSTEMS)
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or "An unknown browser"


def _first(text: str, names: tuple[tuple[str, str], ...]) -> str:
    return next((words for part, words in names if part in text), "")
