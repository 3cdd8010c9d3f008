"""Why an app does not run, in plain words: one row a cause.

The rows are those of Kubernetes 1.37 with containerd 2.4, as recorded in tests/cluster/recorded. Texts are templates;
the facts that a row names come from where its signal is read: `images`, `program`, `placing`, `diagnosis`.
"""

from cluster.rollout.causes import image, place, platform, program
from cluster.rollout.causes.cause import Cause

CAUSES: dict[str, Cause] = {**image.CAUSES, **program.CAUSES, **platform.CAUSES, **place.CAUSES}
"""Code → cause."""

CRASHES = frozenset({"crash", "completed", "memory", "command_missing", "start_refused", "liveness", "startup", "init"})
"""Codes of programs that were started and did not stay."""

__all__ = ["CAUSES", "CRASHES", "Cause"]
