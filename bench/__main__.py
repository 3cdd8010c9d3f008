"""Runs every row, or those that are named: `python -m bench`, `python -m bench start form`."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import audit, cuts, decision, figures, form, loglines, offboarding, pages, preflight, ready, signin, start
from bench.rows import Row, table
from bench.site import Site, running

ALONE: dict[str, Callable[[], list[Row]]] = {
    "start": start.rows,
    "pages": pages.rows,
    "signin": signin.rows,
    "audit": audit.rows,
    "offboarding": offboarding.rows,
    "figures": figures.rows,
}
IN_CLUSTER: dict[str, Callable[[Site], list[Row]]] = {
    "form": form.rows,
    "preflight": preflight.rows,
    "decision": decision.rows,
    "ready": ready.rows,
    "loglines": loglines.rows,
    "cuts": cuts.rows,
}


def main(names: Sequence[str]) -> int:
    """Prints one table. 1 where a target was missed or a row failed, 2 for an unknown name."""
    unknown = set(names) - ALONE.keys() - IN_CLUSTER.keys()
    if unknown:
        print(f"No such row: {', '.join(sorted(unknown))}. There are {', '.join([*ALONE, *IN_CLUSTER])}.")
        return 2
    chosen = names or [*ALONE, *IN_CLUSTER]
    found: list[Row] = []
    for name, measure in ALONE.items():
        if name in chosen:
            found += _measured(name, measure)
    found += _in_cluster([name for name in IN_CLUSTER if name in chosen])
    print(table(found))
    return int(any(row.met is not True for row in found))


def _in_cluster(names: Sequence[str]) -> list[Row]:
    if not names:
        return []
    kubeconfig = os.environ.get("KUBECONFIG", "")
    if not kubeconfig:
        return [Row(f"{', '.join(names)}: set KUBECONFIG to a cluster that may be used")]
    found: list[Row] = []
    with ExitStack() as parts:
        try:
            site = parts.enter_context(running(Path(kubeconfig)))
        except Exception:
            traceback.print_exc()
            return [Row(f"{', '.join(names)}: Berth could not be run on the cluster of KUBECONFIG", met=False)]
        for name in names:
            found += _measured(name, lambda name=name: IN_CLUSTER[name](site))  # type: ignore[misc]
    return found


def _measured(name: str, measure: Callable[[], list[Row]]) -> list[Row]:
    """The rows, or one that says that it failed: one broken measurement does not hide the others."""
    print(f"Measuring: {name}…", file=sys.stderr, flush=True)
    try:
        return measure()
    except Exception as error:
        traceback.print_exc()
        return [Row(f"{name}: failed, {type(error).__name__}", met=False)]


sys.exit(main(sys.argv[1:]))
