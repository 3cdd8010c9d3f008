"""Apps as pages show them: one context for a page and for the fragments that sockets send."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import QuerySet

from cluster import refusals
from cluster.pruned import Event
from cluster.rollout import Lane, Rollout, Tile, from_json
from tenants import access
from tenants.models import App, AuditEntry, Release, Secret, User, Volume
from tenants.models.app import Outcome
from tenants.releases import ReleaseSpec, is_behind, load
from tenants.selectors import changes

UNHEALTHY = ("stuck", "crashing", "degraded", "waiting")
KINDS = {
    "running": "ok",
    "rolling": "busy",
    "stuck": "bad",
    "degraded": "warn",
    "crashing": "bad",
    "waiting": "waiting",
    "stopped": "off",
    "unknown": "next",
}
TILES = {
    "ready": ("ok", "ok"),
    "starting": ("busy", "busy"),
    "waiting": ("waiting", "warn"),
    "stopping": ("stopping", ""),
    "crashing": ("bad", "bad"),
    "failed": ("bad", "bad"),
    "next": ("next", "none"),
    "gone": ("off", "none"),
}
SMALL = {"ready": "ok", "starting": "busy", "waiting": "busy", "crashing": "bad", "failed": "bad", "next": "none"}
EVENTS_SHOWN = 20
# More pods of which the same was said are counted.
PODS_NAMED = 2
# What the API server writes before the words of events that it counts together.
MERGED = "(combined from similar events): "
# So many tiles of a lane are drawn in full; more become small ones.
FULL_TILES = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One app in a list."""

    app: App
    kind: str
    words: str
    rest: str
    release: str
    ready: int
    wanted: int
    pods: tuple[str, ...]
    changed_by: str
    changed_at: datetime


def last_rollout(app: App) -> Rollout | None:
    """The last rollout that the observer saw; None until then."""
    if not app.observed:
        return None
    try:
        return from_json(app.observed)
    except msgspec.ValidationError:
        return None


def in_lists(apps: QuerySet[App]) -> QuerySet[App]:
    """With all that `row` reads."""
    return apps.select_related("namespace__team", "release__created_by", "serving")


def row(app: App) -> Row:
    """The app as one line of a list."""
    rollout = last_rollout(app)
    kind, words, rest = _said(app, rollout)
    wanted_release = app.release
    return Row(
        app=app,
        kind=kind,
        words=words,
        rest=rest,
        release=_releases(app),
        ready=rollout.ready if rollout else 0,
        wanted=rollout.wanted if rollout else _spec_replicas(wanted_release),
        pods=_small(rollout),
        changed_by=_name(wanted_release),
        changed_at=wanted_release.created_at if wanted_release else app.created_at,
    )


def live_context(app: App, rollout: Rollout | None, events: Iterable[Event] = ()) -> dict[str, Any]:
    """What the partials #header, #diagnosis, #rollout, #address and #events draw; the same for every viewer.

    `events` are the cluster's own as a watch holds them: only a socket knows them, a page begins without.
    """
    kind, sentence, detail = _header(app, rollout)
    wanted = app.release
    spec = load(wanted.spec) if wanted else None
    return {
        "app": app,
        "rollout": rollout,
        "spec": spec,
        "kind": kind,
        "sentence": sentence,
        "detail": detail,
        "lanes": [_lane(lane) for lane in rollout.lanes] if rollout else [],
        "title": _title(rollout),
        "what_changed": _what_changed(wanted),
        "progress": _progress(rollout) if rollout else None,
        "address": address(app, spec),
        "events": _events(events, app),
    }


def address(app: App, spec: ReleaseSpec | None) -> str:
    """How other apps reach it: `checkout.payments-dev:8080`; "" where nobody does."""
    return f"{app.name}.{app.namespace.cluster_name}:{spec.port}" if spec and spec.port else ""


