"""What pages say of a quota's room: beside each form while one types, at buttons, and after the cluster refused."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from tenants import operations, outcomes
from tenants.models import App, ClusterState, Namespace, Release, Secret, Volume
from tests.factories import GIB, make_operation, make_release, make_spec

HERE = "/t/payments/n/dev/"
APP = f"{HERE}apps/checkout/"
FORMS = [
    *(f"apps/{page}" for page in ("new", "checkout/deploy/", "checkout/configuration/", "checkout/scale/")),
    *("volumes/new", "secrets/new", "secrets/database/"),
]
TYPING = {"HX-Request": "true"}
WORDS = (
    'persistentvolumeclaims "data" is forbidden: exceeded quota: berth, requested: requests.storage=5Gi, '
    "used: requests.storage=46Gi, limited: requests.storage=50Gi"
)
PLAIN = "(storage: 5 GiB wanted, 46 GiB of 50 GiB taken): make room, or ask for more quota."


def text(answer: object) -> str:
    return answer.content.decode().replace("&quot;", '"').replace("&#x27;", "'")  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", FORMS)
def test_each_form_that_takes_quota_says_what_remains(as_bob: Client, app_row: App, secret: Secret, page: str) -> None:
    html = text(as_bob.get(HERE + page))
    assert "What remains in payments-dev" in html
    assert '<th scope="col">Remains</th>' in html


def test_a_configuration_that_is_typed_is_weighed(as_bob: Client, namespace: Namespace, app_row: App) -> None:
    namespace.limits |= {"services": 0}
    namespace.save()
    fields = {"reach": "nobody", "port": "", "health_kind": "none", "health_period": "5", "health_start": "60"}
    html = text(as_bob.post(f"{APP}configuration/?part=remains", fields, headers=TYPING))
    assert "<table" in html
    assert "too much" not in html


def test_a_volume_is_weighed_before_it_has_a_name(as_bob: Client, namespace: Namespace) -> None:
    fields = {"size": "60 GiB", "access_mode": "ReadWriteOnce", "storage_class": ""}
    html = text(as_bob.post(f"{HERE}volumes/new?part=remains", fields, headers=TYPING))
    assert "10 GiB too much: 50 GiB are free. Set 50 GiB or less" in html


def test_a_volume_of_a_bounded_class_shows_its_class(as_bob: Client, namespace: Namespace) -> None:
    info = {"storage_classes": [{"name": "fast", "default": False}]}
    ClusterState.objects.create(alias="default", since=timezone.now(), info=info)
    namespace.limits |= {"storage:fast": 10 * GIB}
    namespace.save()
    namespace.volumes.create(name="x", size=9 * GIB, storage_class="fast")
    fields = {"size": "2 GiB", "access_mode": "ReadWriteOnce", "storage_class": "fast"}
    html = text(as_bob.post(f"{HERE}volumes/new?part=remains", fields, headers=TYPING))
    assert "Storage of class fast" in html
    assert "1 GiB too much: 1 GiB are free. Set 1 GiB or less, or have an owner or admin request more" in html


@pytest.fixture
def big(app_row: App) -> Release:
    """An earlier release that does not fit any more."""
    return make_release(app_row, 2, make_spec(memory=5 * GIB), worked=True, outcome="replaced")


def test_a_rollback_that_does_not_fit_is_no_button(as_bob: Client, big: Release) -> None:
    html = text(as_bob.get(f"{APP}releases/"))
    assert "No room for it now" in html
    assert "2 GiB too much. 1 replica and 1 more during a rollout take 10 GiB; 8 GiB are free." in html
    assert 'name="number" value="2"' not in html


def test_a_rollback_that_does_not_fit_is_answered_with_the_figures(as_bob: Client, big: Release) -> None:
    answer = as_bob.post(f"{APP}rollback/", {"number": "2"})
    assert answer.status_code == 422
    html = text(answer)
    assert "v2 does not fit into the quota" in html
    assert "Set 4 GiB or less" in html
    assert "What remains in payments-dev" in html
    assert big.app.releases.count() == 2


def test_what_the_cluster_refuses_is_said_in_plain_words_and_in_its_own(
    as_bob: Client, app_row: App, volume: Volume, secret: Secret
) -> None:
    for row, page in ((volume, "volumes/data/"), (secret, "secrets/database/"), (app_row, "apps/checkout/")):
        outcomes.refused(row, "quota_exceeded", WORDS)
        html = text(as_bob.get(HERE + page))
        assert PLAIN in html
        assert WORDS in html


def test_an_operation_that_a_quota_refused_says_so_in_plain_words(as_bob: Client, volume: Volume) -> None:
    operation = make_operation(volume, "volume.apply")
    hold = operations.claim(operation.pk)
    assert hold is not None
    operations.fail(hold, "quota_exceeded", WORDS)
    html = text(as_bob.get(f"/operations/{operation.pk}/"))
    assert PLAIN in html
    assert WORDS in html


@pytest.mark.parametrize(("typed", "words"), [("400", "from 0 to 50"), ("-3", "from 0 to 50"), ("", "This is needed")])
def test_a_number_that_cannot_be_read_has_no_figures(as_bob: Client, app_row: App, typed: str, words: str) -> None:
    fields = {"size": "small", "replicas": typed}
    html = text(as_bob.post(f"{APP}scale/?part=remains", fields, headers=TYPING))
    assert ">Replicas</a> cannot be read." in html
    assert words in html
    assert "<table" not in html


def test_a_volume_whose_size_cannot_be_read_has_no_figures(as_bob: Client, namespace: Namespace) -> None:
    fields = {"size": "lots", "access_mode": "ReadWriteOnce", "storage_class": ""}
    html = text(as_bob.post(f"{HERE}volumes/new?part=remains", fields, headers=TYPING))
    assert ">Size</a> cannot be read." in html
    assert "<table" not in html


def test_what_a_quota_is_short_of_keeps_its_figures(as_bob: Client, app_row: App) -> None:
    html = text(as_bob.post(f"{APP}scale/", {"size": "large", "replicas": "50"}))
    assert "short</td>" in html
    assert "cannot be read" not in html
