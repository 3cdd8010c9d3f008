"""Apps: releases, rollbacks, deletion, the quota."""

from __future__ import annotations

import pytest
from msgspec import structs

from tenants import releases
from tenants.errors import Conflict, Forbidden, Gone, Invalid, NotFound, QuotaExceeded
from tenants.models import App, AuditEntry, Namespace, Operation, Release, User
from tenants.releases import VolumeAt
from tenants.services import apps, namespaces
from tests.factories import GIB, MIB, make_app, make_release, make_spec, make_volume


def create(actor: User, namespace: Namespace, name: str = "shop", **fields: object) -> App:
    return apps.create_app(actor=actor, namespace=namespace, name=name, spec=make_spec(**fields))[0]


def release(actor: User, app: App, expected: int | None = None, **fields: object) -> Release:
    return apps.release_app(actor=actor, app=app, spec=make_spec(**fields), expected=expected)[0]


def test_create_app_opens_an_operation_for_its_first_release(bob: User, namespace: Namespace) -> None:
    app, operation = apps.create_app(actor=bob, namespace=namespace, name="shop", spec=make_spec())
    assert app.release is not None
    assert (app.release.number, app.release.changes, app.release.created_by) == (1, [], bob)
    assert (operation.kind, operation.target_id, operation.generation) == ("app.apply", app.pk, 1)


def test_create_app_is_audited(bob: User, namespace: Namespace) -> None:
    create(bob, namespace)
    line = AuditEntry.objects.get()
    assert (line.actor, line.action, line.target) == (bob, "app.create", "app payments-dev/shop")


def test_viewer_cannot_create_app(carol: User, namespace: Namespace) -> None:
    with pytest.raises(Forbidden):
        create(carol, namespace)
    assert AuditEntry.objects.get().outcome == "denied"
    assert not Operation.objects.exists()


def test_stranger_cannot_tell_that_the_namespace_is_there(erin: User, namespace: Namespace) -> None:
    with pytest.raises(NotFound):
        create(erin, namespace)


def test_taken_name_is_a_conflict_at_the_name(bob: User, namespace: Namespace) -> None:
    create(bob, namespace)
    with pytest.raises(Conflict, match="choose another") as caught:
        create(bob, namespace)
    assert "name" in caught.value.fields
    assert App.objects.count() == Operation.objects.count() == 1


def test_name_rests_while_its_app_is_deleted(bob: User, namespace: Namespace) -> None:
    app = create(bob, namespace)
    apps.delete_app(actor=bob, app=app, confirm="shop")
    with pytest.raises(Gone, match="still being deleted"):
        create(bob, namespace)


def test_every_broken_field_is_told_at_once(bob: User, namespace: Namespace) -> None:
    with pytest.raises(Invalid) as caught:
        create(bob, namespace, image="", port=0, env={"1A": "x"}, replicas=99, memory=1)
    assert set(caught.value.fields) == {"image", "port", "env", "replicas", "memory"}


def test_nothing_is_created_in_a_namespace_that_is_deleted(alice: User, bob: User, namespace: Namespace) -> None:
    namespaces.delete_namespace(actor=alice, namespace=namespace, confirm="dev")
    with pytest.raises(Gone):
        create(bob, namespace)


def test_release_keeps_what_changed_and_by_whom(bob: User, app_row: App) -> None:
    made = release(bob, app_row, image="registry.example/shop:1.5.0", env={"LEVEL": "info"})
    assert (made.number, made.created_by) == (2, bob)
    assert made.changes == [
        {"field": "env.LEVEL", "old": None, "new": "info"},
        {"field": "image", "old": "registry.example/shop:1.4.0", "new": "registry.example/shop:1.5.0"},
    ]


def test_release_bumps_the_generation(bob: User, app_row: App) -> None:
    _, operation = apps.release_app(actor=bob, app=app_row, spec=make_spec(replicas=2), expected=1)
    app_row.refresh_from_db()
    assert app_row.generation == operation.generation == 2


def test_values_of_the_environment_stay_out_of_the_audit_log(bob: User, app_row: App) -> None:
    release(bob, app_row, env={"API_KEY": "canary"})
    line = AuditEntry.objects.get(action="app.release")
    assert line.changes == [{"field": "env.API_KEY", "old": None, "new": "set"}]


def test_release_from_an_older_page_is_a_conflict(alice: User, bob: User, app_row: App) -> None:
    release(alice, app_row, expected=1, replicas=2)
    with pytest.raises(Conflict, match="alice released v2") as caught:
        release(bob, app_row, expected=1, replicas=3)
    assert caught.value.code == "overtaken"


def test_release_without_a_difference_is_refused(bob: User, app_row: App) -> None:
    with pytest.raises(Invalid) as caught:
        release(bob, app_row)
    assert caught.value.code == "unchanged"


@pytest.mark.parametrize("outcome", ["failed", "stuck"])
def test_release_that_does_not_work_can_be_tried_again_as_it_is(bob: User, app_row: App, outcome: str) -> None:
    failed = release(bob, app_row, replicas=2)
    Release.objects.filter(pk=failed.pk).update(outcome=outcome)
    assert release(bob, app_row, replicas=2).number == 3


