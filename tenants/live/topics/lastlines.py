"""What a crashed program wrote last: read once a run, for those who may read logs, kept nowhere."""

from __future__ import annotations

import structlog

from cluster import errors
from cluster.rollout import Diagnosis
from tenants.live.logs.runs import Run
from tenants.live.logs.upstream import Upstream
from tenants.live.topics import fragments

log = structlog.get_logger(__name__)

LINES = 20
TARGET = "last-lines"


class LastLines:
    """The last lines of one app, as its log readers were shown them."""

    def __init__(self) -> None:
        self._of = ""
        self.html = ""

    async def look(self, upstream: Upstream, runs: list[Run], diagnosis: Diagnosis | None) -> bool:
        """Reads them where the diagnosis wants a log and another run ended than before; True when they changed."""
        run = None
        if diagnosis is not None and diagnosis.wants_log:
            run = next((run for run in runs if run.key.pod == diagnosis.pod), None)
        of = run.key.id if run else ""
        if of == self._of:
            return False
        self._of = of
        texts: list[str] = []
        if run is not None:
            try:
                texts = [line.text for line in await upstream.tail(run.key, LINES, previous=not run.over)]
            except errors.ClusterError as error:
                log.info("last_lines_not_read", namespace=run.key.namespace, pod=run.key.pod, error=error.message)
        self.html = fragments.last_lines(texts) if texts else ""
        return True
