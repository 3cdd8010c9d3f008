"""The last room of a quota, asked for by several at once: one gets it, whatever it is asked for."""

from __future__ import annotations

import pytest

from tenants.models import Namespace, User
from tenants.services import apps, secrets, volumes
from tests.factories import GIB, make_app, make_release, make_spec
from tests.services.test_races import MANY, at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def test_apps_do_not_grow_into_the_same_room(bob: User, namespace: Namespace) -> None:
    """Each has 0.5 GiB of 8; one of them may have 2 GiB with its surge of 2 GiB more beside the others."""
    rows = [make_app(namespace, f"shop-{number}", memory=GIB // 2, cpu=10) for number in range(MANY)]
    wish = make_spec(memory=2 * GIB, cpu=10)
    ends = at_once(lambda number: apps.release_app(actor=bob, app=rows[number], spec=wish, expected=1))
    assert ends == {"done": 1, "quota_exceeded": MANY - 1}


def test_a_rollback_and_a_new_app_do_not_get_the_same_room(bob: User, namespace: Namespace) -> None:
    app = make_app(namespace, memory=GIB)
    make_release(app, 2, make_spec(memory=3 * GIB), worked=True)
    spec = make_spec(memory=3 * GIB)
    ends = at_once(
        lambda number: (
            apps.roll_back(actor=bob, app=app, number=2)
            if number
            else apps.create_app(actor=bob, namespace=namespace, name="new-one", spec=spec)
        ),
        times=2,
    )
    assert ends == {"done": 1, "quota_exceeded": 1}


def test_the_last_storage_of_a_class_is_given_once(bob: User, namespace: Namespace) -> None:
    namespace.limits |= {"storage:fast": 10 * GIB}
    namespace.save()

    def create(number: int) -> None:
        name, size = f"data-{number}", 6 * GIB
        volumes.create_volume(actor=bob, namespace=namespace, name=name, size=size, storage_class="fast")

    assert at_once(create) == {"done": 1, "quota_exceeded": MANY - 1}


def test_the_last_secret_is_given_once(bob: User, namespace: Namespace) -> None:
    namespace.limits |= {"secrets": 1}
    namespace.save()

    def create(number: int) -> None:
        secrets.set_secret(actor=bob, namespace=namespace, name=f"s-{number}", values={"A": "x"})

    assert at_once(create) == {"done": 1, "quota_exceeded": MANY - 1}
