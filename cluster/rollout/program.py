"""Why a program that started does not stay, or does not become ready."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from cluster import amounts
from cluster.pruned import Container, ContainerStatus, Event, Pod, Probe, Terminated
from cluster.rollout import facts
from cluster.rollout.facts import Events, keeps_ending, last_end, once, seconds, times
from cluster.rollout.finding import PATIENCE, Finding

START_ERROR = 128
"""Exit code that containerd gives a container whose program could not be started."""
POLITE_ENDS = (0, 137, 143)
"""Exit codes of a program that the kubelet ended: it stopped by itself, SIGKILL, SIGTERM."""

_NO_PROGRAM = re.compile(r'exec: "(?P<command>[^"]*)": (stat .*no such file or directory|executable file not found)')
_BACK_OFF = re.compile(r"back-off (?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?")


def program_finding(
    pod: Pod, status: ContainerStatus, container: Container, events: Events, now: datetime
) -> Finding | None:
    """The finding for a container that was started at least once; None while nothing is wrong, or not yet."""
    end = last_end(status)
    waiting = status.state.waiting
    told = waiting.message if waiting else ""
    if status.state.running is not None and status.started and not keeps_ending(status, now):
        return _not_ready(pod, status, container, events)
    if end is not None and (end.reason in ("StartError", "ContainerCannotRun") or end.exit_code == START_ERROR):
        return _cannot_start(status, end.message or told, _since(pod, status, end, events) or now)
    if waiting is not None and waiting.reason == "RunContainerError":
        return _cannot_start(status, told, _since(pod, status, end, events) or now)
    if end is not None:
        killing = killed_by_probe(pod, status, end, events)
        if killing is not None and (keeps_ending(status, now) or "startup" in killing.message):
            return _unhealthy(status, container, end, killing, events.of("Pod", pod, "Unhealthy"))
        if keeps_ending(status, now):
            return _ended(status, container, end, _since(pod, status, end, events))
    return None


def killed_by_probe(pod: Pod, status: ContainerStatus, end: Terminated, events: Events) -> Event | None:
    """The event by which the kubelet says that it ended the container because a probe failed.

    A program that stops politely then looks exactly like one that ended by itself (Completed, 0): only this tells.
    """
    said = events.of("Pod", pod, "Killing")
    killing = [
        event for event in said if re.search(rf"Container {status.name} failed (liveness|startup) probe", event.message)
    ]
    if not killing:
        return None
    seen = killing[-1].last_seen
    during = seen is not None and end.started_at is not None and seen >= end.started_at
    return killing[-1] if during or end.exit_code in POLITE_ENDS else None


def answer_of(message: str, probe: Probe | None) -> str:
    """What a failed probe found, from the kubelet's message: "GET /ready said 503"."""
    asked = f"GET {probe.http_get.path}" if probe and probe.http_get else "the health check"
    if code := re.search(r"statuscode: (\d+)", message):
        return f"{asked} said {code[1]}"
    if "connection refused" in message:
        return f"nothing listens on port {port_of(probe, message)}"
    if "context deadline exceeded" in message or "i/o timeout" in message or "Timeout" in message:
        return f"{asked} got no answer in time"
    return f"{asked} failed"


def port_of(probe: Probe | None, message: str = "") -> str:
    """The port that a probe asks; named ports by what the kubelet's message says."""
    if dialed := re.search(r"dial tcp \S+:(\d+):", message):
        return dialed[1]
    ask = (probe.http_get or probe.tcp_socket) if probe else None
    return str(ask.port) if ask else "?"


def _unhealthy(
    status: ContainerStatus, container: Container, end: Terminated, killing: Event, told: Sequence[Event]
) -> Finding:
    """`told`: the pod's events of failed probes."""
    kind = "startup" if "failed startup probe" in killing.message else "liveness"
    probe = container.startup_probe if kind == "startup" else container.liveness_probe
    fitting = (event for event in reversed(told) if f"{kind.capitalize()} probe failed" in event.message)
    unhealthy = next(fitting, None)
    answer = answer_of(unhealthy.message if unhealthy else "", probe)
    return Finding(
        kind,
        {"answer": answer, "start": seconds(facts.window(probe).total_seconds()), "restarts": _so_often(status)},
        tuple(event.message for event in (unhealthy, killing) if event is not None),
        note=f"{answer}, {_tile_restarts(status)}",
        container=status.name,
        reason=_reason(status),
        tries=status.restart_count,
        last_try=end.finished_at,
        next_try=_next_start(status, end),
        since=killing.first_seen,
        exit_code=end.exit_code,
    )


