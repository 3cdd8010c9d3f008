"""The ledger of an app's releases as pages show it."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from cluster import images
from tenants.models import App, Release
from tenants.models.app import Outcome
from tenants.selectors import changes

OUTCOMES = {
    Outcome.PENDING: "waiting",
    Outcome.ROLLING: "busy",
    Outcome.STUCK: "bad",
    Outcome.SERVING: "ok",
    Outcome.DOWN: "bad",
    Outcome.REPLACED: "ok",
    Outcome.FAILED: "bad",
    Outcome.ABANDONED: "off",
}


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One release in the ledger."""

    release: Release
    kind: str
    words: str
    what: str
    reason: str
    can_return: bool


def rows(releases: QuerySet[Release], current: Release | None) -> list[LedgerRow]:
    """Releases, newest first. `can_return`: it worked and is not the wanted one."""
    found = []
    for release in releases.select_related("created_by"):
        words = Outcome(release.outcome).label.capitalize()
        found.append(
            LedgerRow(
                release=release,
                kind=OUTCOMES[Outcome(release.outcome)],
                words=words,
                what=changes.sentence(release.changes, release.rolled_back_to),
                reason=release.outcome_reason,
                can_return=release.worked and (current is None or release.pk != current.pk),
            )
        )
    return found


def tags_before(app: App) -> list[str]:
    """Three tags at most of the last releases that worked, newest first."""
    found: list[str] = []
    for spec in app.releases.filter(worked=True).values_list("spec", flat=True)[:10]:
        tag = images.split(spec["image"]).tag
        if tag and tag not in found:
            found.append(tag)
    return found[:3]
