"""Secrets: values pass through sealed, rows know keys and versions."""

from __future__ import annotations

import pytest
from django.db import connection

from tenants import operations
from tenants.errors import Conflict, Forbidden, Gone, Invalid, NotFound
from tenants.models import AuditEntry, Namespace, Operation, User
from tenants.releases import SecretKey
from tenants.services import apps, secrets
from tests.factories import make_secret, make_spec

CANARY = "canary-9d1f"


def set_values(actor: User, namespace: Namespace, **values: str) -> tuple[object, Operation]:
    return secrets.set_secret(actor=actor, namespace=namespace, name="database", values=values)


def test_values_travel_sealed_on_the_operation(bob: User, namespace: Namespace) -> None:
    secret, operation = set_values(bob, namespace, PASSWORD=CANARY)
    assert secret.keys == {"PASSWORD": 1}
    assert operations.unseal(operation.pk, operation.sealed) == {"version": 1, "values": {"PASSWORD": CANARY}}


def test_value_of_a_secret_stands_nowhere_in_the_database(bob: User, namespace: Namespace) -> None:
    set_values(bob, namespace, PASSWORD=CANARY)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            assert CANARY not in str([[bytes(v) if isinstance(v, memoryview) else v for v in r] for r in cursor])


def test_keys_that_are_not_named_keep_their_version(bob: User, namespace: Namespace) -> None:
    set_values(bob, namespace, USER="a", PASSWORD="b")
    secret, _ = set_values(bob, namespace, PASSWORD="c")
    assert (secret.keys, secret.version, secret.changed_by) == ({"USER": 1, "PASSWORD": 2}, 2, bob)


def test_audit_names_keys_and_versions(bob: User, namespace: Namespace) -> None:
    set_values(bob, namespace, PASSWORD=CANARY)
    line = AuditEntry.objects.get(action="secret.create")
    assert line.changes == [{"field": "PASSWORD", "old": None, "new": "version 1"}]


def test_key_is_removed_without_a_new_object(bob: User, namespace: Namespace) -> None:
    set_values(bob, namespace, USER="a", PASSWORD="b")
    secret, operation = secrets.set_secret(actor=bob, namespace=namespace, name="database", values={}, remove=["USER"])
    assert secret.keys == {"PASSWORD": 1}
    assert operation.sealed is None


def test_key_in_use_is_not_removed(bob: User, namespace: Namespace) -> None:
    set_values(bob, namespace, USER="a", PASSWORD="b")
    spec = make_spec(secret_env={"DB_USER": SecretKey("database", "USER")})
    apps.create_app(actor=bob, namespace=namespace, name="shop", spec=spec)
    with pytest.raises(Conflict, match="shop uses “USER”") as caught:
        secrets.set_secret(actor=bob, namespace=namespace, name="database", values={}, remove=["USER"])
    assert "remove" in caught.value.fields


@pytest.mark.parametrize("remove", [["PASSWORD"], ["OTHER"]])
def test_removal_that_cannot_be_is_told(bob: User, namespace: Namespace, remove: list[str]) -> None:
    set_values(bob, namespace, PASSWORD="b")
    with pytest.raises(Invalid) as caught:
        secrets.set_secret(actor=bob, namespace=namespace, name="database", values={}, remove=remove)
    assert set(caught.value.fields) == {"remove"}


def test_secret_needs_a_key(bob: User, namespace: Namespace) -> None:
    with pytest.raises(Invalid):
        set_values(bob, namespace)


def test_error_about_a_value_does_not_quote_it(bob: User, namespace: Namespace) -> None:
    with pytest.raises(Invalid) as caught:
        set_values(bob, namespace, PASSWORD=CANARY * 200_000)
    assert CANARY not in caught.value.message


def test_viewer_cannot_set_a_secret(carol: User, namespace: Namespace) -> None:
    with pytest.raises(Forbidden):
        set_values(carol, namespace, PASSWORD="x")


def test_registry_login_must_be_one(bob: User, namespace: Namespace) -> None:
    login = {"actor": bob, "namespace": namespace, "name": "registry", "type": "kubernetes.io/dockerconfigjson"}
    with pytest.raises(Invalid):
        secrets.set_secret(**login, values={".dockerconfigjson": "robot"})
    made, _ = secrets.set_secret(**login, values={".dockerconfigjson": '{"auths": {"r.example": {"auth": "eA=="}}}'})
    spec = make_spec(pull_secret="registry")
    app, _ = apps.create_app(actor=bob, namespace=namespace, name="shop", spec=spec)
    assert app.release is not None
    assert app.release.spec["secret_versions"] == {"registry": {".dockerconfigjson": made.version}}


def test_name_of_a_secret_rests_while_it_is_deleted(bob: User, namespace: Namespace) -> None:
    secret = make_secret(namespace)
    secrets.delete_secret(actor=bob, secret=secret, confirm="database")
    with pytest.raises(Gone):
        set_values(bob, namespace, PASSWORD="x")


def test_a_new_secret_is_new_under_the_lock_and_a_change_makes_none(bob: User, namespace: Namespace) -> None:
    """Of two who create at once one is told; a change that comes after the deletion does not bring half of it back."""
    with pytest.raises(NotFound):
        secrets.set_secret(actor=bob, namespace=namespace, name="database", values={"A": "1"}, new=False)
    set_values(bob, namespace, PASSWORD="a")
    with pytest.raises(Conflict) as refused:
        secrets.set_secret(actor=bob, namespace=namespace, name="database", values={"PASSWORD": "b"}, new=True)
    assert (refused.value.code, list(refused.value.fields)) == ("taken", ["name"])
    assert Operation.objects.count() == 1
