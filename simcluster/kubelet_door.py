"""What the API server asks of whoever runs the pods."""

from collections.abc import AsyncIterator
from typing import Protocol


class PodLogs(Protocol):
    """Holds the containers' logs."""

    def log(self, namespace: str, pod: str, params: dict[str, str]) -> AsyncIterator[bytes] | None:
        """Bytes of a log by the query of pods/log; None for a pod on no node. Raises ApiError when there is none."""
        ...
