"""What the observer does by the clock: one chore that fails is said in the log, and all others go on."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from django.db import OperationalError

from simcluster.server import SimCluster
from tenants import audit, chain, chores, expiry, letters, observer
from tenants.models import AuditLink, ClusterState, Leader, Team, User
from tests.tasks.conftest import eventually, running

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tries of chores that fail: one with a defect, one that the database refuses a row of."""
    found: list[str] = []

    def failing(name: str) -> Callable[[], None]:
        def fail() -> None:
            found.append(name)
            raise KeyError("a column that is not there")

        return fail

    monkeypatch.setattr(letters, "redrive", failing("letters"))
    monkeypatch.setattr(expiry, "expire", failing("expiry"))
    monkeypatch.setattr(observer, "EXPIRE_EVERY", 1)
    monkeypatch.setattr(observer, "DISPATCH_EVERY", 0.02)
    return found


def test_a_chore_that_fails_stops_neither_the_others_nor_the_watch(
    cluster: SimCluster, tried: list[str], alice: User, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "SOON", math.inf)  # who commits leaves the linking to the dispatcher
    with running(observer.run):
        leader = eventually(Leader.objects.first, what="a leader")
        eventually(lambda: min(map(tried.count, ("letters", "expiry"))) > 3, what="both are tried again and again")
        audit.record(actor=alice, action="team.edit", thing=team)
        eventually(AuditLink.objects.exists, what="the line is linked")
        eventually(lambda: ClusterState.objects.filter(answers=True).exists(), what="the cluster is asked")
        assert Leader.objects.get().holder == leader.holder


def test_what_failed_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with chores.alone("tenants.expiry.close", request=7):
        raise KeyError("x")
    (line,) = [record.msg for record in caplog.records if record.name == chores.__name__]
    assert isinstance(line, dict)
    assert (line["event"], line["chore"], line["request"]) == ("chore_failed", "tenants.expiry.close", 7)


def test_a_database_that_is_away_ends_the_round() -> None:
    with pytest.raises(OperationalError), chores.alone("tenants.expiry.close"):
        raise OperationalError("the connection is lost")