@pytest.mark.parametrize("outcome", ["pending", "rolling", "stuck"])
def test_release_that_never_worked_is_abandoned_by_the_next(bob: User, app_row: App, outcome: str) -> None:
    first = release(bob, app_row, replicas=2)
    Release.objects.filter(pk=first.pk).update(outcome=outcome)
    release(bob, app_row, replicas=3)
    first.refresh_from_db()
    assert first.outcome == "abandoned"


def test_rollback_is_a_new_release_with_the_old_content(bob: User, app_row: App) -> None:
    release(bob, app_row, image="registry.example/shop:2", env={"A": "1"}, replicas=3)
    made, operation = apps.roll_back(actor=bob, app=app_row, number=1)
    app_row.refresh_from_db()
    assert (made.number, made.rolled_back_to, app_row.release) == (3, 1, made)
    assert made.spec == app_row.releases.get(number=1).spec
    assert operation.generation == app_row.generation == 3


@pytest.mark.parametrize(("number", "error"), [(2, Conflict), (3, Conflict), (9, NotFound)])
def test_rollback_only_to_a_release_that_worked(bob: User, app_row: App, number: int, error: type[Exception]) -> None:
    make_release(app_row, 2, make_spec(replicas=2), outcome="failed")
    app_row.release = make_release(app_row, 3, make_spec(replicas=3), worked=True)
    app_row.save()
    with pytest.raises(error):
        apps.roll_back(actor=bob, app=app_row, number=number)


def test_app_beyond_the_quota_is_refused_with_numbers_that_work(bob: User, namespace: Namespace) -> None:
    make_app(namespace, memory=3 * GIB)
    with pytest.raises(QuotaExceeded) as caught:
        create(bob, namespace, memory=2 * GIB, replicas=2)
    assert caught.value.fields["memory"] == (
        "1 GiB too much. 2 replicas and 1 more during a rollout take 6 GiB; 5 GiB are free. "
        "Set 1.66 GiB or less, or 1 replica, or have an owner or admin request more memory."
    )
    assert not Operation.objects.exists()


def test_smaller_app_is_allowed_over_a_lowered_quota(bob: User, namespace: Namespace) -> None:
    app = make_app(namespace, memory=GIB, replicas=12)
    assert release(bob, app, memory=GIB, replicas=10).number == 2


def test_rollback_is_held_to_the_quota(bob: User, namespace: Namespace) -> None:
    app = make_app(namespace, memory=3 * GIB)
    release(bob, app, memory=64 * MIB)
    app.refresh_from_db()
    app.serving = app.release
    app.save()
    make_app(namespace, "other", memory=6 * GIB)
    with pytest.raises(QuotaExceeded):
        apps.roll_back(actor=bob, app=app, number=1)


def test_image_of_a_registry_that_is_not_allowed_is_refused(bob: User, namespace: Namespace, settings: object) -> None:
    settings.IMAGE_HOSTS = ("registry.allowed",)
    with pytest.raises(Invalid, match="not allowed"):
        create(bob, namespace)


def test_delete_app_asks_for_its_name(bob: User, app_row: App) -> None:
    with pytest.raises(Invalid) as caught:
        apps.delete_app(actor=bob, app=app_row, confirm="chekout")
    assert "confirm" in caught.value.fields


def test_delete_app_is_a_change_of_intent(bob: User, app_row: App) -> None:
    operation = apps.delete_app(actor=bob, app=app_row, confirm="checkout")
    app_row.refresh_from_db()
    assert app_row.deleting
    assert (operation.kind, operation.generation) == ("app.delete", app_row.generation)


def test_app_that_is_deleted_takes_no_release(bob: User, app_row: App) -> None:
    apps.delete_app(actor=bob, app=app_row, confirm="checkout")
    for verb in (
        lambda: release(bob, app_row, replicas=2),
        lambda: apps.roll_back(actor=bob, app=app_row, number=1),
    ):
        with pytest.raises(Gone):
            verb()


def test_new_app_of_a_taken_name_is_told_so_before_what_it_needs(bob: User, namespace: Namespace) -> None:
    """A script that sends its wish twice learns that the app stands, not that its own volume is in use."""
    make_volume(namespace, "data")
    spec = make_spec(volumes=(VolumeAt("data", "/data"),))
    apps.create_app(actor=bob, namespace=namespace, name="shop", spec=spec)
    with pytest.raises(Conflict) as caught:
        apps.create_app(actor=bob, namespace=namespace, name="shop", spec=spec)
    assert caught.value.code == "taken"


def test_ledger_reads_back_what_was_released(bob: User, namespace: Namespace) -> None:
    make_volume(namespace, "data")
    spec = make_spec(volumes=(VolumeAt("data", "/data"),), command=("sh", "-c"), env={"A": "b"}, port=None)
    app, _ = apps.create_app(actor=bob, namespace=namespace, name="shop", spec=spec)
    assert app.release is not None
    app.release.refresh_from_db()
    assert releases.load(app.release.spec) == structs.replace(spec, one_node=True)
