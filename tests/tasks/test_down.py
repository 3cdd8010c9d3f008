"""What the ledger says of a release that served: whether it still does, and whether it ever worked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from cluster.rollout import Rollout
from tenants import outcomes
from tenants.models import App, Namespace, Release
from tenants.models.app import Outcome
from tenants.selectors import ledger
from tests.cluster.recordings import rollout
from tests.factories import make_app, make_release, make_spec
from tests.tasks.conftest import eventually, opened
from tests.tasks.test_observer import observing, worker  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def app(namespace: Namespace) -> App:
    """Its v1 has served for an hour."""
    row = make_app(namespace)
    Release.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    return row


def follow(app: App, number: int) -> Release:
    app.release = make_release(app, number)
    app.save()
    Release.objects.filter(pk=app.release.pk).update(outcome=Outcome.ROLLING)
    return app.release


def crashing(**fields: object) -> Rollout:
    """Nothing of v1 is ready."""
    return replace(rollout("crash_alone"), **fields)  # type: ignore[arg-type]


def serving() -> Rollout:
    """All of v1 is ready."""
    return rollout("running")


def outcome(app: App, number: int) -> tuple[str, str]:
    found = app.releases.get(number=number)
    return found.outcome, found.outcome_reason


def test_a_release_that_serves_no_more_is_down_with_its_cause(app: App) -> None:
    seen = crashing()
    assert seen.diagnosis is not None
    outcomes.rolled(app, seen)
    assert outcome(app, 1) == ("down", seen.diagnosis.title)
    row = ledger.rows(app.releases.all(), app.release)[0]
    assert (row.kind, row.words) == ("bad", "Down")


def test_it_serves_again_when_its_pods_are_ready_again(app: App) -> None:
    since = app.releases.get().finished_at
    outcomes.rolled(app, crashing())
    outcomes.rolled(app, serving())
    assert outcome(app, 1) == ("serving", "")
    assert app.releases.get().finished_at == since


def test_a_release_with_one_ready_pod_serves_on(app: App) -> None:
    seen = crashing(wanted=2, ready=1)
    outcomes.rolled(app, replace(seen, lanes=(replace(seen.lanes[0], ready=1),)))
    assert outcome(app, 1) == ("serving", "")


def test_whoever_is_stopped_for_a_successor_is_down_until_that_serves(app: App) -> None:
    follow(app, 2)
    starting = replace(rollout("starting_slowly", "early"), release_new=2, lanes=())
    outcomes.rolled(app, starting)
    assert outcome(app, 1) == ("down", "Its pods ended, and v2 does not serve yet")
    assert outcome(app, 2) == ("rolling", "")
    outcomes.rolled(app, replace(serving(), release_new=2, lanes=()))
    assert [outcome(app, 1)[0], outcome(app, 2)[0]] == ["replaced", "serving"]


def test_whoever_gives_way_to_ready_pods_is_not_called_down(app: App) -> None:
    follow(app, 2)
    outcomes.rolled(app, replace(rollout("rolling", "early"), release_new=2, lanes=(), ready=1))
    assert outcome(app, 1) == ("serving", "")


def test_an_app_whose_deployment_is_gone_is_down(app: App) -> None:
    gone = crashing(state="unknown", release_new=None, wanted=0, ready=0, lanes=(), diagnosis=None)
    outcomes.rolled(app, gone)
    assert outcome(app, 1) == ("down", gone.sentence)


def test_a_release_that_was_out_for_a_moment_did_not_work(app: App) -> None:
    v2 = follow(app, 2)
    outcomes.rolled(app, replace(serving(), release_new=2, lanes=(replace(serving().lanes[0], release=2),)))
    assert app.releases.get(number=2).worked
    outcomes.rolled(app, crashing(release_new=2))
    v2.refresh_from_db()
    app.refresh_from_db()
    assert (v2.outcome, v2.worked, v2.finished_at) == ("stuck", False, None)
    assert app.serving == app.releases.get(number=1)


@pytest.mark.usefixtures("observing")
def test_a_program_that_crashes_after_seconds_cannot_be_rolled_back_to(provisioned: Namespace) -> None:
    row = make_app(provisioned, image="registry.example/hello:v1")
    spec = make_spec(image="registry.example/hello:v1", env={"CRASH_AFTER": "5s"})
    row.release, row.generation = make_release(row, 2, spec), 2
    row.save()
    opened(row, "app.apply")
    eventually(lambda: outcome(row, 2)[0] == "stuck", seconds=40, what="v2 crashes")
    row.refresh_from_db()
    assert not row.releases.get(number=2).worked
    assert row.serving == row.releases.get(number=1)