def how(spec: ReleaseSpec, secret: str) -> str:
    """How a release uses a secret, in words."""
    ways = []
    variables = sorted(name for name, ref in spec.secret_env.items() if ref.secret == secret)
    if variables:
        ways.append(f"environment: {', '.join(variables)}")
    ways.extend(f"files in {folder.path}" for folder in spec.secret_files if folder.secret == secret)
    if spec.pull_secret == secret:
        ways.append("login to the registry")
    return "; ".join(ways)


def _events(events: Iterable[Event], app: App) -> list[dict[str, Any]]:
    """What the cluster said, newest first, each sentence once however many pods it was said of."""
    said: dict[tuple[str, str, str], list[Event]] = {}
    for event in sorted(events, key=lambda event: event.order, reverse=True):
        words = event.message.removeprefix(MERGED)
        said.setdefault((event.involved_object.kind, event.type, words), []).append(event)
    return [
        {"at": same[0].last_seen, "warning": type_ == "Warning", "words": words, "about": _about(kind, same, app)}
        for (kind, type_, words), same in list(said.items())[:EVENTS_SHOWN]
    ]


def _about(kind: str, same: list[Event], app: App) -> str:
    """`pod tz8vd, 2 times`; the app's own objects by their last part."""
    named = list(dict.fromkeys(event.involved_object.name for event in same))
    count = sum(event.times for event in same)
    times = f", {count} times" if count > len(named) else ""
    if kind != "Pod":
        return f"{kind} {'' if named == [app.name] else ', '.join(named)}".strip() + times
    if len(named) > PODS_NAMED:
        return f"{len(named)} pods{times}"
    shorts = " and ".join(name.rpartition("-")[2] for name in named)
    return f"pod{'s' if len(named) > 1 else ''} {shorts}{times}"


def _header(app: App, rollout: Rollout | None) -> tuple[str, str, str]:
    refused = app.condition("Applied")
    if app.deleting:
        return "stopping", "Being deleted.", "Its pods end; volumes and secrets stay."
    if refused is not None and refused["status"] == "False":
        release = app.release.number if app.release else 1
        return "bad", f"The cluster did not take v{release}.", refusals.said(refused["message"])
    if rollout is None:
        return "waiting", "Waiting for the cluster.", "Nothing was seen of it yet."
    return KINDS[rollout.state], f"{rollout.sentence}.", rollout.detail


def _said(app: App, rollout: Rollout | None) -> tuple[str, str, str]:
    """Icon, word and reason of a list: the sentence cut at its first comma or colon."""
    kind, sentence, _ = _header(app, rollout)
    if rollout is None or app.deleting or not sentence.startswith(rollout.sentence):
        return kind, sentence.rstrip("."), ""
    mark = ": " if ": " in rollout.sentence else ", "
    words, _, rest = rollout.sentence.partition(mark)
    if rollout.state == "running":
        return kind, "Running", ""
    serving = f"; v{rollout.release_serving} serves" if rollout.state == "stuck" and rollout.release_serving else ""
    return kind, words, f"{rest}{serving}" if rest else ""


def _releases(app: App) -> str:
    wanted, serving = app.release, app.serving
    if wanted is None:
        return ""
    if serving is not None and serving.pk != wanted.pk and wanted.outcome != Outcome.SERVING:
        return f"v{serving.number} → v{wanted.number}"
    return f"v{wanted.number}"


def _small(rollout: Rollout | None) -> tuple[str, ...]:
    if rollout is None:
        return ()
    tiles = [tile for lane in reversed(rollout.lanes) for tile in lane.tiles]
    kinds = [SMALL[tile.state] for tile in tiles if tile.state in SMALL]
    extra = sum(kind == "ok" for kind in kinds)
    # Places of pods that are still to come are left out while old ones hold them.
    return tuple(kind for kind in kinds if kind != "none" or extra < rollout.wanted)


