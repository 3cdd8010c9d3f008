"""What the cluster answered → observed columns and conditions, announced to pages. Rows only; no cluster call here.

A worker and the observer may write to one row at once, so conditions are merged under the row's lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from cluster import quantities
from cluster.rollout import Rollout, to_json
from cluster.specs import NamespaceOutcome, Part, Remaining
from cluster.tenancy import PARTS
from tenants.live import events
from tenants.models import App, Namespace, Release, Secret, Team, Volume
from tenants.models.app import UNDER_WAY, Outcome
from tenants.rules.resources import hard_keys

Row = Namespace | App | Volume | Secret

# States of a rollout in which nothing goes forward: what the ledger calls stuck.
STUCK = ("stuck", "crashing")

# A release whose pods are all gone again within this time of being out did not work.
FLEETING = timedelta(seconds=10)


def merge(conditions: Iterable[Mapping[str, Any]], parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Conditions with `parts` put in by type; `since` (ISO 8601, UTC) moves only when the status does."""
    merged = {condition["type"]: dict(condition) for condition in conditions}
    now = timezone.now().isoformat(timespec="seconds")
    for part in parts:
        old = merged.get(part.type)
        merged[part.type] = {
            "type": part.type,
            "status": part.status,
            "reason": part.reason,
            "message": part.message,
            "since": old["since"] if old and old["status"] == part.status else now,
        }
    return list(merged.values())


def record(row: Row, parts: Iterable[Part] = (), **columns: Any) -> bool:
    """Writes conditions and observed columns where they differ from what the row holds; announces "conditions".

    True when something changed. A row that is gone is nothing to write to.
    """
    model = type(row)
    with transaction.atomic():
        fields = ["conditions", *columns]
        held = model._default_manager.select_for_update().filter(pk=row.pk).values(*fields).first()
        if held is None:
            return False
        wanted = {"conditions": merge(held["conditions"], parts), **columns}
        changes = {field: value for field, value in wanted.items() if held[field] != value}
        if not changes:
            return False
        model._default_manager.filter(pk=row.pk).update(**changes, observed_at=Now())
        for field, value in changes.items():
            setattr(row, field, value)
        announce(row, "conditions")
    return True


def announce(row: Row, what: str) -> None:
    """Tells the pages of the row's team that it changed."""
    events.announce(events.Changed(team=row.team.pk, noun=row.noun, id=str(row.pk), what=what))


def provisioned(namespace: Namespace, outcome: NamespaceOutcome) -> bool:
    """Each part's condition as the cluster holds it; the generation counts as observed when all are true."""
    columns: dict[str, Any] = {"uid": outcome.uid} if outcome.uid else {}
    if outcome.ready:
        columns["observed_generation"] = namespace.generation
    return record(namespace, outcome.parts, **columns)


def missing(namespace: Namespace) -> bool:
    """Somebody deleted the namespace behind Berth's back."""
    words = "Somebody deleted the namespace in the cluster: it is made again, its volumes empty."
    parts = [Part(type_, "False", "Deleted", words) for type_ in PARTS]
    return record(namespace, parts, usage={})


def applied(row: App | Volume | Secret, generation: int) -> None:
    """The cluster took the intent of that generation."""
    record(row, [Part("Applied", "True", "Applied")], observed_generation=generation)
    if isinstance(row, App) and row.release_id:
        releases = Release.objects.filter(app=row)
        releases.filter(pk=row.release_id, outcome=Outcome.PENDING).update(outcome=Outcome.ROLLING)
        superseded = releases.filter(outcome__in=UNDER_WAY).exclude(pk=row.release_id)
        superseded.update(outcome=Outcome.ABANDONED, finished_at=Now())


def refused(row: Row, reason: str, message: str) -> None:
    """The cluster will not take it; `message` in its own words."""
    record(row, [Part("Namespace" if isinstance(row, Namespace) else "Applied", "False", reason, message)])
    if isinstance(row, App) and row.release_id:
        waiting = Release.objects.filter(pk=row.release_id, outcome__in=UNDER_WAY)
        waiting.update(outcome=Outcome.FAILED, outcome_reason=message[:400], finished_at=Now())


def rolled(app: App, rollout: Rollout) -> bool:
    """The rollout as the observer saw it; its releases' outcomes follow. True when something but the time changed."""
    document = to_json(rollout)
    seen = {key: value for key, value in app.observed.items() if key != "seen_at"}
    if seen == {key: value for key, value in document.items() if key != "seen_at"}:
        return False
    ready = rollout.finished and rollout.ready >= rollout.wanted
    part = Part("Available", "True" if ready else "False", rollout.state.capitalize(), rollout.sentence)
    record(app, [part], observed=document, health=rollout.state)
    _stands(app, rollout)
    if rollout.release_new is not None:
        _judge(app, rollout, rollout.release_new)
    return True


def drifted(namespace: Namespace, what: str, words: list[str]) -> None:
    """What of `what` differs in the cluster while the namespace is paused; [] when nothing does any more."""
    with transaction.atomic():
        held = Namespace.objects.select_for_update(no_key=True).filter(pk=namespace.pk, paused_at__isnull=False)
        known = held.values_list("drifted", flat=True).first()
        if known is None or known.get(what, []) == words:
            return
        others = {key: value for key, value in known.items() if key != what}
        namespace.drifted = {**others, what: words} if words else others
        Namespace.objects.filter(pk=namespace.pk).update(drifted=namespace.drifted)
        announce(namespace, "conditions")


