"""What the policy names as big takes two approvers who mean the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from tenants.errors import Conflict
from tenants.models import Namespace, QuotaRequest, StaffRole, User
from tenants.models.granting import State
from tenants.rules.granting import Move
from tests.factories import GIB, make_policy
from tests.services.conftest import Decide

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(db: None) -> None:
    """Above 10 GiB it takes two."""
    make_policy(two_persons={"memory": 10 * GIB})


def test_first_of_two_approvals_changes_no_limit(decide: Decide, two: None, namespace: Namespace) -> None:
    assert decide().state == State.SUBMITTED
    namespace.refresh_from_db()
    assert namespace.limits["memory"] == 8 * GIB


def test_second_person_completes_it(decide: Decide, two: None, diana: User) -> None:
    decide()
    assert decide(actor=diana).state == State.APPROVED


def test_one_person_is_not_two(decide: Decide, two: None) -> None:
    decide()
    with pytest.raises(Conflict) as refused:
        decide()
    assert refused.value.code == "second_person"


def test_other_figures_start_over(decide: Decide, two: None, diana: User, dave: User) -> None:
    later = timezone.localdate() + timedelta(days=5)
    decide()
    assert decide(Move.APPROVE_PART, actor=diana, granted={"memory": 11 * GIB}).state == State.SUBMITTED
    assert decide(until=later).state == State.SUBMITTED
    assert decide(actor=diana, until=later).state == State.APPROVED


def test_first_approval_of_an_earlier_revision_does_not_count(decide: Decide, two: None, diana: User) -> None:
    decide()
    QuotaRequest.objects.update(revision=2)
    assert decide(actor=diana, revision=2).state == State.SUBMITTED


def test_first_approval_of_who_may_not_decide_any_more_does_not_count(
    decide: Decide, two: None, diana: User, dave: User
) -> None:
    decide()
    User.objects.filter(pk=dave.pk).update(staff_role=StaffRole.SUPPORT)
    assert decide(actor=diana).state == State.SUBMITTED


def test_below_the_size_one_person_is_enough(decide: Decide, two: None) -> None:
    assert decide(Move.APPROVE_PART, granted={"memory": 10 * GIB}).state == State.PARTLY_APPROVED
