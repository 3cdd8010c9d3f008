"""The program starts and does not stay, or lacks what it is given."""

from __future__ import annotations

from cluster.rollout.causes.cause import Cause

_CRASH = "Crashes"
_UNHEALTHY = "Not healthy"
_GONE = Cause(
    headline="values of a secret are gone",
    title="The values of the secret {secret} are gone from the cluster",
    why="Somebody deleted its version {version} in the cluster, and values are kept nowhere else. Pods that run go on; "
    "new ones cannot start.",
    remedy="Set all values of {secret} again, then let the app take them.",
    action="secrets",
    words="No secret",
)

CAUSES: dict[str, Cause] = {
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
        remedy="Read what the cluster says; often the command or the image's own settings are wrong.",
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
    "secret_gone": _GONE,
    "secret_file_gone": _GONE,
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
        remedy="Read what the cluster says, and change the configuration.",
        action="configuration",
        words="Cannot start",
    ),
}
