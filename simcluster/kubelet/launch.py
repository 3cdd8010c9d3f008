"""From "should run" to "runs": back-off, image, configuration, creation and start of one container.

The order, reasons, texts and events are those of k8s.io/kubernetes/pkg/kubelet/kuberuntime and pkg/kubelet/images.
"""

import random

from simcluster import quantities, references
from simcluster.kubelet import environment, images
from simcluster.kubelet.applets import exists
from simcluster.kubelet.backoff import go_duration
from simcluster.kubelet.container import Container
from simcluster.kubelet.programs import Hello, Process, Setting
from simcluster.kubelet.shell import Script
from simcluster.kubelet.worker import Worker

SYNC = 11.0
"""Seconds after which a node looks again at a pod that failed to start."""

SOON = 1.2
START_FAILED = (
    "failed to create containerd task: failed to create shim task: OCI runtime create failed: "
    "runc create failed: unable to start container process: "
)


async def launch(worker: Worker, container: Container) -> float | None:
    """Try to start a container now. None when it runs; else the seconds after which to try again."""
    wait = _backing_off(worker, container)
    if wait:
        return wait
    image = await _ensure_image(worker, container)
    if not isinstance(image, images.Image):
        return image
    try:
        variables = environment.resolve(worker.store, worker.pod, container.spec, worker.sandbox.ip)
        uid = _uid(worker, container, image)
    except environment.ConfigError as error:
        container.wait("CreateContainerConfigError", str(error))
        worker.warning(container, "Failed", f"Error: {error}")
        worker.publish()
        return SYNC
    await worker.clock.sleep(0.08)
    container.create(image, uid)
    worker.normal(container, "Created", "Container created")
    args = _arguments(container.spec, image, variables)
    refused = _cannot_run(args)
    if refused:
        container.end(128, worker.clock, reason="StartError", message=START_FAILED + refused)
        container.wait("RunContainerError", START_FAILED + refused)
        worker.warning(container, "Failed", f"Error: {START_FAILED}{refused}")
        worker.publish()
        return SOON
    await worker.clock.sleep(0.1)
    _start(worker, container, image, args, variables)
    worker.normal(container, "Started", "Container started")
    worker.publish()
    return None


def resume(worker: Worker, container: Container) -> None:
    """Put a container that an earlier run of this program had running back to work: same run, new log."""
    image = images.find(references.parse(container.spec["image"]))
    variables = environment.resolve(worker.store, worker.pod, container.spec, worker.sandbox.ip)
    shown, ready, started = container.state, container.ready, container.started
    container.equip(image, _uid(worker, container, image))
    variables.pop("START_DELAY", None)
    _start(worker, container, image, _arguments(container.spec, image, variables), variables)
    container.state, container.ready, container.started = shown, ready, started


def _backing_off(worker: Worker, container: Container) -> float | None:
    if container.ended is None:
        return None
    now = worker.clock.elapsed()
    remaining = container.crash.remaining(container.ended_at, now)
    if not remaining:
        container.crash.step(container.ended_at)
        return None
    pod = worker.full_name
    wait = go_duration(container.crash.wait)
    text = f"back-off {wait} restarting failed container={container.name} pod={pod}"
    container.wait("CrashLoopBackOff", text)
    worker.warning(container, "BackOff", f"Back-off restarting failed container {container.name} in pod {pod}")
    worker.publish()
    return min(remaining, SYNC)


async def _ensure_image(worker: Worker, container: Container) -> images.Image | float:
    """The image, or the seconds after which to try again."""
    text = container.spec["image"]
    try:
        name = references.parse(text)
    except references.InvalidName as error:
        why = f'Failed to apply default image tag "{text}": couldn\'t parse image name "{text}": {error}'
        worker.warning(container, "InspectFailed", why)
        return _not_started(worker, container, "InvalidImageName", why)
    policy = container.spec.get("imagePullPolicy") or ("Always" if name.tag == "latest" else "IfNotPresent")
    if text in worker.node.images and policy != "Always":
        present = f'Container image "{text}" already present on machine and can be accessed by the pod'
        if name.registry != images.LOCKED or images.LOGIN in images.credentials(name.registry, worker.pull_secrets()):
            worker.normal(container, "Pulled", present)
            return images.find(name)
    elif policy == "Never":
        why = f'Container image "{text}" is not present with pull policy of Never'
        worker.warning(container, "ErrImageNeverPull", why)
        return _not_started(worker, container, "ErrImageNeverPull", why)
    remaining = container.pull.remaining(container.pull_failed_at, worker.clock.elapsed())
    if remaining:
        worker.normal(container, "BackOff", f'Back-off pulling image "{text}"')
        why = f'Back-off pulling image "{text}": ErrImagePull: {container.pull_error}'
        return min(remaining, _not_started(worker, container, "ImagePullBackOff", why))
    return await _pull(worker, container, name)