def _lane(lane: Lane) -> dict[str, Any]:
    name = f"v{lane.release}" if lane.release else "Pods"
    counted = f"{lane.ready} of {lane.wanted} ready"
    if lane.role == "old":
        left = sum(tile.state not in ("gone", "stopping") for tile in lane.tiles)
        counted = f"{left} of {max(lane.wanted, len(lane.tiles))} left"
    return {
        "name": name if lane.role == "only" else f"{name}, {lane.role}",
        "label": f"{'New' if lane.role == 'new' else 'Old' if lane.role == 'old' else 'All'} pods, {name}",
        "counted": counted,
        "tiles": [_tile(tile) for tile in lane.tiles],
        "small": len(lane.tiles) > FULL_TILES,
    }


def _tile(tile: Tile) -> dict[str, Any]:
    kind, shape = TILES[tile.state]
    return {"tile": tile, "kind": kind, "shape": shape}


def _title(rollout: Rollout | None) -> str:
    if rollout is None:
        return "Rollout"
    new, serving = rollout.release_new, rollout.release_serving
    if rollout.finished or rollout.state in ("running", "stopped") or new is None:
        return "Pods"
    return f"Rollout v{serving} → v{new}" if serving and serving != new else f"Rollout v{new}"


def _what_changed(release: Release | None) -> str:
    if release is None:
        return ""
    return f"{_name(release)}: {changes.sentence(release.changes, release.rolled_back_to)}"


def _progress(rollout: Rollout) -> dict[str, Any]:
    """Of the new release: how many of its pods are ready, as segments of a bar."""
    new = next((lane for lane in rollout.lanes if lane.role in ("new", "only")), None)
    old = next((lane for lane in rollout.lanes if lane.role == "old"), None)
    wanted, ready = rollout.wanted, new.ready if new else 0
    bad = any(tile.state in ("crashing", "failed") for tile in new.tiles) if new else False
    each = 100 / max(wanted, 1)
    parts = [{"kind": "ok", "x": 0, "width": ready * each}]
    moving = min(rollout.updated, wanted) - ready
    if moving > 0:
        kind = "bad" if bad or rollout.state in ("stuck", "crashing") else "busy half"
        parts.append({"kind": kind, "x": ready * each, "width": moving * each})
    if wanted <= 12:
        parts.extend({"kind": "gap", "x": at * each - 0.3, "width": 0.6} for at in range(1, wanted))
    serving = [f"{lane.ready} of v{lane.release}" for lane in (new, old) if lane and lane.ready and lane.release]
    total = sum(lane.ready for lane in rollout.lanes)
    said = f"{total} serve now: {', '.join(serving)}" if serving else "nothing serves yet"
    return {"ready": ready, "wanted": wanted, "parts": parts, "serving": said}


def _name(release: Release | None) -> str:
    return release.created_by.username if release and release.created_by else "somebody"


def _spec_replicas(release: Release | None) -> int:
    return int(release.spec.get("replicas", 0)) if release else 0


def parts(app: App) -> dict[str, list[dict[str, Any]]]:
    """Volumes and secrets of the wanted release, with their rows where these still stand."""
    if app.release is None:
        return {"volumes": [], "secrets": []}
    spec = load(app.release.spec)
    volumes = {v.name: v for v in Volume.objects.filter(namespace=app.namespace_id, name__in=spec.mounted())}
    used = Secret.objects.filter(namespace=app.namespace_id, name__in=spec.secrets()).select_related("changed_by")
    secrets = {secret.name: secret for secret in used}
    return {
        "volumes": [{"name": m.volume, "path": m.path, "row": volumes.get(m.volume)} for m in spec.volumes],
        "secrets": [
            {
                "name": name,
                "how": how(spec, name),
                "row": secrets.get(name),
                "newer": name in secrets and is_behind(spec.secret_versions.get(name, {}), secrets[name].keys),
            }
            for name in sorted(spec.secrets())
        ],
    }


def history(user: User, app: App, most: int = 5) -> list[AuditEntry]:
    """What people did with the app, as far as the viewer may read it."""
    if not access.can(user, "audit.read_own", app):
        return []
    return list(AuditEntry.objects.visible_to(user).filter(target_noun=app.noun, target_id=str(app.pk))[:most])
