"""The outbox: who gets an operation, how it ends, what is published again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models.functions import Now
from pytest_django import Settings

from tenants import operations
from tenants.models import App, Namespace, Operation, Secret, User
from tenants.operations import outbox
from tenants.operations.seal import SealError, seal, unseal
from tests.factories import make_app, make_operation
from tests.tasks.conftest import opened

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What was sent to the broker: (kind, id)."""
    sent: list[tuple[str, Any]] = []
    monkeypatch.setattr(outbox.current_app, "send_task", lambda kind, args, **_: sent.append((kind, args[0])))
    return sent


def test_an_operation_is_published_after_the_commit(app_row: App, published: list[Any]) -> None:
    with transaction.atomic():
        operation = operations.open(kind="app.apply", target=app_row, actor=None, generation=1)
        assert published == []
    assert published == [("app.apply", str(operation.pk))]


def test_a_rolled_back_wish_is_never_published(app_row: App, published: list[Any]) -> None:
    with transaction.atomic():
        operations.open(kind="app.apply", target=app_row, actor=None, generation=1)
        transaction.set_rollback(True)
    assert published == []
    assert not Operation.objects.exists()


def test_a_message_carries_the_id_alone(secret: Secret, alice: User, published: list[Any]) -> None:
    operation = opened(secret, "secret.apply", alice, secret_payload={"PASSWORD": "canary"})
    assert published == [("secret.apply", str(operation.pk))]


def test_an_unknown_kind_is_refused(app_row: App) -> None:
    with pytest.raises(ValueError, match="no operation"):
        operations.open(kind="app.explode", target=app_row, actor=None, generation=1)


def test_a_kind_of_another_noun_is_refused(app_row: App) -> None:
    with pytest.raises(ValueError, match="no operation"):
        operations.open(kind="secret.apply", target=app_row, actor=None, generation=1)


