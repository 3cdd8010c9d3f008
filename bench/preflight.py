"""How long the new-app form takes to say what remains of a quota while one types, beside kubectl's dry run."""

from __future__ import annotations

import json
import time

from bench.form import manifest
from bench.rows import Row, ms, quantile
from bench.site import Site

APPS = 50
ROUNDS = 100
LIMIT = 0.030
ENVIRONMENT = 40
"""Variables of each app: a release is a document of some kilobytes, as real ones are."""


def rows(site: Site) -> list[Row]:
    """The same Deployment each way in turn. kubectl asks the API server, which looks at no pod and so at no quota."""
    for number in range(APPS):
        names = [f"KEY_{key}" for key in range(ENVIRONMENT)]
        values = [f"a value of the length that values have, {key}" for key in range(ENVIRONMENT)]
        site.new_app(f"p{number}", replicas="0", reach="nobody", port="", env_name=names, env_value=values)
    ours, peer = [], []
    for round_ in range(-5, ROUNDS):
        typed, asked = _by_form(site), _by_kubectl(site)
        if round_ >= 0:
            ours.append(typed)
            peer.append(asked)
    form, kubectl = quantile(ours, 0.95), quantile(peer, 0.95)
    for number in range(APPS):
        site.delete(f"p{number}")
    return [
        Row(
            f"preflight while one types, beside {APPS} apps, p95 of {ROUNDS} (median {ms(quantile(ours, 0.5))})",
            ms(form),
            f"kubectl apply --server-side --dry-run=server {ms(kubectl)}",
            f"{form / kubectl:.2f}",
            f"≤ {ms(LIMIT)}",
            form <= LIMIT,
        )
    ]


def _by_form(site: Site) -> float:
    sent = time.monotonic()
    answer = site.typed("typed", replicas="3", memory="1 GiB")
    took = time.monotonic() - sent
    if "Remains" not in answer:
        raise RuntimeError(f"no figures in the answer: {answer[:300]}")
    return took


def _by_kubectl(site: Site) -> float:
    sent = time.monotonic()
    document = json.dumps(manifest(site, "typed"))
    site.kubectl.run("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=document)
    return time.monotonic() - sent
