"""Amounts for people: “0.25 core”, “512 MiB”, also from what a cluster says (“250m”, “512Mi”)."""

from __future__ import annotations

from cluster import quantities

MIB, GIB = 1 << 20, 1 << 30

_OF_CLASS = ".storageclass.storage.k8s.io/requests.storage"
NAMES = {
    "cpu": "CPU",
    "requests.cpu": "CPU",
    "limits.cpu": "CPU limit",
    "memory": "memory",
    "requests.memory": "memory",
    "limits.memory": "memory limit",
    "requests.storage": "storage",
    "persistentvolumeclaims": "volumes",
}
"""A cluster's resource → what people call it; pods, services and secrets are called that."""


def name(resource: str) -> str:
    """What people call a resource of a quota or a limit range.

    >>> name("requests.nvidia.com/gpu"), name("fast.storageclass.storage.k8s.io/requests.storage")
    ('nvidia.com/gpu', 'storage of class fast')
    """
    if resource.endswith(_OF_CLASS):
        return f"storage of class {resource.removesuffix(_OF_CLASS)}"
    return NAMES.get(resource, resource.removeprefix("requests."))


def say(resource: str, text: str) -> str:
    """A quantity of `resource` as a cluster writes it, for people; what is none stays as it is.

    >>> say("requests.cpu", "250m"), say("limits.memory", "512Mi"), say("pods", "3")
    ('0.25 core', '512 MiB', '3')
    """
    kind = resource.rpartition(".")[2]
    try:
        if kind == "cpu":
            return say_cpu(quantities.parse_cpu(text))
        return say_bytes(quantities.parse_size(text)) if kind in ("memory", "storage") else text
    except ValueError:
        return text


def say_cpu(millicores: int) -> str:
    """For people, exact: “0.25 core”, “4 cores”. `tenants.rules.cpu` reads it back.

    >>> say_cpu(250), say_cpu(4000)
    ('0.25 core', '4 cores')
    """
    cores = decimal(millicores / 1000, 3)
    return f"{cores} {'core' if millicores <= 1000 else 'cores'}"


def decimal(value: float, decimals: int = 2) -> str:
    """A number with that many decimals at most and no zeros at its end, halves to the even neighbor.

    >>> decimal(0.25), decimal(4.25), decimal(2.5), decimal(20), decimal(0)
    ('0.25', '4.25', '2.5', '20', '0')
    """
    text = f"{value:.{decimals}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def say_bytes(amount: int) -> str:
    """For people, exact: in the largest unit that needs two decimals at most. `tenants.rules.memory` reads it back.

    >>> say_bytes(512 << 20), say_bytes(3 << 29), say_bytes(2 * 10**9), say_bytes(1500)
    ('512 MiB', '1.5 GiB', '2 GB', '1500 bytes')
    """
    for unit, size in (
        ("TiB", 1 << 40),
        ("GiB", GIB),
        ("MiB", MIB),
        ("TB", 10**12),
        ("GB", 10**9),
        ("MB", 10**6),
        ("KiB", 1 << 10),
    ):
        if amount >= size and amount * 100 % size == 0:
            return f"{decimal(amount / size)} {unit}"
    return f"{amount} bytes" if amount else "0 GiB"
