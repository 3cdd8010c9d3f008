"""Amounts as people type them, to integers in one unit each, and back: CPU in millicores, sizes in bytes."""

from __future__ import annotations

import math
import re
from fractions import Fraction

from cluster.amounts import GIB, MIB, say_bytes, say_cpu
from tenants.rules.broken import Broken

CPU_MIN, CPU_MAX = 1, 256_000
MEMORY_MIN, MEMORY_MAX = 4 * MIB, 4 << 40
STORAGE_MIN, STORAGE_MAX = MIB, 64 << 40
REPLICAS_MAX = 50

_NUMBER = r"(\d{1,15}(?:\.\d{0,9})?|\.\d{1,9})"
_CPU = re.compile(rf"{_NUMBER}\s*(m|cores?|cpus?)?", re.ASCII | re.IGNORECASE)
_SIZE = re.compile(rf"{_NUMBER}\s*([a-zA-Z]*)", re.ASCII)
_UNITS = {
    "b": 1, "byte": 1, "bytes": 1,
    "ki": 1 << 10, "kib": 1 << 10, "mi": MIB, "mib": MIB, "gi": GIB, "gib": GIB, "ti": 1 << 40, "tib": 1 << 40,
    "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12,
}  # fmt: skip
_LETTERS = {"k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def cpu(text: str | float, least: int = CPU_MIN, most: int = CPU_MAX) -> int:
    """Millicores of `0.25`, `250m`, `2 cores`; a number counts cores, as in Kubernetes."""
    found = _CPU.fullmatch(_plain(text))
    if not found:
        raise Broken("Write cores, such as 0.25, or thousandths of one, such as 250m.")
    amount = Fraction(found[1])
    unit = (found[2] or "").lower()
    millicores = math.ceil(amount if unit == "m" else amount * 1000)
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
    factor = 1 if not unit else _LETTERS.get(unit) or _UNITS.get(unit.lower())
    if factor is None:
        raise Broken(f"The unit “{unit[:12]}” is unknown: write MiB or GiB, such as {example}.")
    amount = math.ceil(Fraction(found[1]) * factor)
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
