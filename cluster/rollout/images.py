"""Why an image does not come, from the words of containerd 2.4."""

from __future__ import annotations

import re
from datetime import timedelta

from cluster import images, names
from cluster.pruned import ContainerStatus, Pod
from cluster.rollout.facts import Events, once, times
from cluster.rollout.finding import PATIENCE, Finding

REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "RegistryUnavailable",
        "ImageInspectError",
    }
)
"""Waiting reasons that are about the image (kubernetes/pkg/kubelet/images/types.go)."""

ENOUGH_TRIES = 2
"""A registry may stutter once; what it says twice is the cause."""

_BACKOFF_FIRST, _BACKOFF_MOST = 10, 300  # seconds: the kubelet doubles the wait between pulls

_RULES: tuple[tuple[str, str], ...] = (
    ("registry_refused", r"401 Unauthorized|403 Forbidden|incorrect username or password"),
    ("registry_login", r"pull access denied|no basic auth credentials|authorization failed|insufficient_scope"),
    ("registry_name", r"lookup \S+.*: (no such host|server misbehaving|Temporary failure)"),
    (
        "registry_unreachable",
        r"connection refused|i/o timeout|no route to host|network is unreachable|deadline exceeded",
    ),
    ("registry_unreachable", r"connection reset|TLS handshake|x509:|\bEOF$|server gave HTTP response|50[0234] "),
    ("image_missing", r"not found|manifest unknown|name unknown"),
)
_NOTES = {
    "image_missing": "tag not found",
    "registry_login": "login wanted",
    "registry_refused": "login refused",
    "login_gone": "login gone",
    "registry_unreachable": "registry silent",
    "registry_name": "registry unknown",
    "image_pull": "pull fails",
}


def image_finding(pod: Pod, status: ContainerStatus, image: str, events: Events) -> Finding | None:
    """The finding for a container that waits for its image; None while one failed try proves nothing."""
    waiting = status.state.waiting
    if waiting is None or waiting.reason not in REASONS:
        return None
    named = images.split(image)
    facts = {"image": image, "tag": named.version, "host": named.host}
    if waiting.reason == "InvalidImageName":
        return Finding(
            "image_name",
            facts,
            (waiting.message,),
            note="malformed name",
            container=status.name,
            reason=waiting.reason,
            since=pod.metadata.creation_timestamp,
        )
    pulling = events.last("Pod", pod, "Pulling", saying=f'"{image}"')
    failed = events.last("Pod", pod, "Failed", saying=f'Failed to pull image "{image}"')
    tries = failed.times if failed else pulling.times if pulling else 0
    said = waiting.message if waiting.message.count(":") > 1 else failed.message if failed else waiting.message
    code = next((code for code, pattern in _RULES if re.search(pattern, said)), "image_pull")
    if code == "registry_login" and (login := _login_gone(pod, events)):
        code, facts = "login_gone", facts | login
    last = failed.last_seen if failed else None
    wait = min(_BACKOFF_MOST, _BACKOFF_FIRST * 2 ** (tries - 1)) if tries else 0
    return Finding(
        code,
        facts,
        once(failed.message if failed else "", waiting.message),
        note=f"{_NOTES[code]}, {tries} tries"
        if tries > 1
        else f"{_NOTES[code]}{', tried ' + times(tries) if tries else ''}",
        container=status.name,
        reason=waiting.reason,
        tries=tries,
        last_try=last,
        next_try=last + timedelta(seconds=wait) if last else None,
        since=pod.metadata.creation_timestamp,
        patience=timedelta(0) if tries >= ENOUGH_TRIES else PATIENCE / 2,
    )


def _login_gone(pod: Pod, events: Events) -> dict[str, str] | None:
    """The login that the pod was to use and its node did not find; None when it had none or found it."""
    told = events.last("Pod", pod, "FailedToRetrieveImagePullSecret")
    found = re.search(r"image pull secrets \((?P<name>[^,)]+)", told.message) if told else None
    if found is None:
        return None
    secret, _ = names.secret_version(found["name"]) or (found["name"], 0)
    return {"secret": secret}
