"""From the cluster's objects to what people want to know: how far the change is, what it waits for, why it is stuck."""

from cluster.rollout.derive import derive
from cluster.rollout.model import Diagnosis, Lane, Rollout, Step, Tile, from_json, to_json

__all__ = ["Diagnosis", "Lane", "Rollout", "Step", "Tile", "derive", "from_json", "to_json"]
