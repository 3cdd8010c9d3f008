"""Quota that nobody needs, and giving it back with one click."""

from __future__ import annotations

import pytest

from tenants.models import Cause, Grant, Namespace, Operation, Sample, Team, User
from tenants.selectors import reclaim
from tests import factories
from tests.factories import GIB
from tests.figures.samples import make_samples
from tests.signing_in import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]


def used(namespace: Namespace, memory: int, days: int = 30) -> None:
    make_samples(namespace, [(memory, memory, memory)] * 24 * days)


def offered(user: User) -> dict[str, tuple[int, int]]:
    return {offer.resource: (offer.limit, offer.most) for row in reclaim.unused(user) for offer in row.offers}


def test_less_than_a_quarter_for_thirty_days_is_listed_with_twice_the_peak(alice: User, namespace: Namespace) -> None:
    used(namespace, GIB)
    assert offered(alice) == {"memory": (8 * GIB, 2 * GIB)}


def test_a_peak_in_between_counts(alice: User, namespace: Namespace) -> None:
    used(namespace, GIB)
    sample = Sample.objects.order_by("at")[100]
    sample.values = {"memory": [GIB, 2 * GIB, GIB, 8 * GIB]}
    sample.save()
    assert offered(alice) == {}


def test_too_few_samples_say_nothing(alice: User, namespace: Namespace) -> None:
    used(namespace, GIB, days=20)
    assert offered(alice) == {}


def test_a_limit_that_was_changed_lately_is_not_judged_yet(alice: User, namespace: Namespace) -> None:
    used(namespace, GIB)
    Grant.objects.create(
        team=namespace.team, namespace=namespace, place="p", resource="memory", old=4 * GIB, new=8 * GIB,
        cause=Cause.REQUEST,
    )  # fmt: skip
    assert offered(alice) == {}


def test_nobody_is_offered_to_give_back_what_is_asked_for(alice: User, namespace: Namespace) -> None:
    used(namespace, GIB)
    factories.make_quota_request(namespace, alice, memory=16 * GIB)
    assert offered(alice) == {}


def test_the_offer_is_never_below_what_is_taken(alice: User, namespace: Namespace) -> None:
    used(namespace, GIB // 2)
    namespace.usage = {"memory": 3 * GIB // 2}
    namespace.save()
    assert offered(alice) == {"memory": (8 * GIB, 2 * GIB)}


def test_who_may_only_look_has_nothing_to_give_back(bob: User, carol: User, erin: User, team: Team) -> None:
    for user in (bob, carol, erin):
        assert reclaim.unused(user) == []


def test_staff_see_all_and_whose_it_is(dave: User, namespace: Namespace) -> None:
    used(namespace, GIB)
    assert [(row.namespace, row.mine) for row in reclaim.unused(dave)] == [(namespace, False)]
    assert "Its owners and admins can" in signed_in(dave).get("/reclaim/").content.decode()


def test_one_click_lowers(alice: User, namespace: Namespace) -> None:
    used(namespace, GIB)
    browser = signed_in(alice)
    assert "Memory 8 → 2 GiB" in browser.get("/reclaim/").content.decode()
    (row,) = reclaim.unused(alice)
    browser.post("/t/payments/n/dev/quota/reclaim", {"wants": row.wants})
    namespace.refresh_from_db()
    assert namespace.limits["memory"] == 2 * GIB
    assert Grant.objects.get().cause == Cause.RECLAIMED
    assert Operation.objects.get().kind == "namespace.apply"


def test_what_does_not_fit_any_more_is_shown_on_the_form(alice: User, namespace: Namespace) -> None:
    namespace.usage = {"memory": 3 * GIB}
    namespace.save()
    answer = signed_in(alice).post("/t/payments/n/dev/quota/reclaim", {"wants": f"memory={2 * GIB}"})
    assert answer.headers["Location"] == "/t/payments/n/dev/quota/lower?memory=2"
    assert not Grant.objects.exists()


def test_a_forged_offer_changes_nothing(alice: User, namespace: Namespace) -> None:
    for forged in ("", "memory=-1", "gold=1", "memory", f"memory={9 * GIB}"):
        signed_in(alice).post("/t/payments/n/dev/quota/reclaim", {"wants": forged})
    assert not Grant.objects.exists()


def test_the_list_asks_the_same_however_many_there_are(  # type: ignore[no-untyped-def]
    alice: User, team: Team, namespace: Namespace, django_assert_max_num_queries
) -> None:
    used(namespace, GIB)
    with django_assert_max_num_queries(10) as one:
        reclaim.unused(alice)
    used(factories.make_namespace(team, "prod"), GIB)
    with django_assert_max_num_queries(len(one)):
        assert len(reclaim.unused(alice)) == 2
