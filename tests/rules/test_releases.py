"""The shape of a release: JSON both ways, what differs, all rules at once."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants import releases, rules
from tenants.errors import Invalid
from tenants.releases import Health, ReleaseSpec, SecretFolder, SecretKey, VolumeAt

names = st.sampled_from(["a", "data", "x1"])
specs = st.builds(
    ReleaseSpec,
    image=st.sampled_from(["shop:1", "shop:2"]),
    port=st.none() | st.integers(1, 65535),
    env=st.dictionaries(st.sampled_from(["A", "B"]), st.text(max_size=5)),
    secret_env=st.dictionaries(st.sampled_from(["C", "D"]), st.builds(SecretKey, names, names)),
    secret_files=st.lists(st.builds(SecretFolder, names, st.just("/s")), max_size=1).map(tuple),
    volumes=st.lists(st.builds(VolumeAt, names, st.just("/data")), max_size=1).map(tuple),
    replicas=st.integers(0, 50),
    health=st.builds(Health, kind=st.sampled_from(["none", "tcp", "http"])),
    command=st.lists(st.text(max_size=3), max_size=2).map(tuple),
    secret_versions=st.dictionaries(names, st.dictionaries(names, st.integers(1, 9))),
)


@given(specs)
def test_json_both_ways(spec: ReleaseSpec) -> None:
    assert releases.load(json.loads(json.dumps(releases.dump(spec)))) == spec


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"image": "shop", "imagee": "x"},
        {"image": "shop", "health": {"kind": "magic"}},
        {"image": "shop", "port": "8080"},
        {"image": "shop", "volumes": [{"volume": "data", "path": "/data", "mode": "rw"}]},
        {"image": 1},
    ],
)
def test_what_is_no_release_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(releases.SpecError):
        releases.load(data)


@given(specs)
def test_nothing_differs_from_itself(spec: ReleaseSpec) -> None:
    assert releases.diff(spec, spec) == []


@given(specs, specs)
def test_two_that_differ_have_changes(old: ReleaseSpec, new: ReleaseSpec) -> None:
    used = [msgspec.structs.replace(spec, secret_versions={}) for spec in (old, new)]
    assert bool(releases.diff(*used)) == (used[0] != used[1])


@given(specs, specs)
def test_changes_backwards_are_the_same_swapped(old: ReleaseSpec, new: ReleaseSpec) -> None:
    swapped = [{"field": c["field"], "old": c["new"], "new": c["old"]} for c in releases.diff(new, old)]
    assert releases.diff(old, new) == swapped


def test_fields_of_changes_are_named_for_people() -> None:
    old = ReleaseSpec(image="shop:1", env={"A": "1"}, volumes=(VolumeAt("data", "/data"),))
    new = ReleaseSpec(image="shop:1", secret_env={"A": SecretKey("db", "url")}, health=Health(kind="tcp"))
    assert releases.diff(old, new) == [
        {"field": "env.A", "old": "1", "new": None},
        {"field": "health.kind", "old": "none", "new": "tcp"},
        {"field": "secret_env.A", "old": None, "new": "db/url"},
        {"field": "volumes./data", "old": "data", "new": None},
    ]


def test_audit_gets_no_values_of_environment_or_command() -> None:
    old, new = ReleaseSpec(image="a", env={"A": ""}), ReleaseSpec(image="b", env={"A": "x"}, command=("run", "x"))
    assert releases.without_values(releases.diff(old, new)) == [
        {"field": "command", "old": None, "new": "set"},
        {"field": "env.A", "old": "set", "new": "set"},
        {"field": "image", "old": "a", "new": "b"},
    ]


def test_only_the_scale_differs() -> None:
    spec = ReleaseSpec(image="a")
    assert releases.same_pods(spec, msgspec.structs.replace(spec, replicas=9))
    assert not releases.same_pods(spec, msgspec.structs.replace(spec, replicas=9, cpu=1))


def clean(**fields: object) -> ReleaseSpec:
    return rules.clean_release(ReleaseSpec(**{"image": "shop:1"} | fields))


def test_release_is_normalized() -> None:
    spec = clean(image=" shop ", volumes=(VolumeAt(" data ", "/data/"),), env={" A ": "x"})
    assert (spec.image, spec.volumes, spec.env) == ("shop:latest", (VolumeAt("data", "/data"),), {"A": "x"})


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"port": 70000}, "port"),
        ({"env": {"A B": ""}}, "env"),
        ({"env": {"A": ""}, "secret_env": {"A": SecretKey("s", "k")}}, "secret_env"),
        ({"secret_env": {"A": SecretKey("S", "k")}}, "secret_env"),
        ({"secret_files": (SecretFolder("s", "/x"), SecretFolder("t", "/x/"))}, "secret_files"),
        ({"volumes": (VolumeAt("v", "/x"), VolumeAt("w", "/x"))}, "volumes"),
        ({"volumes": (VolumeAt("v", "/x"),), "secret_files": (SecretFolder("s", "/x"),)}, "volumes"),
        ({"volumes": (VolumeAt("v", "/x"),), "secret_files": (SecretFolder("s", "/x//"),)}, "volumes"),
        ({"cpu": 0}, "cpu"),
        ({"memory": 1024}, "memory"),
        ({"replicas": 51}, "replicas"),
        ({"health": Health(kind="http", path="x")}, "health"),
        ({"health": Health(kind="tcp", period=0)}, "health"),
        ({"health": Health(kind="tcp"), "port": None}, "health"),
        ({"command": ("",)}, "command"),
        ({"args": ("a\0",)}, "args"),
        ({"args": ("a",) * 101}, "args"),
        ({"pull_secret": "R"}, "pull_secret"),
    ],
)
def test_each_field_is_held_to_its_rule(fields: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        clean(**fields)
    assert set(caught.value.fields) == {field}


def test_first_argument_may_be_empty() -> None:
    assert clean(args=("", "x")).args == ("", "x")
