"""A namespace with a quota that is in force: counted by its controller, and known to the admission of pods."""

from __future__ import annotations

from . import manifests
from .api import Answer, Api, eventually, path


def limited(api: Api, space: str, **hard: str) -> None:
    """Makes the quota `q`. Until it is counted, and admission has seen that, refusals say `status unknown`."""
    api.create("resourcequotas", manifests.quota(space, "q", **hard))
    api.until("resourcequotas", space, "q", lambda found: set(found.get("status", {}).get("used", {})) == set(hard))
    eventually(lambda: _attempt(api, space), lambda answer: "status unknown" not in answer.message)


def _attempt(api: Api, space: str) -> Answer:
    body = manifests.pod(space, "attempt", **manifests.NOWHERE)
    return api.post(path("pods", space), body, dryRun="All")
