"""What a namespace reserves, as the preflight counts it."""

from __future__ import annotations

import pytest

from tenants.errors import QuotaExceeded
from tenants.models import Namespace, Operation, Plan, User
from tenants.releases import SecretKey, VolumeAt
from tenants.reservations import reserved_in, secrets_in
from tenants.services import apps, quotas, secrets
from tests.factories import GIB, make_app, make_release, make_secret, make_spec, make_volume


def set_values(actor: User, namespace: Namespace, **values: str) -> tuple[object, Operation]:
    return secrets.set_secret(actor=actor, namespace=namespace, name="database", values=values)


def test_reserved_counts_all_that_stands(namespace: Namespace) -> None:
    make_app(namespace, cpu=500, memory=GIB, replicas=3)
    make_app(namespace, "worker", cpu=250, memory=GIB, port=None)
    make_volume(namespace, size=2 * GIB)
    make_secret(namespace)
    assert quotas.reserved(namespace) == {
        "cpu": 1750,
        "memory": 4 * GIB,
        "storage": 2 * GIB,
        "pods": 4,
        "claims": 1,
        "services": 1,
        "secrets": 1,
    }


def test_app_between_two_releases_reserves_the_larger(namespace: Namespace) -> None:
    app = make_app(namespace, memory=4 * GIB)
    app.release = make_release(app, 2, make_spec(memory=GIB, replicas=2))
    app.save()
    assert quotas.reserved(namespace)["memory"] == 4 * GIB
    assert quotas.reserved(namespace)["pods"] == 2


def test_versions_that_a_rollback_needs_are_counted(bob: User, namespace: Namespace) -> None:
    set_values(bob, namespace, PASSWORD="a")
    spec = make_spec(secret_env={"PASSWORD": SecretKey("database", "PASSWORD")})
    apps.create_app(actor=bob, namespace=namespace, name="shop", spec=spec)
    set_values(bob, namespace, PASSWORD="b")
    assert quotas.reserved(namespace)["secrets"] == 2


def test_one_secret_too_many_is_refused(bob: User, namespace: Namespace) -> None:
    namespace.limits["secrets"] = 1
    namespace.save()
    namespace.refresh_from_db()
    set_values(bob, namespace, PASSWORD="a")
    with pytest.raises(QuotaExceeded):
        secrets.set_secret(actor=bob, namespace=namespace, name="second", values={"A": "b"})


def test_reserved_asks_as_much_for_many_namespaces(
    namespace: Namespace, other_namespace: Namespace, django_assert_num_queries: object
) -> None:
    for place in (namespace, other_namespace):
        make_app(place)
        make_volume(place)
        make_secret(place)
    for places in ([namespace], [namespace, other_namespace]):
        with django_assert_num_queries(4):
            reserved_in(places)
            secrets_in(places)


def test_a_release_with_a_one_node_volume_takes_no_surge_and_says_so(namespace: Namespace) -> None:
    make_volume(namespace)
    mounting = make_spec(volumes=(VolumeAt("data", "/data"),), replicas=2)
    found = quotas.preflight(namespace, spec=mounting)
    assert (found.row("pods").this, found.row("pods").surge) == (2, 0)
    assert "stop before the new ones start" in " ".join(found.notes)
    plain = quotas.preflight(namespace, spec=make_spec(replicas=2))
    assert (plain.row("pods").surge, plain.notes) == (1, ())
