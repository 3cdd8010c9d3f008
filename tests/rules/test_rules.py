"""Every limit, at its edges; and Hypothesis throws what it likes at all of them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import names as cluster_names
from tenants import rules
from tenants.rules import Broken

GIB, MIB = 1 << 30, 1 << 20

TEXT_RULES: dict[str, Callable[[str], object]] = {
    name: getattr(rules, name)
    for name in (
        "access_mode", "app_name", "cpu", "env_name", "env_value", "health_path", "health_period", "health_start",
        "image", "memory", "mount_path", "namespace_name", "port", "replicas", "secret_key", "secret_name",
        "secret_type", "storage", "storage_class", "team_name", "team_slug", "token_days", "token_name", "volume_name",
    )
}  # fmt: skip


def refusal(rule: Callable[[], object]) -> str | None:
    """What the rule says against it, None when it passes."""
    try:
        rule()
    except Broken as broken:
        return broken.message
    return None


@pytest.mark.parametrize("name", TEXT_RULES)
@given(text=st.text(max_size=300))
def test_any_text_is_cleaned_or_refused_in_words(name: str, text: str) -> None:
    rule = TEXT_RULES[name]
    message = refusal(lambda: rule(text))
    if message is None:
        clean = rule(text)
        assert rule(clean) == clean if isinstance(clean, str) else isinstance(clean, int)
    else:
        assert message.strip()
        assert len(message) < 400


@pytest.mark.parametrize("rule", [rules.team_slug, rules.namespace_name, rules.app_name, rules.volume_name])
@given(text=st.text(alphabet="ab09-_.A ", max_size=70))
def test_a_name_that_passes_is_one_in_the_cluster(rule: Callable[[str], str], text: str) -> None:
    if refusal(lambda: rule(text)) is None:
        assert cluster_names.is_label(rule(text))


@given(slug=st.from_regex(r"[a-z0-9-]{1,30}", fullmatch=True), name=st.from_regex(r"[a-z0-9-]{1,34}", fullmatch=True))
def test_namespaces_name_is_short_enough_and_never_the_clusters_own(slug: str, name: str) -> None:
    try:
        full = rules.cluster_name("berth-", rules.team_slug(slug), rules.namespace_name(name))
    except Broken:
        return
    assert cluster_names.is_label(full)
    assert not full.startswith(("kube-", "openshift-"))


@pytest.mark.parametrize(
    ("rule", "least", "most"),
    [
        (rules.team_slug, 2, 24),
        (rules.namespace_name, 1, 30),
        (rules.app_name, 1, 40),
        (rules.volume_name, 1, 40),
        (rules.secret_name, 1, 40),
    ],
)
def test_lengths_of_names(rule: Callable[[str], str], least: int, most: int) -> None:
    assert rule("a" * least) == "a" * least
    assert rule("a" * most) == "a" * most
    for wrong in (least - 1, most + 1):
        with pytest.raises(Broken):
            rule("a" * wrong)


@pytest.mark.parametrize(
    "name", ["Shop", "shop_1", "-shop", "shop-", "shop.eu", "šhop", "shop\n1", "sh op", "..", "a/b"]
)
def test_names_are_dns_labels(name: str) -> None:
    with pytest.raises(Broken):
        rules.app_name(name)


def test_name_error_offers_one_that_works() -> None:
    with pytest.raises(Broken, match="“night-shift”"):
        rules.team_slug("Night Shift")


def test_app_begins_with_a_letter_and_a_volume_need_not() -> None:
    assert rules.volume_name("1st") == "1st"
    with pytest.raises(Broken, match="letter"):
        rules.app_name("1st")


@pytest.mark.parametrize("rule", [rules.app_name, rules.volume_name, rules.secret_name])
def test_addresses_of_pages_are_no_names(rule: Callable[[str], str]) -> None:
    with pytest.raises(Broken):
        rule("new")


@pytest.mark.parametrize("text", ["", "  ", "a\u202eb", "a\nb", "a\0b", "x" * 81])
def test_titles_are_one_visible_line(text: str) -> None:
    with pytest.raises(Broken):
        rules.team_name(text)


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("nginx", "nginx:latest"),
        (" nginx:1.27 ", "nginx:1.27"),
        ("registry.example:5000/team/shop:1.4.0", "registry.example:5000/team/shop:1.4.0"),
        ("10.89.0.1:5000/hello:v1", "10.89.0.1:5000/hello:v1"),
        ("localhost/a/b__c.d-e", "localhost/a/b__c.d-e:latest"),
        ("shop@sha256:" + "a" * 64, "shop@sha256:" + "a" * 64),
        ("r.example/shop:1@sha256:" + "0" * 64, "r.example/shop:1@sha256:" + "0" * 64),
    ],
)
def test_images_that_pass(typed: str, clean: str) -> None:
    assert rules.image(typed) == clean


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Give an image"),
        ("https://r.example/shop", "Leave out “https://”"),
        ("r.example/Shop:1", "“shop”"),
        ("shop:", "tag"),
        ("shop:a b", "no spaces"),
        ("shop:" + "x" * 129, "tag"),
        ("shop@sha256:abc", "sha256"),
        ("shop@", "sha256"),
        ("a" * 300, "255"),
        ("../etc/passwd", "no image"),
        ("shop//a", "no image"),
        ("-shop", "no image"),
        (":1", "no image"),
    ],
)
def test_images_that_do_not(typed: str, says: str) -> None:
    with pytest.raises(Broken, match=re.escape(says)):
        rules.image(typed)


def test_image_of_another_registry_than_allowed() -> None:
    assert rules.image("r.example/shop:1", hosts=["r.example"])
    for reference in ("evil.example/shop:1", "nginx", "r.example.evil/shop:1"):
        with pytest.raises(Broken, match="not allowed"):
            rules.image(reference, hosts=["r.example"])


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (rules.port, ["1", 8080, "65535"], ["0", "65536", "http", "", "80.5", "٣"]),
        (rules.replicas, ["0", 50], ["51", "-1", "1.5", ""]),
        (rules.health_period, [1, 300], [0, 301]),
        (rules.health_start, [1, 3600], [0, 3601]),
        (rules.token_days, [1, 90], [0, 91]),
    ],
)
def test_whole_numbers(rule: Callable[[object], int], good: list[object], bad: list[object]) -> None:
    for value in good:
        assert rule(value) == int(value)
    for value in bad:
        with pytest.raises(Broken):
            rule(value)


@pytest.mark.parametrize("path", ["/", "/healthz", "/a/b?full=1", "/%7Euser"])
def test_health_paths_that_pass(path: str) -> None:
    assert rules.health_path(path) == path


@pytest.mark.parametrize(
    "path", ["", "healthz", "http://evil/", "//evil/", "/a b", "/a\nb", "/ä", "/a#b", "/" + "x" * 512]
)
def test_health_paths_that_do_not(path: str) -> None:
    with pytest.raises(Broken):
        rules.health_path(path)


@pytest.mark.parametrize(
    ("path", "clean"),
    [("/data", "/data"), ("/srv/app/", "/srv/app"), ("/etc/app", "/etc/app"), ("//data//x", "/data/x")],
)
def test_mount_paths_that_pass(path: str, clean: str) -> None:
    assert rules.mount_path(path) == clean


@pytest.mark.parametrize(
    "path",
    ["", "data", "/", "//", "/proc", "/proc/1", "/sys/fs", "/dev/shm", "/etc", "/etc/passwd", "/etc/hosts",
     "/usr/bin/x", "/var/run/secrets/kubernetes.io", "/a/../etc", "/a/./b", "/a:b", "/a\0b", "/a\u202e",
     "/" + "x" * 512],
)  # fmt: skip
def test_mount_paths_that_do_not(path: str) -> None:
    with pytest.raises(Broken):
        rules.mount_path(path)


def test_two_things_at_one_path() -> None:
    with pytest.raises(Broken, match="/data"):
        rules.unique_paths([("volume files", "/data"), ("volume other", "/x"), ("secret database", "/data")])


@pytest.mark.parametrize("name", ["A", "_x", "-a.b", "LOG_LEVEL", "a" * 253])
def test_variables_names_that_pass(name: str) -> None:
    assert rules.env_name(name) == name


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "Ä", "A\0", "..", "a" * 254])
def test_variables_names_that_do_not(name: str) -> None:
    with pytest.raises(Broken):
        rules.env_name(name)


def test_sizes_of_the_environment() -> None:
    assert rules.env({"A": "x" * (32 << 10)})
    with pytest.raises(Broken, match="32 KiB"):
        rules.env({"A": "ä" * (16 << 10) + "x"})
    with pytest.raises(Broken, match="256 KiB"):
        rules.env({f"A{n}": "x" * (32 << 10) for n in range(8)})
    with pytest.raises(Broken, match="300"):
        rules.env({f"A{n}": "" for n in range(301)})


def test_variable_stands_once() -> None:
    with pytest.raises(Broken, match="“A” stands here twice"):
        rules.env([("A", "1"), ("B", "2"), (" A ", "3")])


@pytest.mark.parametrize("value", ["a\0b", "\ud800"])
def test_value_that_no_program_takes(value: str) -> None:
    with pytest.raises(Broken):
        rules.env_value(value)


@pytest.mark.parametrize("key", ["PASSWORD", "tls.crt", ".dockerconfigjson", "a-b_c", "1", "x" * 253])
def test_keys_of_secrets_that_pass(key: str) -> None:
    assert rules.secret_key(key) == key


@pytest.mark.parametrize("key", ["", "a b", "a/b", "..", "../x", ".", "ä", "x" * 254])
def test_keys_of_secrets_that_do_not(key: str) -> None:
    with pytest.raises(Broken):
        rules.secret_key(key)


def test_sizes_of_secrets() -> None:
    assert rules.secret_values({"A": "x" * ((1 << 20) - 1)})
    with pytest.raises(Broken, match="1 MiB"):
        rules.secret_values({"A": "x" * (1 << 20)})
    with pytest.raises(Broken, match="200 keys"):
        rules.secret_values({f"A{n}": "" for n in range(201)})


@given(st.dictionaries(st.text(max_size=8), st.just("canary-5e1f"), max_size=3))
def test_errors_about_secrets_quote_no_value(values: dict[str, str]) -> None:
    assert "canary" not in (refusal(lambda: rules.secret_values(values)) or "")


@pytest.mark.parametrize("rule", [rules.team_name, rules.token_name])
def test_a_long_run_of_combining_marks_is_refused_before_it_is_composed(rule: Callable[[str], str]) -> None:
    """To compose one takes the square of its length: a body of 2 MiB would hold the process for hours."""
    began = time.process_time()
    assert refusal(lambda: rule("a" + "\u0301\u0316" * 20_000))
    assert time.process_time() - began < 1
