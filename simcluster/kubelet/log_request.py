"""Which log a request for a pod's log means, and the refusals of the API server and the kubelet.

Sources: PodLogOptions' validation, registry/core/pod/strategy.go (LogLocation), kubelet_pods.go
(validateContainerLogStatus) of Kubernetes 1.37.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from simcluster import errors
from simcluster.errors import Cause
from simcluster.kubelet.logs import LogOptions

WAITING = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


def options(pod: str, params: Mapping[str, str], now: datetime) -> LogOptions:
    """Raises ApiError: 400 for what is no number or time, 422 for what is out of range."""
    causes: list[Cause] = []
    tail = _number(params, "tailLines", 0, causes)
    limit = _number(params, "limitBytes", 1, causes)
    seconds = _number(params, "sinceSeconds", 1, causes)
    since = params.get("sinceTime")
    if since and seconds is not None:
        text = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        causes.append(("FieldValueForbidden", "[]", text))
    if causes:
        raise errors.invalid("PodLogOptions", "", pod, causes)
    moment = _moment(since) if since else now - timedelta(seconds=seconds) if seconds is not None else None
    whole = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S") if moment else None
    return LogOptions(_truth(params, "follow"), _truth(params, "timestamps"), whole, tail, limit)


def container(pod: dict, params: Mapping[str, str]) -> str:
    """The name of the container that is meant. Raises ApiError 400."""
    spec, name = pod["spec"], pod["metadata"]["name"]
    asked = params.get("container", "")
    main = [one["name"] for one in spec["containers"]]
    first = [one["name"] for one in spec.get("initContainers") or ()]
    if asked:
        if asked not in main + first:
            raise errors.bad_request(f"container {asked} is not valid for pod {name}")
        return asked
    if len(main) == 1 and not first:
        return main[0]
    choice = f"[{' '.join(main)}]"
    if first:
        choice += f" or one of the init containers: [{' '.join(first)}]"
    raise errors.bad_request(f"a container name must be specified for pod {name}, choose one of: {choice}")


def previous(params: Mapping[str, str]) -> bool:
    """Whether the run before the present one is meant."""
    return _truth(params, "previous")


def run(pod: dict, name: str, *, previous: bool) -> str:
    """The id of the container run whose log is meant. Raises ApiError 400 when there is none."""
    status = pod.get("status") or {}
    everything = [*(status.get("containerStatuses") or ()), *(status.get("initContainerStatuses") or ())]
    found = next((one for one in everything if one["name"] == name), None)
    subject = f'container "{name}" in pod "{pod["metadata"]["name"]}"'
    if found is None:
        raise errors.bad_request(f"{subject} is not available")
    last = (found.get("lastState") or {}).get("terminated") or {}
    state = found["state"]
    if previous:
        if not last.get("containerID"):
            raise errors.bad_request(f"previous terminated {subject} not found")
        return str(last["containerID"])
    if "running" in state:
        return str(found["containerID"])
    identity = (state.get("terminated") or last).get("containerID")
    if identity:
        return str(identity)
    if "terminated" in state:
        raise errors.bad_request(f"{subject} is terminated")
    reason = state["waiting"].get("reason", "")
    raise errors.bad_request(f"{subject} is waiting to start: {WAITING.get(reason, reason)}")


def _number(params: Mapping[str, str], field: str, least: int, causes: list[Cause]) -> int | None:
    text = params.get(field)
    if text is None or text == "":
        return None
    try:
        value = int(text)
    except ValueError:
        raise errors.bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
    if value < least:
        bound = "greater than 0" if least else "greater than or equal to 0"
        causes.append(("FieldValueInvalid", field, f"Invalid value: {value}: must be {bound}"))
    return value


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise errors.bad_request(f'parsing time "{text}" as "2006-01-02T15:04:05Z07:00": cannot parse') from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _truth(params: Mapping[str, str], field: str) -> bool:
    return params.get(field, "") not in ("", "0", "false")
