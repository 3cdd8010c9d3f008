"""The image cannot be had."""

from __future__ import annotations

from cluster.rollout.causes.cause import Cause

_IMAGE = "No image"

CAUSES: dict[str, Cause] = {
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
        remedy="Add a login and choose it as “Login to the registry”. If the image is public, check its name.",
        action="login",
        words=_IMAGE,
    ),
    "login_gone": Cause(
        headline="the login to the registry is gone",
        title="The values of the secret {secret} are gone from the cluster",
        why="{host} wants a login for {image}. Somebody deleted this one in the cluster, and its values are kept "
        "nowhere else.",
        remedy="Set the values of {secret} again, then let the app take them.",
        action="secrets",
        words=_IMAGE,
    ),
    "registry_refused": Cause(
        headline="the registry refuses the login",
        title="The registry refuses the login",
        why="{host} answered 401 Unauthorized: user name or password are wrong or have run out.",
        remedy="Set another user name and password in the app's “Login to the registry”, or choose another login.",
        action="login",
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
        remedy="Read what the cluster says; it asks again by itself.",
        action="deploy",
        words=_IMAGE,
        final=False,
    ),
}
