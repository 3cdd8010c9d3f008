"""Whose events are they: an event names the object that it is about, and nothing of the app behind it."""

from __future__ import annotations

_ADDED = {"Deployment": 0, "Service": 0, "HorizontalPodAutoscaler": 0, "ReplicaSet": 1, "EndpointSlice": 1, "Pod": 2}
"""Kind → how many parts Kubernetes adds to an app's name: of a pod the ReplicaSet's hash and its own suffix."""


def app_of(kind: str, name: str) -> str:
    """The app that an object of that kind and name belongs to; "" where the name does not tell.

    "checkout-5d9f7b-tz8vd" is a pod of checkout, "checkout-5d9f7b" its ReplicaSet, "checkout" its Deployment.
    """
    added = _ADDED.get(kind)
    if added is None or name.count("-") < added:
        return ""
    return name.rsplit("-", added)[0] if added else name
