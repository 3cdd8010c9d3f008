"""What stands in a cluster, kept up to date by one watch a kind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from cluster.connection import Connection
from cluster.pruned import TYPES

KINDS: tuple[str, ...] = tuple(TYPES)


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `object` is what stands now (of DELETED: what stood last), `old` what stood before.

    SYNCED: a kind was listed to its end; it names no object, and comes again after each new list.
    """

    kind: str
    type: Literal["ADDED", "MODIFIED", "DELETED", "SYNCED"]
    namespace: str = ""
    name: str = ""
    object: Any = None
    old: Any = None


@dataclass(frozen=True, slots=True)
class KindHealth:
    """How true one kind's cache is: complete once (`synced`), watched now (`connected`), heard from last."""

    synced: bool
    connected: bool
    last_contact: datetime | None
    error: str = ""


class Informer:
    """A cache of the managed objects of one cluster. Everything on one event loop."""

    def __init__(
        self,
        connection: Connection,
        kinds: Iterable[str] = KINDS,
        *,
        on_change: Callable[[Change], None],
        raw: bool = False,
    ) -> None:
        self.synced = asyncio.Event()

    async def run(self) -> None:
        """Lists and watches until cancelled. Never raises for the cluster's faults."""
        raise NotImplementedError

    def get(self, kind: str, namespace: str, name: str) -> Any | None:
        """One object, or None. Of kinds without a namespace, `namespace` is ""."""
        raise NotImplementedError

    def objects(self, kind: str, namespace: str) -> list[Any]:
        """The objects of one kind in one namespace."""
        raise NotImplementedError

    def health(self) -> dict[str, KindHealth]:
        """Kind → how true its cache is."""
        raise NotImplementedError
