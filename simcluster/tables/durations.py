"""Ages as kubectl shows them (k8s.io/apimachinery/pkg/util/duration.HumanDuration)."""

from datetime import UTC, datetime
from typing import Any


def since(obj: dict[str, Any]) -> str:
    """The age of an object."""
    return ago(obj["metadata"].get("creationTimestamp"))


def ago(stamp: str | None) -> str:
    """Time since an RFC 3339 stamp; `<unknown>` without one."""
    if not stamp:
        return "<unknown>"
    return human((datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds())


def between(start: str, end: str) -> str:
    return human((datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds())


def human(seconds: float) -> str:  # noqa: PLR0911
    whole = int(seconds)
    if whole < -1:
        return "<invalid>"
    if whole < 0:
        return "0s"
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 120:
        return f"{whole}s"
    if minutes < 10:
        return _two(minutes, "m", whole % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if hours < 192:
        return _two(days, "d", hours % 24, "h")
    if hours < 24 * 365 * 2:
        return f"{days}d"
    if hours < 24 * 365 * 8:
        return _two(days // 365, "y", days % 365, "d")
    return f"{days // 365}y"


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large}{large_unit}{small}{small_unit}" if small else f"{large}{large_unit}"
