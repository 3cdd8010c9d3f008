"""What a release stands on: secrets at their versions, volumes that are free."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tenants.errors import Conflict, Invalid
from tenants.models import App, Namespace, Release, User
from tenants.releases import SecretFolder, SecretKey, VolumeAt, load
from tenants.services import apps, secrets, volumes
from tests.factories import make_app, make_secret, make_spec, make_volume


def create(actor: User, namespace: Namespace, name: str = "shop", **fields: object) -> App:
    return apps.create_app(actor=actor, namespace=namespace, name=name, spec=make_spec(**fields))[0]


def release(actor: User, app: App, expected: int | None = None, **fields: object) -> Release:
    return apps.release_app(actor=actor, app=app, spec=make_spec(**fields), expected=expected)[0]


def test_secret_is_pinned_at_its_newest_version(bob: User, namespace: Namespace) -> None:
    make_secret(namespace, "database", "URL", "UNUSED")
    secrets.set_secret(actor=bob, namespace=namespace, name="database", values={"URL": "x"})
    app = create(bob, namespace, secret_env={"DATABASE_URL": SecretKey("database", "URL")})
    assert app.release is not None
    assert app.release.spec["secret_versions"] == {"database": {"URL": 2}}


def test_all_keys_of_a_secret_become_files(bob: User, namespace: Namespace) -> None:
    make_secret(namespace, "tls", "tls.crt", "tls.key")
    app = create(bob, namespace, secret_files=(SecretFolder("tls", "/etc/tls"),))
    assert app.release is not None
    assert app.release.spec["secret_versions"] == {"tls": {"tls.crt": 1, "tls.key": 1}}


def test_refresh_takes_the_new_version_of_a_secret(bob: User, namespace: Namespace) -> None:
    make_secret(namespace, "database", "URL")
    app = create(bob, namespace, secret_env={"URL": SecretKey("database", "URL")})
    secrets.set_secret(actor=bob, namespace=namespace, name="database", values={"URL": "new"})
    made, _ = apps.refresh_secrets(actor=bob, app=app)
    assert made.changes == [{"field": "secret_versions.database.URL", "old": 1, "new": 2}]


def test_rollback_takes_the_secret_as_it_was(bob: User, namespace: Namespace) -> None:
    make_secret(namespace, "database", "URL")
    app = create(bob, namespace, secret_env={"URL": SecretKey("database", "URL")})
    app.releases.update(worked=True)
    secrets.set_secret(actor=bob, namespace=namespace, name="database", values={"URL": "new"})
    apps.refresh_secrets(actor=bob, app=app)
    made, _ = apps.roll_back(actor=bob, app=app, number=1)
    assert made.spec["secret_versions"] == {"database": {"URL": 1}}


def test_rollback_takes_the_newest_of_a_secret_that_was_made_anew(bob: User, namespace: Namespace) -> None:
    old = make_secret(namespace, "database", "URL")
    app = create(bob, namespace, secret_env={"URL": SecretKey("database", "URL")})
    app.releases.update(worked=True)
    release(bob, app)
    old.delete()
    anew = make_secret(namespace, "database")
    anew.keys, anew.version = {"URL": 4}, 4
    anew.save()
    made, _ = apps.roll_back(actor=bob, app=app, number=1)
    assert made.spec["secret_versions"] == {"database": {"URL": 4}}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"secret_env": {"URL": SecretKey("gone", "URL")}}, "secret_env"),
        ({"secret_env": {"URL": SecretKey("database", "NO")}}, "secret_env"),
        ({"secret_files": (SecretFolder("gone", "/etc/app"),)}, "secret_files"),
        ({"pull_secret": "gone"}, "pull_secret"),
        ({"pull_secret": "database"}, "pull_secret"),
        ({"volumes": (VolumeAt("gone", "/data"),)}, "volumes"),
    ],
)
def test_what_is_not_there_is_told_at_its_field(
    bob: User, namespace: Namespace, fields: dict[str, object], field: str
) -> None:
    make_secret(namespace, "database", "URL")
    with pytest.raises(Invalid) as caught:
        create(bob, namespace, **fields)
    assert set(caught.value.fields) == {field}


def test_what_is_being_deleted_is_there_no_more(bob: User, namespace: Namespace) -> None:
    make_secret(namespace, "database", "URL", deleting_since=timezone.now())
    make_volume(namespace, "data", deleting_since=timezone.now())
    with pytest.raises(Invalid) as caught:
        create(
            bob,
            namespace,
            secret_env={"URL": SecretKey("database", "URL")},
            volumes=(VolumeAt("data", "/data"),),
        )
    assert set(caught.value.fields) == {"secret_env", "volumes"}


def test_secret_of_another_namespace_is_not_found(bob: User, namespace: Namespace, other_namespace: Namespace) -> None:
    make_secret(other_namespace, "database", "URL")
    with pytest.raises(Invalid, match="no secret"):
        create(bob, namespace, secret_env={"URL": SecretKey("database", "URL")})


def test_volume_that_serves_one_app_is_refused_to_another(bob: User, namespace: Namespace) -> None:
    make_volume(namespace, "data")
    create(bob, namespace, "first", volumes=(VolumeAt("data", "/data"),))
    with pytest.raises(Invalid, match="mounted by first") as caught:
        create(bob, namespace, "second", volumes=(VolumeAt("data", "/data"),))
    assert "volumes" in caught.value.fields


def test_shared_volume_serves_many_apps(bob: User, namespace: Namespace) -> None:
    make_volume(namespace, "data", access_mode="ReadWriteMany")
    create(bob, namespace, "first", volumes=(VolumeAt("data", "/data"),))
    assert create(bob, namespace, "second", volumes=(VolumeAt("data", "/data"),)).pk


@pytest.mark.parametrize(("mode", "one_node"), [("ReadWriteOnce", True), ("ReadWriteMany", False)])
def test_release_knows_whether_its_volumes_keep_it_on_one_node(
    bob: User, namespace: Namespace, mode: str, one_node: bool
) -> None:
    make_volume(namespace, "data", access_mode=mode)
    app = create(bob, namespace, volumes=(VolumeAt("data", "/data"),))
    assert load(app.release.spec).one_node is one_node
    released, _ = apps.release_app(actor=bob, app=app, spec=make_spec(one_node=True), expected=None)
    assert load(released.spec).one_node is False


def test_volume_in_use_cannot_be_deleted(alice: User, bob: User, namespace: Namespace) -> None:
    volume = make_volume(namespace, "data")
    create(bob, namespace, volumes=(VolumeAt("data", "/data"),))
    with pytest.raises(Conflict, match="mounted by shop"):
        volumes.delete_volume(actor=alice, volume=volume, confirm="data")


def test_volume_stays_in_use_while_the_release_that_mounts_it_serves(
    alice: User, bob: User, namespace: Namespace
) -> None:
    volume = make_volume(namespace, "data")
    app = make_app(namespace, volumes=(VolumeAt("data", "/data"),))
    release(bob, app)
    with pytest.raises(Conflict, match="mounted by checkout"):
        volumes.delete_volume(actor=alice, volume=volume, confirm="data")


def test_secret_in_use_cannot_be_deleted(bob: User, namespace: Namespace) -> None:
    secret = make_secret(namespace, "database", "URL")
    create(bob, namespace, secret_env={"URL": SecretKey("database", "URL")})
    with pytest.raises(Conflict, match="used by shop"):
        secrets.delete_secret(actor=bob, secret=secret, confirm="database")