async def _pull(worker: Worker, container: Container, name: references.Name) -> images.Image | float:
    text, clock = container.spec["image"], worker.clock
    missing = worker.missing_pull_secrets()
    if missing:
        why = f"Unable to retrieve some image pull secrets ({', '.join(missing)})"
        worker.node.recorder.warning(
            worker.pod,
            "FailedToRetrieveImagePullSecret",
            f"{why}; attempting to pull the image may not succeed.",
        )
    worker.normal(container, "Pulling", f'Pulling image "{text}"')
    try:
        image = images.pull(text, name, worker.pull_secrets())
    except images.PullError as error:
        await clock.sleep(error.seconds)
        first = not container.pull_error
        container.pull_error = str(error)
        container.pull_failed_at = clock.elapsed()
        container.pull.step(container.pull_failed_at)
        worker.warning(container, "Failed", f'Failed to pull image "{text}": {error}')
        _not_started(worker, container, "ErrImagePull", str(error))
        return SOON if first else SYNC
    seconds = random.uniform(0.4, 1.5)  # noqa: S311 - a duration, no secret
    await clock.sleep(seconds)
    took = f"{round(seconds * 1000)}ms" if seconds < 1 else f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    size = f"Image size: {image.size} bytes."
    worker.normal(
        container, "Pulled", f'Successfully pulled image "{text}" in {took} ({took} including waiting). {size}'
    )
    worker.node.images.add(text)
    return image


def _not_started(worker: Worker, container: Container, reason: str, message: str) -> float:
    container.wait(reason, message)
    worker.warning(container, "Failed", f"Error: {reason}")
    worker.publish()
    return SYNC


def _uid(worker: Worker, container: Container, image: images.Image) -> int:
    """The user it runs as. Raises ConfigError when that is root and may not be."""
    own, pod = container.spec.get("securityContext") or {}, worker.pod["spec"].get("securityContext") or {}
    uid = own.get("runAsUser", pod.get("runAsUser"))
    if own.get("runAsNonRoot", pod.get("runAsNonRoot", False)):
        where = f'(pod: "{worker.full_name}", container: {container.name})'
        if uid == 0:
            raise environment.ConfigError(f"container's runAsUser breaks non-root policy {where}")
        if uid is None and image.uid == 0:
            raise environment.ConfigError(f"container has runAsNonRoot and image will run as root {where}")
    return image.uid if uid is None else uid


def _arguments(spec: dict, image: images.Image, variables: dict[str, str]) -> tuple[str, ...]:
    """`command` replaces the entry point; `args` alone go to it."""
    command = spec.get("command") or list(image.entrypoint)
    if image.entrypoint[1:] and spec.get("args") and not spec.get("command"):
        command = list(image.entrypoint[:1])
    return tuple(environment.expand(one, variables) for one in [*command, *(spec.get("args") or ())])


def _cannot_run(args: tuple[str, ...]) -> str | None:
    program = args[0]
    if exists(program):
        return None
    if "/" in program:
        return f'exec: "{program}": stat {program}: no such file or directory'
    return f'exec: "{program}": executable file not found in $PATH'


def _start(
    worker: Worker, container: Container, image: images.Image, args: tuple[str, ...], variables: dict[str, str]
) -> None:
    log = container.log
    assert log is not None
    limit = ((container.spec.get("resources") or {}).get("limits") or {}).get("memory")
    setting = Setting(
        args=args,
        env=variables,
        uid=container.uid,
        clock=worker.clock,
        write=log.write,
        version=image.version if "hello" in image.reference else "v1",
        memory=int(quantities.parse(limit)) if limit else None,
        hostname=worker.pod["metadata"]["name"],
        files=worker.files(container),
    )
    runs = container.runs

    def ended(code: int, oom: bool) -> None:
        if container.runs == runs:
            worker.exited(container, code, oom)

    program: type[Process] = Hello if args[0].rpartition("/")[2] == "hello" else Script
    process = program(setting, ended)
    container.begin(process, worker.clock)
    process.start()
    worker.prober.start(container)