def test_a_lost_broker_fails_no_commit(app_row: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(outbox.current_app, "send_task", refuse)
    assert opened(app_row, "app.apply").state == "pending"


def test_an_operation_is_claimed_once(app_row: App) -> None:
    operation = opened(app_row, "app.apply")
    assert operations.claim(operation.pk) is not None
    assert operations.claim(operation.pk) is None


def test_one_target_has_one_holder(app_row: App) -> None:
    first, second = opened(app_row, "app.apply"), opened(app_row, "app.apply")
    assert operations.claim(first.pk) is not None
    assert operations.claim(second.pk) is None


def test_two_targets_are_held_at_once(app_row: App, secret: Secret) -> None:
    assert operations.claim(opened(app_row, "app.apply").pk) is not None
    assert operations.claim(opened(secret, "secret.apply").pk) is not None


def test_a_dead_holder_s_operation_is_taken_over(app_row: App) -> None:
    operation = opened(app_row, "app.apply")
    dead = operations.claim(operation.pk)
    Operation.objects.update(lease_until=Now() - timedelta(seconds=1))
    alive = operations.claim(operation.pk)
    assert dead is not None
    assert alive is not None
    assert not operations.finish(dead)
    assert operations.finish(alive)


def test_a_dead_holder_does_not_keep_its_target(app_row: App) -> None:
    first, second = opened(app_row, "app.apply"), opened(app_row, "app.apply")
    operations.claim(first.pk)
    Operation.objects.filter(pk=first.pk).update(lease_until=Now() - timedelta(seconds=1))
    assert operations.claim(second.pk) is not None
    first.refresh_from_db()
    assert first.state == "pending"


def test_the_holder_publishes_what_had_to_wait_for_it(app_row: App, published: list[Any]) -> None:
    first, second = opened(app_row, "app.apply"), opened(app_row, "app.apply")
    hold = operations.claim(first.pk)
    assert hold is not None
    published.clear()
    operations.finish(hold)
    assert published == [("app.apply", str(second.pk))]


def test_a_later_change_supersedes_an_earlier_one_that_waits(app_row: App) -> None:
    earlier = opened(app_row, "app.apply")
    app_row.generation += 1
    hold = operations.claim(opened(app_row, "app.apply").pk)
    assert hold is not None
    operations.confirm(hold)
    earlier.refresh_from_db()
    assert earlier.state == "superseded"


def test_values_of_a_secret_are_not_superseded(secret: Secret) -> None:
    earlier = opened(secret, "secret.apply", secret_payload={"A": "1"})
    secret.generation += 1
    hold = operations.claim(opened(secret, "secret.apply", secret_payload={"B": "2"}).pk)
    assert hold is not None
    operations.finish(hold)
    earlier.refresh_from_db()
    assert earlier.state == "pending"
    assert earlier.sealed


def test_a_deletion_supersedes_values_and_wipes_them(secret: Secret) -> None:
    earlier = opened(secret, "secret.apply", secret_payload={"A": "1"})
    secret.generation += 1
    hold = operations.claim(opened(secret, "secret.delete").pk)
    assert hold is not None
    operations.confirm(hold, again=1)
    earlier.refresh_from_db()
    assert (earlier.state, earlier.sealed) == ("superseded", None)


def test_values_are_wiped_when_applied(secret: Secret) -> None:
    operation = opened(secret, "secret.apply", secret_payload={"PASSWORD": "canary"})
    hold = operations.claim(operation.pk)
    assert hold is not None
    operations.finish(hold)
    operation.refresh_from_db()
    assert operation.sealed is None


def test_sealed_values_do_not_show(secret: Secret) -> None:
    operation = opened(secret, "secret.apply", secret_payload={"PASSWORD": "canary"})
    assert b"canary" not in bytes(operation.sealed or b"")
    payload = operations.unseal(operation.pk, operation.sealed or b"")
    assert payload == {"version": secret.version, "values": {"PASSWORD": "canary"}}


def test_a_payload_opens_for_its_own_operation_alone() -> None:
    sealed = seal(uuid4(), {"values": {}})
    with pytest.raises(SealError):
        unseal(uuid4(), sealed)


def test_a_payload_does_not_open_with_another_key(settings: Settings) -> None:
    pk = uuid4()
    sealed = seal(pk, {"values": {}})
    settings.SEAL_KEY = "another"
    with pytest.raises(SealError):
        unseal(pk, sealed)


def test_an_operation_is_not_looked_at_before_it_is_due(app_row: App) -> None:
    operation = opened(app_row, "app.apply")
    hold = operations.claim(operation.pk)
    assert hold is not None
    operations.wait(hold, "unavailable", "away", seconds=5)
    assert operations.claim(operation.pk) is None


def test_what_the_observer_confirms_is_not_claimed_again(app_row: App) -> None:
    operation = opened(app_row, "app.apply")
    hold = operations.claim(operation.pk)
    assert hold is not None
    operations.confirm(hold)
    assert operations.claim(operation.pk) is None


def test_the_pause_between_attempts_grows_to_five_seconds() -> None:
    assert [operations.results.backoff(n) for n in (1, 2, 3, 4, 5, 50)] == [0.5, 1, 2, 4, 5, 5]


def test_what_was_committed_and_never_ran_is_published_again(app_row: App, published: list[Any]) -> None:
    operation = make_operation(app_row, "app.apply")
    Operation.objects.update(created_at=Now() - timedelta(seconds=4))
    assert operations.redrive() == 1
    assert published == [("app.apply", str(operation.pk))]


def test_a_fresh_operation_is_left_to_its_message(app_row: App, published: list[Any]) -> None:
    make_operation(app_row, "app.apply")
    assert operations.redrive() == 0


def test_a_backlog_is_not_repeated_each_second(app_row: App, published: list[Any]) -> None:
    make_operation(app_row, "app.apply")
    Operation.objects.update(created_at=Now() - timedelta(seconds=4))
    operations.redrive()
    assert operations.redrive() == 0


def test_a_dead_worker_s_operation_is_published_again(app_row: App, published: list[Any]) -> None:
    operation = opened(app_row, "app.apply")
    operations.claim(operation.pk)
    published.clear()
    Operation.objects.update(lease_until=Now() - timedelta(seconds=1))
    operations.redrive()
    assert published == [("app.apply", str(operation.pk))]


def test_an_overdue_look_is_published_again(namespace: Namespace, published: list[Any]) -> None:
    operation = opened(namespace, "namespace.delete")
    hold = operations.claim(operation.pk)
    assert hold is not None
    operations.confirm(hold, again=0.5)
    published.clear()
    Operation.objects.update(not_before=Now() - timedelta(seconds=4))
    operations.redrive()
    assert published == [("namespace.delete", str(operation.pk))]


def test_what_waits_for_the_observer_is_not_published(app_row: App, published: list[Any]) -> None:
    hold = operations.claim(opened(app_row, "app.apply").pk)
    assert hold is not None
    operations.confirm(hold)
    published.clear()
    Operation.objects.update(created_at=Now() - timedelta(hours=1))
    assert operations.redrive() == 0


def test_close_ends_only_what_waits_for_confirmation(app_row: App) -> None:
    operation = opened(app_row, "app.apply")
    operations.close([operation])
    operation.refresh_from_db()
    assert operation.state == "pending"


def test_all_that_waits_for_a_namespace_is_published_by_two_queries(
    namespace: Namespace, published: list[Any], django_assert_num_queries: Any
) -> None:
    later = Now() + timedelta(hours=1)
    apps = [make_app(namespace, f"shop-{number}") for number in range(3)]
    waiting = [make_operation(app, "app.apply", state="waiting", not_before=later) for app in apps]
    make_operation(make_app(namespace, "done"), "app.apply", state="succeeded")
    with django_assert_num_queries(2):
        operations.nudge_waiting(namespace)
    assert {pk for _, pk in published} == {str(operation.pk) for operation in waiting}
    assert not Operation.objects.filter(state="waiting", not_before__gt=Now()).exists()
