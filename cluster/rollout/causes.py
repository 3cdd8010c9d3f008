"""Why an app does not run, in plain words: one row a cause.

The rows are those of Kubernetes 1.37 with containerd 2.4, as recorded in tests/cluster/recorded. Texts are templates;
the facts that a row names come from where its signal is read: `images`, `program`, `placing`, `diagnosis`.
"""

from __future__ import annotations

from dataclasses import dataclass

from cluster.rollout.model import Action


@dataclass(frozen=True, slots=True)
class Cause:
    """`final`: it does not pass by itself, so the rollout has failed. `words`: on the pod's tile."""

    headline: str
    title: str
    why: str
    remedy: str
    action: Action
    words: str
    final: bool = True
    wants_log: bool = False


_IMAGE = "No image"
_CRASH = "Crashes"
_REFUSED = "Refused"
_UNHEALTHY = "Not healthy"

CAUSES: dict[str, Cause] = {
    # -- the image
    "image_missing": Cause(
        headline="image tag not found",
        title="The registry has no tag {tag} of this image",
        why="The registry answers that {image} does not exist, so new pods cannot start.",
        remedy="Check the name and the tag for a typing error, or wait until the build has pushed it: the cluster "
        "asks again by itself.",
        action="deploy",
        words=_IMAGE,
    ),
    "registry_login": Cause(
        headline="the registry wants a login",
        title="The registry gives this image only to those who log in",
        why="{host} gave no access to {image}: it is private, or it does not exist.",
        remedy="Add a registry login as a secret and choose it as the app's pull secret. If the image is public, check "
        "its name.",
        action="secrets",
        words=_IMAGE,
    ),
    "registry_refused": Cause(
        headline="the registry refuses the login",
        title="The registry refuses the login of the pull secret",
        why="{host} answered 401 Unauthorized: user name or password are wrong or have run out.",
        remedy="Give the pull secret the right user name and password.",
        action="secrets",
        words=_IMAGE,
    ),
    "registry_unreachable": Cause(
        headline="the registry cannot be reached",
        title="The registry does not answer",
        why="The cluster's nodes get no connection to {host}.",
        remedy="Check the registry's name and port. If they are right, it is down or closed to the cluster: the "
        "cluster asks again by itself.",
        action="wait",
        words=_IMAGE,
        final=False,
    ),
    "registry_name": Cause(
        headline="the registry's name is unknown",
        title="No registry of this name exists",
        why="The name {host} does not resolve on the cluster's nodes.",
        remedy="Check the first part of the image for a typing error.",
        action="deploy",
        words=_IMAGE,
    ),
    "image_name": Cause(
        headline="the image's name is malformed",
        title="This is not the name of an image",
        why="The cluster cannot read {image} as an image.",
        remedy="Write it as registry/name:tag, in small letters.",
        action="deploy",
        words=_IMAGE,
    ),
    "image_pull": Cause(
        headline="the image cannot be pulled",
        title="The image cannot be pulled",
        why="The cluster's node asked for {image} and did not get it.",
        remedy="Read what the cluster says below; it asks again by itself.",
        action="deploy",
        words=_IMAGE,
        final=False,
    ),
    # -- the program
    "crash": Cause(
        headline="it ends with exit code {exit_code}",
        title="The app ends with exit code {exit_code}",
        why="The app starts and ends again, {restarts} so far. What it wrote last tells why.",
        remedy="Read its last lines, then change the configuration or deploy a repaired image.",
        action="logs",
        words=_CRASH,
        wants_log=True,
    ),
    "completed": Cause(
        headline="it ends by itself",
        title="The app ends without an error",
        why="The app ends with exit code 0, {restarts} so far. An app must keep running.",
        remedy="Check the command: it runs to its end instead of serving. A program that goes into the background "
        "must stay in the foreground here.",
        action="configuration",
        words=_CRASH,
        wants_log=True,
    ),
    "memory": Cause(
        headline="out of memory",
        title="The app uses more memory than it may",
        why="The cluster ended it at its limit of {memory}, {restarts} so far.",
        remedy="Give it more memory, or make it use less.",
        action="scale",
        words="Out of memory",
        wants_log=True,
    ),
    "command_missing": Cause(
        headline="the command does not exist",
        title="The image has no program {command}",
        why="The container cannot start: the command is not in the image.",
        remedy="Check the command for a typing error, or leave it empty to run what the image names.",
        action="configuration",
        words="Cannot start",
    ),
    "start_refused": Cause(
        headline="the container cannot start",
        title="The container cannot start",
        why="The node could not start the program of the image.",
        remedy="Read what the cluster says below; often the command or the image's own settings are wrong.",
        action="configuration",
        words="Cannot start",
    ),
    "liveness": Cause(
        headline="its health check fails",
        title="The health check fails, so the cluster restarts the app",
        why="The app runs, but {answer}. The cluster restarted it {restarts} so far.",
        remedy="Check the health check's path and port, or give the app more time to answer.",
        action="health",
        words=_UNHEALTHY,
        wants_log=True,
    ),
    "startup": Cause(
        headline="it does not become healthy in time",
        title="The app does not pass its health check within {start}",
        why="The app runs, but {answer}. The cluster then starts it anew, {restarts} so far.",
        remedy="Check the health check's path and port, or allow more time to start.",
        action="health",
        words=_UNHEALTHY,
        wants_log=True,
    ),
    "not_ready": Cause(
        headline="its health check fails",
        title="The app runs but its health check fails",
        why="The app runs, but {answer}. It gets no requests until the check passes.",
        remedy="Read the app's log; check the health check's path.",
        action="health",
        words="Not ready",
        final=False,
    ),
    "wrong_port": Cause(
        headline="nothing listens on port {port}",
        title="Nothing listens on port {port}",
        why="The app runs, but the health check finds no listener on port {port}.",
        remedy="Set the port that the app listens on, or make the app listen on all addresses and not on 127.0.0.1 "
        "alone.",
        action="configuration",
        words="Not ready",
        final=False,
    ),
    "init": Cause(
        headline="the preparing container {container} fails",
        title="The preparing container {container} ends with exit code {exit_code}",
        why="The app starts only after {container} has ended well; it failed, {restarts} so far.",
        remedy="Read the last lines of {container}.",
        action="logs",
        words=_CRASH,
        wants_log=True,
    ),
    # -- configuration and secrets
    "secret_missing": Cause(
        headline="secret missing",
        title="The secret {secret} does not exist",
        why="The app takes part of its environment from it.",
        remedy="Create the secret, or take it out of the configuration.",
        action="secrets",
        words="No secret",
    ),
    "secret_key_missing": Cause(
        headline="key of a secret missing",
        title="The secret {secret} has no key {key}",
        why="The app takes part of its environment from this key.",
        remedy="Add the key to the secret, or take it out of the configuration.",
        action="secrets",
        words="No secret",
    ),
    "config_map_missing": Cause(
        headline="config map missing",
        title="The config map {secret} does not exist",
        why="The app takes part of its environment from it.",
        remedy="Create the config map, or take it out of the configuration.",
        action="configuration",
        words="No configuration",
    ),
    "secret_file_missing": Cause(
        headline="secret missing",
        title="The secret {secret} for the app's files does not exist",
        why="The pod waits for the files of this secret.",
        remedy="Create the secret, or take it out of the configuration.",
        action="secrets",
        words="No secret",
    ),
    "secret_file_key_missing": Cause(
        headline="key of a secret missing",
        title="A secret for the app's files has no key {key}",
        why="The pod waits for the file that this key would be.",
        remedy="Add the key to the secret, or take it out of the configuration.",
        action="secrets",
        words="No secret",
    ),
    "container_configuration": Cause(
        headline="the container's settings cannot be used",
        title="The container's settings cannot be used",
        why="The node refuses to make the container.",
        remedy="Read what the cluster says below, and change the configuration.",
        action="configuration",
        words="Cannot start",
    ),
    # -- rules of the platform
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
        title="The quota wants every pod to say {missing}",
        why="The namespace's quota counts {missing}, and the pods do not say how much they take.",
        remedy="Set the app's CPU and memory.",
        action="scale",
        words=_REFUSED,
    ),
    "limit_range": Cause(
        headline="the pods are larger than allowed",
        title="The pods ask for more than one container may have",
        why="The namespace's limit range says: {rule}.",
        remedy="Choose a smaller size, or ask for a larger limit.",
        action="scale",
        words=_REFUSED,
    ),
    "pod_refused": Cause(
        headline="the cluster refuses the pods",
        title="The cluster refuses to make the pods",
        why="No pod of this release could be made.",
        remedy="Read what the cluster says below.",
        action="wait",
        words=_REFUSED,
    ),
    # -- place and storage
    "no_room": Cause(
        headline="no node has room",
        title="No node of the cluster has enough {what} left",
        why="The pods wait for a node with room.",
        remedy="Choose a smaller size, or ask the platform team for more nodes; the pods start when there is room.",
        action="scale",
        words="No room",
        final=False,
    ),
    "no_node": Cause(
        headline="no node fits",
        title="No node of the cluster may run these pods",
        why="The pods ask for nodes of a kind that is not there or is closed to them.",
        remedy="Ask the platform team.",
        action="wait",
        words="No node",
        final=False,
    ),
    "claim_missing": Cause(
        headline="volume missing",
        title="The volume {claim} does not exist",
        why="The pods cannot be placed without it.",
        remedy="Create the volume, or detach it from the app.",
        action="volumes",
        words="No volume",
    ),
    "claim_class": Cause(
        headline="the volume's class does not exist",
        title="The cluster has no storage class {storage_class}",
        why="The volume {claim} waits for a class that is not there, and the pods wait for the volume.",
        remedy="Create the volume anew with a class that exists.",
        action="volumes",
        words="No volume",
    ),
    "claim_unbound": Cause(
        headline="a volume is not ready",
        title="The volume {claim} is not ready",
        why="The cluster has not made the storage yet, and the pods wait for it.",
        remedy="Read what the cluster says below; it tries again by itself.",
        action="volumes",
        words="No volume",
        final=False,
    ),
    "claim_busy": Cause(
        headline="a volume is used elsewhere",
        title="The volume is still in use on another node",
        why="It can be mounted on one node at a time.",
        remedy="Wait until the other pod has stopped, or detach the volume there.",
        action="volumes",
        words="No volume",
        final=False,
    ),
    "volume_mount": Cause(
        headline="a volume cannot be mounted",
        title="A volume cannot be mounted",
        why="The node could not bring the volume into the pod.",
        remedy="Read what the cluster says below; it tries again by itself.",
        action="volumes",
        words="No volume",
        final=False,
    ),
    "scratch": Cause(
        headline="too much scratch space",
        title="A pod was ended because it wrote too much scratch data",
        why="It went over the limit of {limit}; another pod took its place.",
        remedy="Write large files to a volume, or write less.",
        action="volumes",
        words="Ended",
        wants_log=True,
    ),
    "evicted": Cause(
        headline="the node ran short",
        title="A pod was ended because its node ran short",
        why="The node needed the room; another pod took its place.",
        remedy="Nothing, when it happens once. If it comes again, ask the platform team.",
        action="wait",
        words="Ended",
        final=False,
    ),
    # -- the rest
    "paused": Cause(
        headline="paused",
        title="The rollout is paused",
        why="Somebody paused it; new pods are not made until it goes on.",
        remedy="Let it go on.",
        action="wait",
        words="Paused",
        final=False,
    ),
    "sandbox": Cause(
        headline="the node cannot prepare the pod",
        title="The node cannot prepare the pod",
        why="The pod's network or sandbox could not be made.",
        remedy="This is the platform's affair: tell the platform team what the cluster says.",
        action="wait",
        words="Cannot start",
        final=False,
    ),
    "stalled": Cause(
        headline="nothing moves",
        title="The rollout does not move",
        why="Nothing has changed for more than a minute, and the cluster does not say why.",
        remedy="Read the events and the log.",
        action="logs",
        words="Waits",
        final=False,
    ),
}
"""Code → cause."""

CRASHES = frozenset({"crash", "completed", "memory", "command_missing", "start_refused", "liveness", "startup", "init"})
"""Codes of programs that were started and did not stay."""
