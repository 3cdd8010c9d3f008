"""What people are told of what the observer saw: a release that is stuck, a quota that was put right."""

from __future__ import annotations

from django.db import transaction
from django.db.models.functions import Now
from django.urls import reverse

from tenants import notices
from tenants.models import App, Namespace, Release
from tenants.models.app import Outcome


def stuck(app: App, number: int | None) -> None:
    """Tells who made release `number` of the app, once, however often it moves and stands still again."""
    release = app.release
    if release is None or release.stuck_at is not None or release.number != number:
        return
    with transaction.atomic():
        rows = Release.objects.filter(pk=release.pk, outcome=Outcome.STUCK, stuck_at=None)
        if not rows.update(stuck_at=Now()):
            return
        told = Release.objects.select_related("created_by").get(pk=release.pk)
        release.stuck_at = told.stuck_at
        if told.created_by is None:
            return
        place = app.namespace
        notices.tell(
            [told.created_by],
            kind="release.stuck",
            title=f"{told} of {app} in {place} is stuck",
            text=told.outcome_reason,
            path=reverse("app", args=[place.team.slug, place.name, app.name]),
            team=place.team,
        )


def quota_repaired(namespace: Namespace, differs: str) -> None:
    """Tells owners and admins; within the transaction of the repair."""
    notices.tell(
        notices.managers(namespace.team),
        kind="quota.repaired",
        title=f"The quota of {namespace} was changed in the cluster, and put right",
        text=differs,
        path=reverse("namespace", args=[namespace.team.slug, namespace.name]),
        team=namespace.team,
    )
