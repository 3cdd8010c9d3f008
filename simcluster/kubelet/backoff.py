"""How long a node waits before it tries again: 10 s, doubling to 5 minutes, forgotten after 10 quiet minutes.

Rules of k8s.io/client-go/util/flowcontrol/backoff.go as the kubelet uses it for containers and image pulls.
"""

from dataclasses import dataclass

FIRST, MOST = 10.0, 300.0


@dataclass
class Backoff:
    """Times are simulated seconds of Clock.elapsed()."""

    wait: float = 0.0
    updated: float = 0.0

    def remaining(self, since: float, now: float) -> float:
        """Seconds still to wait after a failure at `since`; 0 when it may be tried now."""
        if not self.wait or since - self.updated > 2 * MOST:
            return 0.0
        return max(0.0, since + self.wait - now)

    def step(self, since: float) -> None:
        """A new attempt begins after a failure at `since`: the next wait is twice as long."""
        expired = not self.wait or since - self.updated > 2 * MOST
        self.wait = FIRST if expired else min(MOST, self.wait * 2)
        self.updated = since


def go_duration(seconds: float) -> str:
    """Whole seconds as Go prints a Duration: 10s, 1m20s, 5m0s."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