def used(namespace: Namespace, amounts: Mapping[str, str]) -> bool:
    """`amounts` is `status.used` of the namespace's ResourceQuota; kept as numbers in the units of `rules.resources`.

    False where they are as before: whoever sees that again and again says so with `still_used`.
    """
    usage = {}
    for resource in namespace.limits:
        read = quantities.parse_cpu if resource == "cpu" else quantities.parse_size
        if found := [read(amounts[key]) for key in hard_keys(resource) if key in amounts]:
            usage[resource] = max(found)
    with transaction.atomic():
        changed = record(namespace, usage=usage)
        if changed:
            still_used([namespace.pk])
    return changed


def still_used(namespaces: Iterable[int]) -> None:
    """Their figures are as they are now, one statement for all of these primary keys."""
    Namespace.objects.filter(pk__in=list(namespaces)).update(used_at=Now())


def claimed(volume: Volume, phase: str, capacity: int | None, part: Part) -> bool:
    """How the claim stands: its phase, its size in bytes once bound, and what it waits for."""
    return record(volume, [part], phase=phase, capacity=capacity)


def _judge(app: App, rollout: Rollout, number: int) -> None:
    """What became of the release that is rolled out, and of the one that served before it.

    The ledger says what the page says: stuck, and why, as long as the rollout is, and rolling out again when it moves.
    """
    release = Release.objects.filter(app=app, number=number).first()
    if release is None:
        return
    if rollout.finished:
        _serves(app, release)
        return
    outcome, reason = Outcome.ROLLING, ""
    if rollout.failed or rollout.state in STUCK:
        outcome, reason = Outcome.STUCK, rollout.diagnosis.title if rollout.diagnosis else rollout.sentence
    reason = reason[:400]
    if (release.outcome, release.outcome_reason) != (outcome, reason):
        going_on = Release.objects.filter(pk=release.pk, outcome__in=(Outcome.ROLLING, Outcome.STUCK))
        going_on.update(outcome=outcome, outcome_reason=reason)


def _stands(app: App, rollout: Rollout) -> None:
    """Whether the release that served still does. One that was out for a moment only has not worked after all."""
    if app.serving_id is None:
        return
    served = Release.objects.filter(pk=app.serving_id, outcome__in=(Outcome.SERVING, Outcome.DOWN)).first()
    if served is None:
        return
    if any(lane.ready for lane in rollout.lanes if lane.release == served.number):
        if served.outcome == Outcome.DOWN:
            Release.objects.filter(pk=served.pk).update(outcome=Outcome.SERVING, outcome_reason="")
        return
    if rollout.ready or (rollout.wanted == 0 and rollout.state != "unknown"):
        return
    if rollout.release_new is None:
        _is_down(served, rollout.sentence)
    elif rollout.release_new != served.number:
        _is_down(served, f"Its pods ended, and v{rollout.release_new} does not serve yet")
    elif not _recants(app, served):
        _is_down(served, rollout.diagnosis.title if rollout.diagnosis else rollout.sentence)


def _is_down(release: Release, reason: str) -> None:
    if (release.outcome, release.outcome_reason) != (Outcome.DOWN, reason[:400]):
        Release.objects.filter(pk=release.pk).update(outcome=Outcome.DOWN, outcome_reason=reason[:400])


def _recants(app: App, release: Release) -> bool:
    """Takes back that the release worked, when it was out for less than FLEETING; False when it was for longer."""
    lately = Release.objects.filter(pk=release.pk, outcome=Outcome.SERVING, finished_at__gt=Now() - FLEETING)
    if not lately.update(outcome=Outcome.ROLLING, worked=False, finished_at=None):
        return False
    app.serving = Release.objects.filter(app=app, worked=True).order_by("-number").first()
    App.objects.filter(pk=app.pk).update(serving=app.serving)
    return True


def _serves(app: App, release: Release) -> None:
    if release.outcome == Outcome.SERVING and app.serving_id == release.pk:
        return
    others = Release.objects.filter(app=app, outcome__in=(Outcome.SERVING, Outcome.DOWN)).exclude(pk=release.pk)
    others.update(outcome=Outcome.REPLACED)
    Release.objects.filter(pk=release.pk).update(
        outcome=Outcome.SERVING, outcome_reason="", worked=True, finished_at=Now()
    )
    App.objects.filter(pk=app.pk).update(serving=release)
    app.serving = release


def remains(namespace: Namespace, remaining: Remaining) -> dict[str, Any]:
    """Progress of a deletion, kept on the row and answered for the operation."""
    progress = {
        "kinds": dict(remaining.kinds),
        "finalizers": list(remaining.finalizers),
        "retained": list(remaining.retained),
        "message": remaining.message,
    }
    record(namespace, remaining=progress)
    return progress


def gone(row: Row) -> None:
    """Confirmed by the cluster: the row goes, and with a namespace all that stood in it; a team waits for its last.

    Call within a transaction.
    """
    team = row.team
    if isinstance(row, Namespace):
        for model in (App, Volume, Secret):
            model.objects.filter(namespace=row).delete()
    row.delete()
    events.announce(events.Changed(team=team.pk, noun=row.noun, id="", what="deleted"))
    if isinstance(row, Namespace):
        team_gone(team)


def team_gone(team: Team) -> bool:
    """Removes a team that waits for its last namespace. True when it went."""
    waiting = Team.objects.select_for_update().filter(pk=team.pk, deleting_since__isnull=False).first()
    if waiting is None or waiting.namespaces.exists():
        return False
    pk = waiting.pk
    waiting.delete()
    events.announce(events.Changed(team=pk, noun="team", id=str(pk), what="deleted"))
    return True
