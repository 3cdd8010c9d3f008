"""What the tests of quota decisions share: a request, the approvers, and a decision on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tenants.models import Namespace, QuotaRequest, StaffRole, User
from tenants.rules.granting import Move
from tenants.services import quota_decisions
from tests.factories import GIB, make_quota_request, make_user

Decide = Callable[..., QuotaRequest]


@pytest.fixture
def request_row(namespace: Namespace, alice: User) -> QuotaRequest:
    """alice asks for 12 GiB, where there are 8, and 6 cores, where there are 4."""
    return make_quota_request(namespace, alice, memory=12 * GIB, cpu=6000)


@pytest.fixture
def decide(request_row: QuotaRequest, dave: User) -> Decide:
    """By dave, on the request as it is, unless told otherwise."""

    def decide(by: Move = Move.APPROVE, **more: Any) -> QuotaRequest:
        about: dict[str, Any] = {"actor": dave, "request": request_row, "revision": request_row.revision} | more
        return quota_decisions.decide(**about, by=by)

    return decide


@pytest.fixture
def diana(db: None) -> User:
    """The other approver."""
    return make_user("diana", staff_role=StaffRole.APPROVER)
