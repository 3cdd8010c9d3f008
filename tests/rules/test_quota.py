"""The arithmetic of a preflight, against a Deployment controller that is played through pod by pod."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tenants import rules
from tenants.releases import ReleaseSpec
from tenants.rules import quota, shortage

GIB = 1 << 30
LIMITS = {"cpu": 4000, "memory": 8 * GIB, "storage": 50 * GIB, "pods": 20, "claims": 5, "services": 2, "secrets": 30}


def spec(**fields: object) -> ReleaseSpec:
    return ReleaseSpec(**{"image": "shop:1", "cpu": 100, "memory": GIB, "replicas": 2} | fields)


def played_peak(old: int, running: int, new: int, wanted: int) -> int:
    """The most that is ever held: the old pods are scaled first, then maxSurge 1, maxUnavailable 0, one at a time."""
    olds, news = (wanted if running else 0), 0
    most = olds * old
    while news < wanted or olds:
        if news < wanted and olds + news < wanted + 1:
            news += 1
        else:
            olds -= 1
        most = max(most, news * new + olds * old)
    return most


small = st.integers(0, 6)


@given(old=st.integers(1, 9), running=small, new=st.integers(1, 9), wanted=small)
def test_peak_covers_every_step_of_a_rollout(old: int, running: int, new: int, wanted: int) -> None:
    assert quota.peak(old, running, new, wanted) >= played_peak(old, running, new, wanted)


@given(size=st.integers(1, 9), running=small, wanted=st.integers(1, 6))
def test_peak_of_a_restart_is_one_pod_more(size: int, running: int, wanted: int) -> None:
    assume(running <= wanted)
    assert quota.peak(size, running, size, wanted) == (wanted + 1) * size


@given(old=st.integers(1, 9), running=small, new=st.integers(1, 9), wanted=small)
def test_app_that_is_rolled_out_may_hold_every_step_of_it(old: int, running: int, new: int, wanted: int) -> None:
    serving, to_be = quota.Size(1, old, running, service=True), quota.Size(1, new, wanted, service=False)
    most = quota.held_at_most(to_be, serving)
    assert most["memory"] >= max(played_peak(old, running, new, wanted), old * running)
    assert most["services"] == 1


def test_stopped_app_takes_nothing() -> None:
    found = shortage.of_app(LIMITS, {"memory": 8 * GIB}, spec(replicas=0), None)
    assert found.fits
    assert found.row("memory").surge == 0


def test_rows_add_up() -> None:
    row = shortage.of_app(LIMITS, {"memory": 3 * GIB}, spec(), None).row("memory")
    assert (row.limit, row.others, row.this, row.surge, row.remains, row.short) == (
        8 * GIB, 3 * GIB, 2 * GIB, GIB, 2 * GIB, 0,
    )  # fmt: skip


def test_surge_alone_can_be_too_much() -> None:
    found = shortage.of_app(LIMITS, {"memory": 6 * GIB}, spec(), None)
    assert found.row("memory").short == GIB
    assert set(found.fields) == {"memory"}


def test_pods_are_told_at_the_replicas() -> None:
    found = shortage.of_app(LIMITS, {"pods": 18}, spec(cpu=1, memory=4 << 20), None)
    assert found.fields == {
        "replicas": "1 too much. 2 replicas and 1 more during a rollout take 3 pods; 2 pods are free. "
        "Set 1 replica, or have an owner or admin request more pods."
    }


def test_one_service_too_many_is_told_at_the_port() -> None:
    assert set(shortage.of_app(LIMITS, {"services": 2}, spec(), None).fields) == {"port"}
    assert shortage.of_app(LIMITS, {"services": 2}, spec(port=None), None).fits


def test_app_keeps_its_service_where_others_filled_the_quota() -> None:
    assert shortage.of_app(LIMITS, {"services": 2}, spec(cpu=200), spec()).fits


def test_fewer_replicas_are_allowed_over_a_lowered_quota() -> None:
    others = {"memory": 9 * GIB}
    assert shortage.of_app(LIMITS, others, spec(replicas=1), spec(replicas=3)).fits
    assert not shortage.of_app(LIMITS, others, spec(replicas=1, cpu=101), spec(replicas=3)).fits


def test_where_nothing_fits_the_way_out_is_said() -> None:
    new = shortage.of_app(LIMITS, {"memory": 8 * GIB}, spec(), None).fields["memory"]
    old = shortage.of_app(LIMITS, {"memory": 8 * GIB}, spec(cpu=101), spec()).fields["memory"]
    assert new.endswith("Make room in this namespace, or have an owner or admin request more memory.")
    assert old.endswith("Set 0 replicas first, or have an owner or admin request more memory.")


def suggested(message: str, pattern: str) -> str | None:
    found = re.search(pattern, message.rpartition(" free. ")[2])
    return found[1] if found else None


@given(
    memory=st.integers(4 << 20, 8 * GIB),
    replicas=st.integers(1, 10),
    others=st.integers(0, 8 * GIB),
    before=st.none() | st.tuples(st.integers(4 << 20, 2 * GIB), st.integers(0, 4)),
)
def test_numbers_that_are_offered_work(memory: int, replicas: int, others: int, before: tuple[int, int] | None) -> None:
    old = spec(memory=before[0], replicas=before[1], cpu=10) if before else None
    wish = spec(memory=memory, replicas=replicas, cpu=10)
    message = shortage.of_app(LIMITS, {"memory": others}, wish, old).fields.get("memory")
    assume(message)
    size = suggested(message, r"([\d.]+ [GM]iB) or less")
    fewer = suggested(message, r"(\d+) replicas?")
    if size:
        less = spec(memory=rules.memory(size), replicas=replicas, cpu=10)
        assert "memory" not in shortage.of_app(LIMITS, {"memory": others}, less, old).fields
    if fewer:
        less = spec(memory=memory, replicas=int(fewer), cpu=10)
        assert "memory" not in shortage.of_app(LIMITS, {"memory": others}, less, old).fields


@given(cpu=st.integers(1, 9000), replicas=st.integers(1, 10), others=st.integers(0, 4000))
def test_cores_that_are_offered_work(cpu: int, replicas: int, others: int) -> None:
    found = shortage.of_app(LIMITS, {"cpu": others}, spec(cpu=cpu, memory=1, replicas=replicas), None)
    message = found.fields.get("cpu")
    assume(message)
    size = suggested(message, r"([\d.]+ cores?) or less")
    if size:
        less = spec(cpu=rules.cpu(size), memory=1, replicas=replicas)
        assert "cpu" not in shortage.of_app(LIMITS, {"cpu": others}, less, None).fields


@pytest.mark.parametrize(
    ("extra", "others", "fits"),
    [
        ({"storage": 4 * GIB, "claims": 1}, {"storage": 46 * GIB}, True),
        ({"storage": 5 * GIB, "claims": 1}, {"storage": 46 * GIB}, False),
        ({"storage": GIB, "claims": 1}, {"claims": 5}, False),
        ({"secrets": 1}, {"secrets": 30}, False),
        ({}, {"secrets": 31}, True),
    ],
)
def test_what_has_no_rollout(extra: dict[str, int], others: dict[str, int], fits: bool) -> None:
    assert shortage.of_wish(LIMITS, others, extra).fits is fits
