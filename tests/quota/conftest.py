"""What tests of quota share: policies that hold, and requests at each of their states."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from tenants.models import Namespace, Policy, QuotaRequest, User
from tenants.rules import policy as rules
from tenants.services import quota_requests
from tests.factories import GIB

Live = Callable[..., Policy]
Ask = Callable[..., QuotaRequest]


@pytest.fixture
def live(db: None) -> Live:
    """`live(rules=(…), ceilings={…})`: this policy holds from now on."""

    def make(**parts: Any) -> Policy:
        return Policy.objects.create(body=rules.dump(rules.Policy(**parts)), live_at=timezone.now())

    return make


@pytest.fixture
def ask(alice: User, namespace: Namespace) -> Ask:
    """`ask(memory=12 * GIB, until=…)`: alice asks, and sends it unless told otherwise."""

    def make(send: bool = True, by: User | None = None, until: date | None = None, **wants: int) -> QuotaRequest:
        actor = by or alice
        made = quota_requests.draft(
            actor=actor, namespace=namespace, wants=wants or {"memory": 12 * GIB}, reason="The sale", until=until
        )
        return quota_requests.submit(actor=actor, request=made) if send else made

    return make
