"""What the cluster's quota says becomes the namespace's use, with its moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from cluster import names
from tenants import outcomes
from tenants.live.events import team_group
from tenants.models import Namespace
from tenants.observer.sights import Key, Sight
from tenants.observer.writing import Writer
from tests.factories import GIB

pytestmark = pytest.mark.django_db


def seen(namespace: Namespace, **used: str) -> Sight:
    quota = {"metadata": {"name": names.QUOTA}, "status": {"used": used}}
    return Sight(Key("namespace", namespace.cluster_name), {("ResourceQuota", names.QUOTA): quota})


def test_extended_resources_and_classes_of_storage_are_counted(namespace: Namespace) -> None:
    namespace.limits = {**namespace.limits, "storage:fast": 10 * GIB, "nvidia.com/gpu": 2}
    namespace.save()
    outcomes.used(
        namespace,
        {
            "requests.cpu": "1500m",
            "requests.nvidia.com/gpu": "1",
            "fast.storageclass.storage.k8s.io/requests.storage": "2Gi",
            "count/jobs.batch": "7",
        },
    )
    namespace.refresh_from_db()
    assert namespace.usage == {"cpu": 1500, "nvidia.com/gpu": 1, "storage:fast": 2 * GIB}


def test_a_change_has_its_moment(namespace: Namespace) -> None:
    outcomes.used(namespace, {"pods": "3"})
    namespace.refresh_from_db()
    assert namespace.used_at is not None
    assert timezone.now() - namespace.used_at < timedelta(minutes=1)


def test_figures_that_stay_are_said_to_stay_without_a_word_to_the_pages(
    namespace: Namespace, heard: Any, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    messages = heard(team_group(namespace.team_id))
    old = timezone.now() - timedelta(minutes=1)
    Namespace.objects.update(usage={"pods": 3}, used_at=old)
    with django_capture_on_commit_callbacks(execute=True):
        Writer("default").write([seen(namespace, pods="3")])
    namespace.refresh_from_db()
    assert namespace.used_at is not None
    assert namespace.used_at > old
    assert not [message for message in messages() if message["what"] == "conditions"]


def test_figures_that_were_just_seen_are_not_written_again(namespace: Namespace) -> None:
    fresh = timezone.now()
    Namespace.objects.update(usage={"pods": 3}, used_at=fresh)
    Writer("default").write([seen(namespace, pods="3")])
    namespace.refresh_from_db()
    assert namespace.used_at == fresh