def _cannot_start(status: ContainerStatus, message: str, since: datetime) -> Finding:
    missing = _NO_PROGRAM.search(message)
    end = last_end(status)
    return Finding(
        "command_missing" if missing else "start_refused",
        {"command": missing["command"] if missing else ""},
        (message,),
        note="no such command" if missing else "start refused",
        container=status.name,
        reason=_reason(status),
        tries=status.restart_count,
        last_try=end.finished_at if end else None,
        since=since,
        exit_code=end.exit_code if end else START_ERROR,
    )


def _ended(status: ContainerStatus, container: Container, end: Terminated, since: datetime | None) -> Finding:
    code = "memory" if end.reason == "OOMKilled" else "completed" if end.exit_code == 0 else "crash"
    waiting = status.state.waiting
    ended = f"{end.reason or 'terminated'}, exitCode {end.exit_code}"
    return Finding(
        code,
        {
            "exit_code": str(end.exit_code),
            "restarts": _so_often(status),
            "memory": amounts.say("memory", container.resources.limits.memory) or "the node's memory",
        },
        once(ended, end.message, waiting.message if waiting else ""),
        note=("out of memory" if code == "memory" else f"exit code {end.exit_code}") + f", {_tile_restarts(status)}",
        container=status.name,
        reason=_reason(status),
        tries=status.restart_count,
        last_try=end.finished_at,
        next_try=_next_start(status, end),
        since=since,
        exit_code=end.exit_code,
    )


def _since(pod: Pod, status: ContainerStatus, end: Terminated | None, events: Events) -> datetime | None:
    """When it began to end again and again: the kubelet's first back-off, told once and counted from then on.

    A run that lasted as long as the longest back-off began anew: then it is the last end.
    """
    last = end.finished_at if end else None
    began = end.started_at if end and end.started_at and end.started_at.timestamp() else None  # 1970: never started
    if last is not None and began is not None and last - began >= facts.LONGEST_BACKOFF:
        return last
    told = events.of("Pod", pod, "BackOff")
    backoffs = [event.first_seen for event in told if f"restarting failed container {status.name} " in event.message]
    return min((moment for moment in (last, *backoffs) if moment is not None), default=None)


def _not_ready(pod: Pod, status: ContainerStatus, container: Container, events: Events) -> Finding | None:
    running = status.state.running
    if running is None or status.ready:
        return None
    probe = container.readiness_probe
    unhealthy = events.last("Pod", pod, "Unhealthy", saying="Readiness probe failed")
    if unhealthy is None:
        return None
    refused = "connection refused" in unhealthy.message
    answer = answer_of(unhealthy.message, probe)
    ready = facts.condition(pod.status.conditions, "Ready")
    starts = [moment for moment in (running.started_at, ready.last_transition_time if ready else None) if moment]
    return Finding(
        "wrong_port" if refused else "not_ready",
        {"answer": answer, "port": port_of(probe, unhealthy.message)},
        (unhealthy.message,),
        note=answer.removeprefix("GET "),
        container=status.name,
        reason="Unhealthy",
        tries=unhealthy.times,
        last_try=unhealthy.last_seen,
        since=max(starts, default=None),
        patience=PATIENCE,
    )


def _reason(status: ContainerStatus) -> str:
    if status.state.waiting is not None:
        return status.state.waiting.reason
    end = last_end(status)
    return end.reason if end else ""


def _so_often(status: ContainerStatus) -> str:
    return times(max(1, status.restart_count))


def _tile_restarts(status: ContainerStatus) -> str:
    count = status.restart_count
    return f"{count} restart{'' if count == 1 else 's'}"


def _next_start(status: ContainerStatus, end: Terminated) -> datetime | None:
    waiting = status.state.waiting
    found = _BACK_OFF.search(waiting.message) if waiting else None
    if found is None or end.finished_at is None:
        return None
    return end.finished_at + timedelta(minutes=int(found["m"] or 0), seconds=int(found["s"] or 0))
