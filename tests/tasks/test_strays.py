"""Objects in the cluster that Berth's labels mark and no row knows: listed, never deleted."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cluster import reads
from tenants import clusters
from tenants.models import App, AuditEntry, ClusterState, Namespace
from tenants.observer import strays as strays_of
from tenants.observer import watching
from tests.factories import make_app
from tests.tasks.conftest import eventually
from tests.tasks.test_observer import app, deployment, observing, worker

__all__ = ["app", "observing", "worker"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "STRAYS_EVERY", 0.3)


def strays() -> list[list[str]]:
    return [list(one) for state in ClusterState.objects.all() for one in state.info.get("strays", [])]


def test_an_app_whose_row_is_lost_is_listed_and_stays(app: App) -> None:
    """As a database from an old backup has it."""
    space = app.namespace.cluster_name
    App.objects.update(release=None, serving=None)
    app.releases.all().delete()
    App.objects.all().delete()
    eventually(lambda: ["Deployment", space, app.name] in strays(), what="the finding")
    lines = AuditEntry.objects.filter(action="cluster.strays", actor_name="observer", detail__contains=space)
    assert lines.exists()
    assert deployment(app) is not None


def test_a_namespace_whose_row_is_lost_is_listed_by_itself(observing: None, provisioned: Namespace) -> None:
    name = provisioned.cluster_name
    provisioned.delete()
    eventually(lambda: ["Namespace", "", name] in strays(), what="the finding")
    assert not [one for one in strays() if one[1] == name]
    assert reads.get(clusters.connection("default").sync, "Namespace", None, name) is not None


def test_what_has_a_row_and_what_one_look_alone_found_are_none(provisioned: Namespace) -> None:
    app, space = make_app(provisioned), provisioned.cluster_name
    ClusterState.objects.create(alias="default", since=timezone.now())
    looks = strays_of.Strays("default")
    known = [("Namespace", "", space), ("Deployment", space, app.name), ("Service", space, app.name)]
    for gone_soon in ("a", "b"):
        looks.look([*known, ("PersistentVolumeClaim", space, gone_soon)])
    assert not [one for one in strays() if space in one]
    looks.look([*known, ("PersistentVolumeClaim", space, "b")])
    assert ["PersistentVolumeClaim", space, "b"] in strays()
