"""A cluster that is quicker than Berth's answer: what was asked to be deleted is gone before the 202 is written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.models.signals import post_save

from tenants.models import App, Namespace, Operation, Secret, User, Volume
from tenants.outcomes import gone
from tests.api.conftest import Script

NOUNS = {"app": App, "volume": Volume, "secret": Secret, "namespace": Namespace}


@pytest.fixture
def quick_cluster(transactional_db: None) -> Iterator[None]:
    """Every deletion is carried out in the moment in which it is committed."""

    def carry_out(instance: Operation, **_: object) -> None:
        row = NOUNS[instance.target_noun].objects.get(pk=instance.target_id)
        transaction.on_commit(lambda: gone(row))

    post_save.connect(carry_out, sender=Operation)
    yield
    post_save.disconnect(carry_out, sender=Operation)


@pytest.mark.parametrize(
    ("noun", "address", "name"),
    [
        ("app", "/apps/checkout", "checkout"),
        ("volume", "/volumes/data", "data"),
        ("secret", "/secrets/database", "database"),
        ("namespace", "", "dev"),
    ],
)
def test_what_is_gone_before_the_answer_was_accepted(
    quick_cluster: None, alice: User, namespace: Namespace, app_row: App, volume: Volume, secret: Secret,
    noun: str, address: str, name: str,
) -> None:  # fmt: skip
    answer = Script(alice).delete(f"teams/payments/namespaces/dev{address}?confirm={name}")
    assert answer.status_code == 202, answer.content
    assert (answer.json()[noun]["name"], answer.json()[noun]["deleting"]) == (name, True)
    assert not NOUNS[noun].objects.filter(name=name).exists()
