"""Alias → gateway and connection, one of each per process; and what the database knows of each cluster's answers."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from cluster.connection import Connection, connect
from cluster.gateway import Gateway
from cluster.specs import ClusterInfo, Room
from tenants.models import ClusterState

_lock = threading.Lock()
_reached: dict[tuple[str, str], tuple[Connection, Gateway]] = {}


def connection(alias: str) -> Connection:
    """The process's connection to that cluster. Raises KeyError for an alias that settings.CLUSTERS lacks."""
    return _reach(alias)[0]


def gateway(alias: str) -> Gateway:
    """The process's gateway to that cluster. Raises KeyError for an alias that settings.CLUSTERS lacks."""
    return _reach(alias)[1]


def title(alias: str) -> str:
    """The cluster's name for people."""
    return str(settings.CLUSTERS.get(alias, {}).get("title", alias))


def silent_since(alias: str) -> datetime | None:
    """Since when the cluster does not answer; None while it does."""
    state = ClusterState.objects.filter(pk=alias, answers=False).first()
    return state.since if state else None


def storage_classes(alias: str) -> list[dict[str, Any]]:
    """The classes that the cluster offers (`ClusterState.info`), as last seen; [] until then."""
    state = ClusterState.objects.filter(pk=alias).first()
    return list(state.info.get("storage_classes", [])) if state else []


def heard(alias: str) -> bool:
    """The cluster answered just now. True when it had been silent."""
    changed = _turn(alias, answers=True, error="")
    ClusterState.objects.filter(pk=alias).update(seen_at=Now())
    return changed


def not_heard(alias: str, error: str) -> bool:
    """The cluster did not answer. True when it had answered until now."""
    return _turn(alias, answers=False, error=error[:400])


def learned(alias: str, info: ClusterInfo) -> None:
    """Keeps what forms need to know of the cluster."""
    classes = [
        {"name": c.name, "default": c.default, "expands": c.expands, "waits": c.waits, "retains": c.retains}
        for c in info.storage_classes
    ]
    _keep(alias, {"version": info.version, "storage_classes": classes})


def measured(alias: str, room: Room) -> None:
    """Keeps what the cluster's nodes have for pods."""
    _keep(alias, {"nodes": room.nodes, "allocatable": dict(room.allocatable)})


def strayed(alias: str, found: Sequence[Sequence[str]]) -> None:
    """Keeps which managed objects no row knows, as [kind, namespace, name]."""
    _keep(alias, {"strays": [list(one) for one in found]})


def _keep(alias: str, known: dict[str, Any]) -> None:
    """Beside what is known already; the observer, who leads alone, is the one writer."""
    state = ClusterState.objects.filter(pk=alias).first()
    info = {**(state.info if state else {}), **known}
    ClusterState.objects.update_or_create(pk=alias, defaults={"info": info}, create_defaults=_first(info=info))


def _reach(alias: str) -> tuple[Connection, Gateway]:
    config = {key: value for key, value in settings.CLUSTERS[alias].items() if key != "title"}
    known = (alias, json.dumps(config, sort_keys=True))
    with _lock:
        if known not in _reached:
            made = connect(alias, config)
            _reached[known] = (made, Gateway(made))
        return _reached[known]


def _turn(alias: str, *, answers: bool, error: str) -> bool:
    """Changes the state where it differs, by one statement, so that of many writers one sees the turn."""
    turned = ClusterState.objects.filter(pk=alias).exclude(answers=answers)
    if turned.update(answers=answers, since=Now(), error=error):
        return True
    _, created = ClusterState.objects.get_or_create(pk=alias, defaults=_first(answers=answers, error=error))
    return created and not answers


def _first(**columns: Any) -> dict[str, Any]:
    now: models.Expression = Now()
    return {"since": now, **columns}
