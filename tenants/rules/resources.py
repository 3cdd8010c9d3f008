"""Resources that a quota bounds: their names, units and how Kubernetes spells them in a ResourceQuota.

Seven are in every quota. Staff may enable more by policy: extended resources of nodes by their own names
(`nvidia.com/gpu`), and storage of one class as `storage:<class>`. Amounts are integers: CPU in millicores, memory and
storage in bytes, everything else counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cluster.amounts import GIB, MIB, decimal, say_bytes, say_cpu
from cluster.specs import STANDARD
from tenants.rules import quantities
from tenants.rules.broken import Broken

CLASS = "storage:"
_TITLES = {
    "cpu": "CPU",
    "memory": "memory",
    "storage": "storage",
    "pods": "pods",
    "claims": "volumes",
    "services": "apps with a port",
    "secrets": "secrets",
}
_SINGLE = {"pods": "pod", "claims": "volume", "services": "app with a port", "secrets": "secret"}
CPU_MOST = 100_000_000
BYTES_MOST = 1 << 60
COUNT_MOST = 100_000
_UNITS = {"cpu": ("cores", 1000), "memory": ("GiB", GIB), "storage": ("GiB", GIB)}
# https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#extended-resources
_EXTENDED = re.compile(
    r"(?=.{3,120}$)[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?/[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?"
)
_CLASS_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")


def is_storage(resource: str) -> bool:
    """Whether it is counted in bytes of storage: all of it, or that of one class."""
    return resource == "storage" or resource.startswith(CLASS)


def title(resource: str) -> str:
    """What people call it in a sentence: "memory", "storage of class fast", "nvidia.com/gpu"."""
    if resource.startswith(CLASS):
        return f"storage of class {resource.removeprefix(CLASS)}"
    return _TITLES.get(resource, resource)


def heading(resource: str) -> str:
    """What heads its row in a table: "Memory"; the nodes' own names stay as they are."""
    words = title(resource)
    return words if "/" in words else words[:1].upper() + words[1:]


def unit(resource: str) -> tuple[str, int]:
    """The unit of its column on pages and how much one of it is: ("GiB", 2**30); ("", 1) for counts."""
    return _UNITS["storage"] if is_storage(resource) else _UNITS.get(resource, ("", 1))


def base_unit(resource: str) -> str:
    """In what its amounts are kept: "millicores", "bytes", "" for counts."""
    if resource == "cpu":
        return "millicores"
    return "bytes" if resource == "memory" or is_storage(resource) else ""


def in_order(resources: Iterable[str]) -> list[str]:
    """The standard ones as people know them, storage by class, then the others by name; databases keep no order."""

    def place(name: str) -> tuple[int, bool, str]:
        return STANDARD.index(name) if name in STANDARD else len(STANDARD), not is_storage(name), name

    return sorted(resources, key=place)


def number(resource: str, amount: float) -> str:
    """An amount in the unit of its column: `46`, `2.3`, `0.25`, `4.25`."""
    return decimal(amount / unit(resource)[1])


def say(resource: str, amount: int) -> str:
    """An amount for people, of two decimals: “0.25 core”, “9.88 GiB”, “3 pods”; below one core or GiB it is exact."""
    if resource == "cpu":
        return say_cpu(amount) if abs(amount) < 1000 else f"{decimal(amount / 1000)} {_cores(amount)}"
    if resource == "memory" or is_storage(resource):
        short = amount % MIB == 0 and (amount < GIB or amount * 100 % GIB == 0)
        return say_bytes(amount) if short else f"{decimal(amount / GIB)} GiB"
    return exact(resource, amount)


def exact(resource: str, amount: int) -> str:
    """As `say`, with all its digits: what one may type to get just that."""
    if resource == "cpu":
        return say_cpu(amount)
    if resource == "memory" or is_storage(resource):
        return say_bytes(amount)
    return f"{amount} {_SINGLE.get(resource, title(resource)) if amount == 1 else title(resource)}"


def figure(resource: str, amount: int) -> str:
    """An amount beside its resource's name, in the unit of its column: “0.5 GiB”, “1 core”, “60”."""
    return f"{number(resource, amount)} {_cores(amount) if resource == 'cpu' else unit(resource)[0]}".rstrip()


def moved(resource: str, old: int, new: int) -> str:
    """One limit and the next beside their resource's name: “24 → 4 GiB”."""
    return f"{number(resource, old)} → {figure(resource, new)}"


def change(old: int, new: int) -> str:
    """By how much a limit changes: “+67%”, “same”; “new” where there was nothing."""
    if old == new:
        return "same"
    return f"{(new - old) / old:+.0%}" if old else "new"


def named(resource: str, amount: int) -> str:
    """An amount that names its resource: "40 GiB memory", "16 cores", "60 pods"."""
    sized = resource == "memory" or is_storage(resource)
    return f"{say(resource, amount)} {title(resource)}" if sized else say(resource, amount)


def _cores(millicores: int) -> str:
    return "core" if millicores == 1000 else "cores"


def hard_key(resource: str) -> str:
    """What a ResourceQuota calls it: `requests.cpu`, `requests.nvidia.com/gpu`.

    https://kubernetes.io/docs/concepts/policy/resource-quotas/
    """
    if resource.startswith(CLASS):
        return f"{resource.removeprefix(CLASS)}.storageclass.storage.k8s.io/requests.storage"
    if resource == "claims":
        return "persistentvolumeclaims"
    return resource if resource in ("pods", "services", "secrets") else f"requests.{resource}"


def hard_keys(resource: str) -> tuple[str, ...]:
    """All that a ResourceQuota bounds by that limit, of which the fullest counts: memory as request and as limit."""
    return (hard_key(resource), "limits.memory") if resource == "memory" else (hard_key(resource),)


def check_extra(resource: str) -> str:
    """A resource that staff may enable. Raises Broken for anything that Kubernetes would not count."""
    resource = resource.strip()
    if resource.startswith(CLASS):
        if not _CLASS_NAME.fullmatch(resource.removeprefix(CLASS)):
            raise Broken("Write storage:<name of the storage class>.")
    elif not _EXTENDED.fullmatch(resource) or not _domain_counts(resource.split("/")[0]):
        raise Broken("Write the resource as nodes name it, such as nvidia.com/gpu, or storage:<class>.")
    return resource


def _domain_counts(domain: str) -> bool:
    """Whether nodes may have resources of the domain: `count/…` is a quota's own word, and would bound nothing."""
    return "." in domain and not domain.startswith("requests.") and not domain.endswith("kubernetes.io")


def check_amount(resource: str, most: int) -> int:
    """A limit in the resource's own unit. Raises Broken for one that no quota may have."""
    return amount(resource, f"{most}m" if resource == "cpu" else most)


def amount(resource: str, text: str | int | float) -> int:
    """A wanted limit as people and scripts write it: `12`, `1500m` (CPU), `40 GiB`, `40Gi` (sizes), `60` (counts).

    Raises Broken.
    """
    if resource == "cpu":
        return quantities.cpu(text, 0, CPU_MOST)
    if resource == "memory" or is_storage(resource):
        return quantities.size(text if isinstance(text, int) else str(text), 0, BYTES_MOST, "40 GiB")
    return quantities.whole(str(text), 0, COUNT_MOST, title(resource))
