"""Specs for tests: one app of every trait, and Hypothesis strategies for any."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from cluster.specs import (
    AppSpec,
    HealthCheck,
    Owner,
    SecretFiles,
    SecretRef,
    VolumeMount,
)

MIB = 1024**2
OWNER = Owner(team="demo", namespace_id="7", operation="op-1")
HELLO = "10.89.0.1:5000/hello:v1"


def app(**changes: Any) -> AppSpec:
    """A small app that listens; `changes` by field."""
    fields: dict[str, Any] = {
        "name": "web",
        "namespace": "d1-app",
        "owner": OWNER,
        "release": 3,
        "generation": 5,
        "image": HELLO,
        "port": 8080,
        "replicas": 1,
        "cpu": 50,
        "memory": 32 * MIB,
        **changes,
    }
    return AppSpec(**fields)


labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40)
variables = st.from_regex(r"[A-Z_][A-Z0-9_]{0,12}", fullmatch=True)
keys = st.from_regex(r"[a-zA-Z0-9_-]{1,12}", fullmatch=True)
mount_paths = st.from_regex(r"/[a-z]{1,8}(/[a-z]{1,8})?", fullmatch=True)
refs = st.builds(SecretRef, object_name=labels, key=keys)
files = st.builds(
    lambda name, path, items: SecretFiles(name, path, tuple(items)),
    labels,
    mount_paths,
    st.lists(refs, min_size=1, max_size=3, unique_by=lambda ref: ref.key),
)
healths = st.builds(
    HealthCheck,
    kind=st.sampled_from(["none", "http", "tcp"]),
    path=st.just("/healthy"),
    period=st.integers(1, 60),
    start_seconds=st.integers(1, 600),
    liveness=st.booleans(),
)


@st.composite
def apps(draw: st.DrawFn, namespace: str = "d1-app") -> AppSpec:
    """Any app that the rules would let through."""
    secret_files = draw(st.lists(files, max_size=2, unique_by=(lambda one: one.name, lambda one: one.path)))
    taken = {one.path for one in secret_files}
    volumes = draw(
        st.lists(
            st.builds(VolumeMount, claim=labels, path=mount_paths),
            max_size=3,
            unique_by=lambda one: one.path,
        )
    )
    return app(
        name="app-" + draw(labels),
        namespace=namespace,
        release=draw(st.integers(1, 10**6)),
        generation=draw(st.integers(1, 10**6)),
        port=draw(st.integers(1, 65535)),
        replicas=draw(st.integers(0, 5)),
        cpu=draw(st.integers(1, 4000)),
        memory=draw(st.integers(4 * MIB, 4096 * MIB)),
        command=tuple(draw(st.lists(texts.filter(bool), max_size=2))),
        args=tuple(draw(st.lists(texts, max_size=2))),
        env=draw(st.dictionaries(variables, texts, max_size=4)),
        secret_env=draw(st.dictionaries(variables, refs, max_size=3)),
        secret_files=tuple(secret_files),
        volumes=tuple(volume for volume in volumes if volume.path not in taken),
        health=draw(healths),
        pull_secret=draw(st.sampled_from(["", "registry-v1"])),
        one_node=draw(st.booleans()),
        progress_deadline=draw(st.integers(61, 3600)),
    )
