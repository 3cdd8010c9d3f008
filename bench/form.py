"""How long from sending the form of a new app until the cluster has its Deployment, beside `kubectl apply`."""

from __future__ import annotations

import json
import statistics
import time
from typing import Any

from bench.rows import Row, ms
from bench.site import IMAGE, Site
from bench.witness import ObjectWatch, named
from cluster.manifests.app import deployment
from cluster.specs import AppSpec, Owner

ROUNDS = 50
PAUSE = 0.15
"""Seconds between two measurements, so that what the one leaves to do is not the other's burden."""


def rows(site: Site) -> list[Row]:
    """The same Deployment, without pods, 50 times each way in turn; a watch of our own says when it is there."""
    watch = ObjectWatch(site.kubectl.kubeconfig)
    site.browser.get(f"{site.path}apps/new")
    ours, peer = [], []
    for round_ in range(-2, ROUNDS):
        took, applied = _by_form(site, watch, f"f{round_ + 2}"), _by_kubectl(site, watch, f"k{round_ + 2}")
        if round_ >= 0:
            ours.append(took)
            peer.append(applied)
    watch.close()
    form, kubectl = statistics.median(ours), statistics.median(peer)
    ratio = form / kubectl
    return [
        Row(
            f"form POST → object in the cluster, median of {ROUNDS}",
            ms(form),
            f"kubectl apply --server-side {ms(kubectl)}",
            f"{ratio:.2f}",
            "≤ 0.5 × kubectl",
            ratio <= 0.5,
        )
    ]


def manifest(site: Site, name: str) -> dict[str, Any]:
    """The Deployment without pods that the form makes, for kubectl."""
    return deployment(
        AppSpec(
            name=name,
            namespace=site.namespace,
            owner=Owner(team="bench", namespace_id="0"),
            release=1,
            generation=1,
            image=f"{IMAGE}:v1",
            port=None,
            replicas=0,
            cpu=20,
            memory=32 << 20,
        )
    )


def _by_form(site: Site, watch: ObjectWatch, name: str) -> float:
    sent = time.monotonic()
    site.new_app(name, replicas="0", reach="nobody", port="")
    took = watch.first(named(site.namespace, name), sent) - sent
    time.sleep(PAUSE)
    return took


def _by_kubectl(site: Site, watch: ObjectWatch, name: str) -> float:
    document = json.dumps(manifest(site, name))
    sent = time.monotonic()
    site.kubectl.run("apply", "--server-side", "-f", "-", stdin=document)
    took = watch.first(named(site.namespace, name), sent) - sent
    time.sleep(PAUSE)
    return took
