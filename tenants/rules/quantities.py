"""Amounts as people type them, to integers in one unit each, and back: CPU in millicores, sizes in bytes."""

from __future__ import annotations

import re

from cluster import quantities
from cluster.amounts import MIB, say_bytes, say_cpu
from tenants.rules.broken import Broken

CPU_MIN, CPU_MAX = 1, 256_000
MEMORY_MIN, MEMORY_MAX = 4 * MIB, 4 << 40
STORAGE_MIN, STORAGE_MAX = MIB, 64 << 40
REPLICAS_MAX = 50
DIGITS_MAX = 18

_NUMBER = r"(\d{1,15}(?:\.\d{0,9})?|\.\d{1,9})"
_CPU = re.compile(rf"{_NUMBER}\s*(m|cores?|cpus?)?", re.ASCII | re.IGNORECASE)
_SIZE = re.compile(rf"{_NUMBER}\s*([a-zA-Z]*)", re.ASCII)
# What people write → the suffix that Kubernetes has for it.
_UNITS = {
    "b": "", "byte": "", "bytes": "",
    "ki": "Ki", "kib": "Ki", "mi": "Mi", "mib": "Mi", "gi": "Gi", "gib": "Gi", "ti": "Ti", "tib": "Ti",
    "kb": "k", "mb": "M", "gb": "G", "tb": "T",
}  # fmt: skip
_LETTERS = ("k", "M", "G", "T")


def cpu(text: str | float, least: int = CPU_MIN, most: int = CPU_MAX) -> int:
    """Millicores of `0.25`, `250m`, `2 cores`; a number counts cores, as in Kubernetes."""
    found = _CPU.fullmatch(_plain(text))
    if not found:
        raise Broken("Write cores, such as 0.25, or thousandths of one, such as 250m.")
    unit = "m" if (found[2] or "").lower() == "m" else ""
    millicores = quantities.parse_cpu(f"{found[1]}{unit}")
    if not least <= millicores <= most:
        raise Broken(f"From {say_cpu(least)} to {say_cpu(most)}, please.")
    return millicores


def memory(text: str | int) -> int:
    """Bytes of `512 MiB`, `1.5Gi`, `2 GB`; a bare integer (not text) counts bytes, as in Kubernetes."""
    return size(text, MEMORY_MIN, MEMORY_MAX, "512 MiB")


def storage(text: str | int) -> int:
    """Bytes of a volume: `10 GiB`; as `memory`."""
    return size(text, STORAGE_MIN, STORAGE_MAX, "10 GiB")


def replicas(text: str | int) -> int:
    """How many pods, 0 to 50; 0 stops the app."""
    return whole(text, 0, REPLICAS_MAX, "pods")


def whole(text: str | int, least: int, most: int, what: str) -> int:
    """A whole number from `least` to `most`."""
    plain = _plain(text)
    if not re.fullmatch(r"\d{1,12}", plain, re.ASCII) or not least <= int(plain) <= most:
        raise Broken(f"A whole number of {what} from {least} to {most}, please.")
    return int(plain)


def number(text: str) -> int | None:
    """A number as a link or a hidden field carries it: 1 to 18 plain digits, which every database holds; else None.

    >>> number("12"), number("²"), number("-1"), number("9" * 5000)
    (12, None, None, None)
    """
    return int(text) if len(text) <= DIGITS_MAX and text.isascii() and text.isdigit() else None


def size(text: str | int, least: int, most: int, example: str) -> int:
    """Bytes of a number and a unit, from `least` to `most`; `example` is shown to whoever left the unit out."""
    plain = _plain(text)
    found = _SIZE.fullmatch(plain)
    if not found:
        raise Broken(f"Write a number and a unit, such as {example}.")
    unit = found[2]
    if not unit and not isinstance(text, int):
        raise Broken(f"Say the unit: {found[1]} MiB or {found[1]} GiB?")
    if unit == "m":
        raise Broken(f"“m” means a thousandth of a byte in Kubernetes: write {found[1]} MiB.")
    suffix = unit if not unit or unit in _LETTERS else _UNITS.get(unit.lower())
    if suffix is None:
        raise Broken(f"The unit “{unit[:12]}” is unknown: write MiB or GiB, such as {example}.")
    amount = quantities.parse_size(f"{found[1]}{suffix}")
    if not least <= amount <= most:
        raise Broken(f"From {say_bytes(least)} to {say_bytes(most)}, please.")
    return amount


def _plain(text: str | float) -> str:
    plain = str(text).strip().replace("\u00a0", " ")
    if isinstance(text, bool):
        raise Broken("A number, please.")
    if re.fullmatch(r"\d+,\d+.*", plain, re.ASCII | re.DOTALL):
        raise Broken(f"Write a point instead of the comma: {plain.replace(',', '.', 1)[:24]}.")
    return plain
