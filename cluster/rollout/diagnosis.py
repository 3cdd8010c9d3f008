"""Exactly one cause, the true one: all findings are gathered, the one that stops the rollout is put into words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from cluster.pruned import Claim, ContainerStatus, Pod, ReplicaSet
from cluster.rollout.causes import CAUSES
from cluster.rollout.facts import Events, is_leaving, is_over, main_container, main_status
from cluster.rollout.finding import Finding
from cluster.rollout.images import image_finding
from cluster.rollout.model import Diagnosis
from cluster.rollout.placing import (
    configuration_finding,
    preparing_finding,
    refusal_finding,
    schedule_finding,
)
from cluster.rollout.program import program_finding

EVICTION_SHOWN = timedelta(minutes=15)
"""How long an eviction is told when its successor runs."""


def pod_finding(pod: Pod, claims: Iterable[Claim], events: Events, now: datetime) -> Finding | None:
    """What keeps one pod from being ready, however young the reason; None when nothing is wrong."""
    if is_leaving(pod):
        return None
    if is_over(pod):
        return eviction_finding(pod)
    found = schedule_finding(pod, claims, events) or _init(pod, events, now) or _main(pod, events, now)
    return replace(found, pod=pod.name) if found else None


def eviction_finding(pod: Pod) -> Finding | None:
    """Why a pod that is over was ended by its node."""
    if pod.status.phase != "Failed":
        return None
    limit = re.search(r'exceeds the (?:total )?limit "?(?P<limit>[^"\s]+?)"?\.?\s*$', pod.status.message)
    status = main_status(pod)
    ended = status.state.terminated.finished_at if status and status.state.terminated else None
    return Finding(
        "scratch" if limit else "evicted",
        {"limit": limit["limit"]} if limit else {},
        (pod.status.message.strip() or pod.status.reason,),
        note="too much scratch data" if limit else "ended by its node",
        container=status.name if status else "",
        reason=pod.status.reason,
        since=ended or pod.metadata.creation_timestamp,
        pod=pod.name,
    )


def choose(findings: Iterable[Finding], now: datetime) -> Finding | None:
    """The one that stops the rollout: what does not pass by itself first, then what has lasted longest."""
    due = [finding for finding in findings if finding.due(now)]
    return min(due, key=lambda finding: (not CAUSES[finding.code].final, finding.since or now), default=None)


def refusals(replicasets: Iterable[ReplicaSet]) -> list[Finding]:
    return [found for found in map(refusal_finding, replicasets) if found is not None]


def in_words(finding: Finding, now: datetime) -> Diagnosis:
    """The finding with the texts of its cause; a next try that is due already is not promised."""
    cause = CAUSES[finding.code]
    facts = {"container": finding.container, **finding.facts}
    return Diagnosis(
        code=finding.code,
        headline=cause.headline.format(**facts),
        title=cause.title.format(**facts),
        why=cause.why.format(**facts),
        remedy=cause.remedy.format(**facts),
        action=cause.action,
        evidence=finding.evidence,
        pod=finding.pod,
        container=finding.container,
        reason=finding.reason,
        tries=finding.tries,
        last_try=finding.last_try,
        next_try=finding.next_try if finding.next_try and finding.next_try > now else None,
        since=finding.since,
        wants_log=cause.wants_log,
        exit_code=finding.exit_code,
    )


def _init(pod: Pod, events: Events, now: datetime) -> Finding | None:
    for status in pod.status.init_container_statuses:
        ended = status.state.terminated
        if ended is not None and ended.exit_code == 0:
            continue
        container = next((found for found in pod.spec.init_containers if found.name == status.name), None)
        if container is None:
            continue
        found = (
            image_finding(pod, status, container.image, events)
            or configuration_finding(pod, status)
            or preparing_finding(pod, status, events)
            or program_finding(pod, status, container, events, now)
        )
        if found is not None and found.code in ("crash", "memory", "completed"):
            return replace(found, code="init")
        return found
    return None


def _main(pod: Pod, events: Events, now: datetime) -> Finding | None:
    status, container = main_status(pod), main_container(pod)
    if status is None or container is None:
        return None
    return _container(pod, status, container.image, events) or program_finding(pod, status, container, events, now)


def _container(pod: Pod, status: ContainerStatus, image: str, events: Events) -> Finding | None:
    return (
        image_finding(pod, status, image, events)
        or configuration_finding(pod, status)
        or preparing_finding(pod, status, events)
    )
