"""A node as the simulated cluster has it: addresses for pods, the images it has pulled, its kubelet's recorder."""

from typing import Any

from simcluster.clock import Clock
from simcluster.controllers.events import Recorder

POD_NETWORK = (10, 88)


class Addresses:
    """Pod addresses of the whole cluster, 10.88.0.4 onwards, each given once at a time."""

    def __init__(self) -> None:
        self._next = 4
        self._taken: set[str] = set()

    def new(self) -> str:
        while True:
            high, low = divmod(self._next, 256)
            self._next = self._next + 1 if self._next < 65534 else 4
            address = f"{POD_NETWORK[0]}.{POD_NETWORK[1]}.{high}.{low}"
            if low not in (0, 255) and address not in self._taken:
                self._taken.add(address)
                return address

    def take(self, address: str) -> None:
        if address:
            self._taken.add(address)

    def free(self, address: str) -> None:
        self._taken.discard(address)


class NodeAgent:
    """What a pod's worker needs of its node. `images` holds the names that were pulled."""

    def __init__(self, node: dict, store: Any, clock: Clock, addresses: Addresses):
        self.name: str = node["metadata"]["name"]
        found = (node.get("status") or {}).get("addresses") or ()
        self.address: str = next((one["address"] for one in found if one["type"] == "InternalIP"), "10.89.0.1")
        self.images: set[str] = set()
        self.recorder = Recorder(store, clock, "kubelet", self.name)
        self._addresses = addresses

    def new_address(self) -> str:
        return self._addresses.new()

    def take_address(self, address: str) -> None:
        self._addresses.take(address)

    def free_address(self, address: str) -> None:
        self._addresses.free(address)
