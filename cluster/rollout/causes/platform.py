"""The platform's rules refuse the pods."""

from __future__ import annotations

from cluster.rollout.causes.cause import Cause

_REFUSED = "Refused"

CAUSES: dict[str, Cause] = {
    "root_image": Cause(
        headline="the image would run as root",
        title="The image would run as root, which is not allowed here",
        why="Pods of this platform never run as root, and the image names no other user.",
        remedy="Build the image with a numeric user, for example USER 65532, and deploy it again.",
        action="deploy",
        words=_REFUSED,
    ),
    "pod_security": Cause(
        headline="the security policy refuses it",
        title="The security policy of the namespace refuses the pods",
        why="The namespace keeps to Pod Security {policy}; the pods ask for more.",
        remedy="Ask the platform team; the app's pods must not ask for these rights.",
        action="configuration",
        words=_REFUSED,
    ),
    "quota_full": Cause(
        headline="the quota leaves no room",
        title="The namespace's quota leaves no room for another pod",
        why="One more pod does not fit: {room}.",
        remedy="Ask for more quota, take fewer or smaller pods, or free what other apps reserve.",
        action="quota",
        words="No room",
    ),
    "quota_demands": Cause(
        headline="the quota wants limits that the pods lack",
        title="The quota wants every pod to say its {missing}",
        why="The namespace's quota counts the {missing} of pods, and these do not say how much they take.",
        remedy="Set the app's CPU and memory.",
        action="scale",
        words=_REFUSED,
    ),
    "limit_range": Cause(
        headline="the pods are larger than allowed",
        title="The pods ask for more than one container may have",
        why="By the namespace's limits the {rule}.",
        remedy="Choose a smaller size, or ask for a larger limit.",
        action="scale",
        words=_REFUSED,
    ),
    "pod_refused": Cause(
        headline="the cluster refuses the pods",
        title="The cluster refuses to make the pods",
        why="No pod of this release could be made.",
        remedy="Read what the cluster says.",
        action="wait",
        words=_REFUSED,
    ),
}
