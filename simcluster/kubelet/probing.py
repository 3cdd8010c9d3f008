"""What a pod does with its probes' verdicts: containers become started, ready, unready, or are restarted."""

from simcluster.kubelet.container import Container
from simcluster.kubelet.probes import Probe
from simcluster.kubelet.worker import Worker

KINDS = ("Liveness", "Readiness")


class Probing:
    """The probes of one pod's containers."""

    def __init__(self, worker: Worker):
        self._worker = worker
        self._probes: dict[str, list[Probe]] = {}

    def start(self, container: Container) -> None:
        """For a new run; without a startup probe the others begin at once."""
        self.stop(container)
        if "startupProbe" in container.spec:
            self._probe(container, "Startup", container.spec["startupProbe"])
        else:
            self._begin_others(container)

    def stop(self, container: Container) -> None:
        for probe in self._probes.pop(container.name, ()):
            probe.stop()

    def _begin_others(self, container: Container) -> None:
        container.started = True
        container.ready = "readinessProbe" not in container.spec
        for kind in KINDS:
            spec = container.spec.get(f"{kind.lower()}Probe")
            if spec is not None:
                self._probe(container, kind, spec)

    def _probe(self, container: Container, kind: str, spec: dict) -> None:
        worker = self._worker

        def verdict(good: bool) -> None:
            self._judge(container, kind, good, spec)

        def unhealthy(text: str) -> None:
            worker.warning(container, "Unhealthy", f"{kind} probe failed: {text}")

        probe = Probe(spec, container, worker.sandbox.ip, worker.clock, verdict, unhealthy)
        self._probes.setdefault(container.name, []).append(probe)
        probe.start()

    def _judge(self, container: Container, kind: str, good: bool, spec: dict) -> None:
        if kind == "Readiness":
            if container.ready != good:
                container.ready = good
                self._worker.publish()
        elif good and kind == "Startup":
            self.stop(container)
            self._begin_others(container)
            self._worker.publish()
            if container.sidecar:
                self._worker.kick()
        elif not good:
            self._restart(container, kind, spec)

    def _restart(self, container: Container, kind: str, spec: dict) -> None:
        process = container.process
        if process is None:
            return
        text = f"Container {container.name} failed {kind.lower()} probe, will be restarted"
        self._worker.normal(container, "Killing", text)
        self.stop(container)
        grace = self._worker.pod["spec"].get("terminationGracePeriodSeconds", 30)
        self._worker.clock.call_later(spec.get("terminationGracePeriodSeconds", grace), process.kill)
        process.stop()
