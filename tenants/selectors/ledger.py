"""The ledger of an app's releases as pages show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

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
    no_room: str = ""


def rows(
    releases: Iterable[Release], current: Release | None, no_room: Mapping[int, str] | None = None
) -> list[LedgerRow]:
    """Releases, newest first, with their makers. `can_return`: it worked and is not the wanted one.

    `no_room`: by number, why the quota has no room for a rollback to it.
    """
    found = []
    for release in releases:
        words = Outcome(release.outcome).label.capitalize()
        found.append(
            LedgerRow(
                release=release,
                kind=OUTCOMES[Outcome(release.outcome)],
                words=words,
                what=changes.sentence(release.changes, release.rolled_back_to),
                reason=release.outcome_reason,
                can_return=returnable(release, current),
                no_room=(no_room or {}).get(release.number, ""),
            )
        )
    return found


def returnable(release: Release, current: Release | None) -> bool:
    """Whether a rollback may bring it back."""
    return release.worked and (current is None or release.pk != current.pk)


def tags_before(app: App) -> list[str]:
    """Three tags at most of the last releases that worked, newest first."""
    found: list[str] = []
    for spec in app.releases.filter(worked=True).values_list("spec", flat=True)[:10]:
        tag = images.split(spec["image"]).tag
        if tag and tag not in found:
            found.append(tag)
    return found[:3]
