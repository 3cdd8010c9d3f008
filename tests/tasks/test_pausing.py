"""A namespace that is paused: what differs in the cluster is listed and stays; resumed, it is put right."""

from __future__ import annotations

import pytest

from tenants.models import App, AuditEntry, Namespace, User
from tenants.observer import healing
from tenants.services import namespaces
from tests.tasks.conftest import eventually
from tests.tasks.test_observer import app, change, deployment, observing, repairs, worker

__all__ = ["app", "observing", "worker"]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def paused(app: App, alice: User, monkeypatch: pytest.MonkeyPatch) -> App:
    """An app in a namespace that its owner paused; a wrong repair would come at once."""
    monkeypatch.setattr(healing, "SETTLES", 0.2)
    namespaces.pause_namespace(actor=alice, namespace=app.namespace, reason="I try something")
    return app


def drifted(app: App) -> dict[str, list[str]]:
    return Namespace.objects.get(pk=app.namespace_id).drifted


def replicas(app: App) -> int:
    found = deployment(app)
    return found["spec"]["replicas"] if found else -1


def test_what_differs_is_listed_and_stays_until_it_is_resumed(paused: App, alice: User) -> None:
    change(paused, "PATCH", {"spec": {"replicas": 1}})
    listed = eventually(lambda: drifted(paused), what="the list")
    (words,) = listed[f"app {paused.name}"]
    assert "spec.replicas" in words
    assert (repairs("app"), replicas(paused)) == (0, 1)
    namespaces.resume_namespace(actor=alice, namespace=paused.namespace)
    eventually(lambda: replicas(paused) == 2, seconds=10, what="the repair")
    assert repairs("app") == 1
    assert drifted(paused) == {}


def test_what_differs_no_more_leaves_the_list(paused: App) -> None:
    change(paused, "PATCH", {"spec": {"replicas": 1}})
    eventually(lambda: drifted(paused), what="the list")
    change(paused, "PATCH", {"spec": {"replicas": 2}})
    eventually(lambda: not drifted(paused), what="the empty list")
    assert repairs("app") == 0


def test_a_deleted_deployment_is_listed(paused: App) -> None:
    change(paused, "DELETE")
    eventually(lambda: f"Deployment {paused.name} is missing" in str(drifted(paused)), what="the list")
    assert repairs("app") == 0
    assert not AuditEntry.objects.filter(action="drift.repaired").exists()
