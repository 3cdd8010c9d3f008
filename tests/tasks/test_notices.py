"""What people are told of what a worker and the observer saw, and the clock of the daily mail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from cluster import names
from simcluster.server import SimCluster
from tenants import clusters, notices, observer
from tenants.models import AuditEntry, Letter, Namespace, Notice, Release, Team, User
from tenants.notices import daily
from tenants.observer import telling
from tenants.services import notices as verbs
from tenants.services.notices import Wish
from tests.factories import confirm_address, make_app, make_release, make_spec
from tests.tasks.conftest import carry_out, eventually, opened, running
from tests.tasks.test_observer import observing, worker  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def told() -> set[tuple[str, str]]:
    return set(Notice.objects.values_list("person__username", "kind"))


@pytest.mark.usefixtures("observing")
def test_who_released_it_hears_once_that_it_is_stuck(provisioned: Namespace, bob: User) -> None:
    row = make_app(provisioned, image="registry.example/hello:v1")
    release = make_release(row, 2, make_spec(image="registry.example/hello:missing"), by=bob)
    row.release, row.generation = release, 2
    row.save()
    opened(row, "app.apply")
    notice = eventually(lambda: Notice.objects.filter(kind="release.stuck").first(), seconds=40, what="the notice")
    assert notice.person == bob
    assert notice.title == f"v2 of checkout in {provisioned} is stuck"
    assert notice.path == f"/t/payments/n/{provisioned.name}/apps/checkout/"
    assert notice.text


def test_a_release_that_moves_and_stands_again_is_told_once(namespace: Namespace, bob: User) -> None:
    row = make_app(namespace)
    row.release = make_release(row, 2, by=bob, outcome="stuck", outcome_reason="The image is not there")
    row.save()
    telling.stuck(row, 2)
    telling.stuck(row, 2)
    row.release = Release.objects.get(pk=row.release.pk)
    telling.stuck(row, 2)
    assert list(Notice.objects.values_list("person__username", "text")) == [("bob", "The image is not there")]


def test_a_stuck_release_that_nobody_made_is_told_nobody(namespace: Namespace) -> None:
    row = make_app(namespace)
    row.release = make_release(row, 2, outcome="stuck")
    row.save()
    telling.stuck(row, 2)
    assert told() == set()


def test_another_release_than_the_wanted_one_is_not_told(namespace: Namespace, bob: User) -> None:
    row = make_app(namespace)
    row.release = make_release(row, 2, by=bob, outcome="stuck")
    row.save()
    telling.stuck(row, 1)
    assert told() == set()


@pytest.mark.usefixtures("observing")
def test_owners_hear_of_a_quota_that_was_put_right(provisioned: Namespace, cluster: SimCluster) -> None:
    eventually(lambda: Namespace.objects.get(pk=provisioned.pk).usage, what="the observer looks")
    place = f"/api/v1/namespaces/{provisioned.cluster_name}/resourcequotas/{names.QUOTA}"
    clusters.connection("default").sync.call(
        "PATCH", place, body={"spec": {"hard": {"pods": "999"}}}, content_type="application/merge-patch+json"
    )
    eventually(lambda: AuditEntry.objects.filter(action="drift.repaired").exists(), what="the repair")
    assert told() == {("alice", "quota.repaired"), ("andy", "quota.repaired")}
    assert "pods" in Notice.objects.first().text  # type: ignore[union-attr]


def test_others_hear_of_a_namespace_that_was_deleted(provisioned: Namespace, andy: User) -> None:
    provisioned.deleting_since = timezone.now()
    provisioned.generation += 1
    provisioned.save()
    assert carry_out(opened(provisioned, "namespace.delete", actor=andy)).state == "succeeded"
    (notice,) = Notice.objects.all()
    assert (notice.person.username, notice.kind) == ("alice", "namespace.deleted")
    assert notice.title == f"andy deleted the namespace {provisioned}"


# -- the daily mail's clock ------------------------------------------------------------------------------


@pytest.fixture
def waiting(alice: User, team: Team) -> User:
    """Something that alice wants in her daily mail, which was due."""
    confirm_address(alice)
    verbs.choose(actor=alice, wishes={"release.stuck": Wish(by_mail="daily")})
    notices.tell([alice], kind="release.stuck", title="v2 is stuck")
    Notice.objects.update(at=timezone.now() - timedelta(days=2))
    return alice


def test_eight_processes_write_the_daily_mail_once(waiting: User) -> None:
    def work(_: int) -> int:
        try:
            return notices.send_daily()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(work, range(8))) == 1
    assert Letter.objects.filter(kind="daily").count() == 1


def test_the_observer_writes_daily_mails_and_forgets_what_is_old(waiting: User, cluster: SimCluster) -> None:
    Notice.objects.create(person=waiting, kind="release.stuck", title="old")
    Notice.objects.filter(title="old").update(at=timezone.now() - daily.KEPT - timedelta(days=1))
    for _ in range(2):  # a restart between them
        with running(observer.run):
            eventually(lambda: not Notice.objects.filter(title="old").exists(), what="the old one is gone")
            eventually(lambda: Letter.objects.filter(kind="daily").exists(), what="the daily mail")
    assert Letter.objects.filter(kind="daily").count() == 1
