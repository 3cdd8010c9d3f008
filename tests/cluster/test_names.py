"""Names, labels and paths: what may stand in a name, and that nothing in one can reach another object."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import names, paths
from cluster.errors import Invalid
from cluster.specs import Owner

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", re.ASCII)
labels = st.from_regex(LABEL, fullmatch=True)
OWNER = Owner(team="demo", namespace_id="7", operation="op-1")


@given(labels)
def test_every_dns_1123_label_is_a_name(name: str) -> None:
    assert names.check_label(name) == name


@pytest.mark.parametrize(
    "name", ["", "-a", "a-", "A", "a.b", "a_b", "a" * 64, "a/b", "..", "a\n", "ä", "٣", "a b", "a%2e", "a?x", "a#x"]
)
def test_what_is_no_dns_1123_label_is_refused_with_its_field(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        names.check_label(name, "app")
    assert list(refused.value.causes) == ["app"]


@pytest.mark.parametrize("name", ["a.b", "a-1.b-2.c", "a" * 253])
def test_subdomains_may_have_dots_and_253_characters(name: str) -> None:
    assert names.check_subdomain(name) == name


@pytest.mark.parametrize("name", ["a..b", ".a", "a.", "a" * 254, "a.-b"])
def test_broken_subdomains_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        names.check_subdomain(name)


@given(st.text())
def test_a_path_segment_stays_one_segment_and_means_its_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    encoded = names.segment(text)
    assert not set(encoded) & set("/?#")
    assert unquote(encoded) == text


@given(st.text(), st.text())
def test_no_name_can_reach_another_path(namespace: str, name: str) -> None:
    try:
        path = paths.item("Secret", namespace, name)
    except Invalid:
        return
    assert re.fullmatch(r"/api/v1/namespaces/[a-z0-9-]+/secrets/[a-z0-9.-]+", path)
    assert urlsplit(path).path == path


def test_paths_of_core_and_grouped_kinds() -> None:
    assert paths.item("Namespace", None, "a") == "/api/v1/namespaces/a"
    assert paths.collection("Deployment", "a") == "/apis/apps/v1/namespaces/a/deployments"
    assert paths.item("Pod", "a", "b", "log") == "/api/v1/namespaces/a/pods/b/log"


def test_a_namespaced_kind_needs_a_namespace() -> None:
    with pytest.raises(ValueError, match="namespace"):
        paths.item("Pod", None, "a")
    with pytest.raises(ValueError, match="namespace"):
        paths.item("Namespace", "a", "a")


@given(st.lists(labels, min_size=2, max_size=2, unique=True), st.integers(1, 9999))
def test_bounded_names_are_labels_and_stay_apart(pair: list[str], version: int) -> None:
    first, second = (names.secret_object(stem, version) for stem in pair)
    assert names.is_label(first)
    assert names.is_label(second)
    assert first != second


@given(labels)
def test_a_claim_and_a_secret_of_one_name_are_two_volumes(name: str) -> None:
    claim, secret = names.pod_volume("claim", name), names.pod_volume("secret", name)
    assert names.is_label(claim)
    assert names.is_label(secret)
    assert claim != secret


def test_a_version_is_readable_in_the_secrets_name() -> None:
    assert names.secret_object("database", 12) == "database-v12"


def test_owner_labels_say_whose_it_is_and_never_the_operation() -> None:
    assert names.owner_labels(OWNER) == {
        "app.kubernetes.io/managed-by": "berth",
        "berth.dev/team": "demo",
        "berth.dev/namespace-id": "7",
    }


def test_the_app_selector_is_the_apps_name_alone() -> None:
    assert names.app_selector("web") == {"berth.dev/app": "web"}


def test_app_labels_hold_what_every_watch_selects() -> None:
    key, value = names.MANAGED.split("=")
    assert names.app_labels(OWNER, "web")[key] == value


def test_without_an_operation_there_is_no_mark_of_one() -> None:
    assert names.operation_annotations(Owner(team="demo", namespace_id="7")) == {}
