"""A raise's last day is the site's, wherever who looks is: in Auckland a day is over early, in Honolulu late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone
from django.utils.timezone import override

from tenants import expiry, granting, site_day, weighing
from tenants.errors import Invalid
from tenants.models import Grant, Namespace, QuotaRequest, User
from tenants.rules.granting import Move
from tenants.rules.policy import Rule
from tenants.selectors import quota, quota_form
from tenants.services import quota_decisions, quota_requests, quotas
from tests.factories import GIB, make_spec
from tests.quota.conftest import Ask, Live
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db

LAST = date(2026, 10, 5)
AFTERNOON = datetime(2026, 10, 5, 14, tzinfo=UTC)
"""In Auckland it is the sixth."""
NIGHT = datetime(2026, 10, 6, 2, tzinfo=UTC)
"""In Honolulu it is the fifth still."""


@pytest.fixture
def in_auckland() -> Iterator[None]:
    with time_machine.travel(AFTERNOON, tick=False), override("Pacific/Auckland"):
        yield


@pytest.fixture
def in_honolulu() -> Iterator[None]:
    with time_machine.travel(NIGHT, tick=False), override("Pacific/Honolulu"):
        yield


def run_until(ask: Ask, dave: User, last: date) -> QuotaRequest:
    """Memory raised from 8 to 12 GiB until that day, the cluster has it."""
    request = ask(until=last)
    request = quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE)
    namespace = Namespace.objects.get()
    granting.confirmed(namespace)
    Namespace.objects.update(usage={"memory": 11 * GIB}, used_at=timezone.now())
    request.refresh_from_db()
    return request


def test_the_day_is_the_sites_whoever_looks(settings: object) -> None:
    with time_machine.travel(NIGHT, tick=False), override("Pacific/Honolulu"):
        assert (site_day.today(), timezone.localdate()) == (LAST + timedelta(days=1), LAST)
        settings.TIME_ZONE = "America/New_York"  # type: ignore[attr-defined]
        assert site_day.today() == LAST
        assert site_day.of(NIGHT + timedelta(hours=2)) == LAST + timedelta(days=1)


@pytest.mark.usefixtures("in_auckland")
def test_on_its_last_day_a_raise_runs_for_who_is_a_day_ahead(alice: User, dave: User, ask: Ask) -> None:
    request = run_until(ask, dave, LAST)
    line = next(line for line in quota.page_context(request.namespace)["lines"] if line.resource == "memory")
    assert line.note.startswith("until 5 Oct")
    User.objects.filter(pk=alice.pk).update(time_zone="Pacific/Auckland")
    page = signed_in(alice).get("/t/payments/n/dev/quota/").content.decode()
    assert "until 5 Oct" in page
    assert "the raise ended" not in page
    assert quotas.preflight(Namespace.objects.get(), spec=make_spec()).row("memory").limit == 12 * GIB
    expiry.expire()
    assert Grant.objects.running().get().until == LAST


@pytest.mark.usefixtures("in_auckland")
def test_the_last_day_may_be_asked_for_and_given_by_who_is_a_day_ahead(alice: User, dave: User, ask: Ask) -> None:
    request = ask(until=LAST)
    assert quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE).granted_until == LAST


@pytest.mark.usefixtures("in_honolulu")
def test_a_day_that_is_over_is_refused_where_it_is_that_day_still(namespace: Namespace, ask: Ask) -> None:
    draft = ask(send=False, until=LAST)
    with pytest.raises(Invalid) as refused:
        quota_requests.submit(actor=draft.author, request=draft)  # type: ignore[arg-type]
    assert refused.value.fields == {"until": "This day is over: choose a later one."}
    outlook = quota_form.outlook(namespace, {"memory": 12 * GIB}, LAST)
    assert "This day is over: choose a later one." in [hint.rest for hint in outlook.hints]


@pytest.mark.usefixtures("in_honolulu")
def test_a_day_that_is_over_is_not_given_where_it_is_that_day_still(dave: User, ask: Ask) -> None:
    request = ask(until=LAST + timedelta(days=3))
    with pytest.raises(Invalid) as refused:
        quota_decisions.decide(actor=dave, request=request, revision=1, by=Move.APPROVE, until=LAST)
    assert "until" in refused.value.fields


@pytest.mark.usefixtures("in_honolulu")
def test_rules_count_days_from_the_sites(namespace: Namespace, live: Live) -> None:
    live(rules=(Rule(name="A week", days_at_most=7),))
    first = LAST + timedelta(days=1)
    assert weighing.weigh(namespace, {"cpu": 5000}, first + timedelta(days=6)).approves
    assert not weighing.weigh(namespace, {"cpu": 5000}, first + timedelta(days=7)).approves


def test_a_raise_is_extended_by_its_span_of_the_sites_days(alice: User, dave: User, ask: Ask) -> None:
    with time_machine.travel(NIGHT, tick=False):
        request = run_until(ask, dave, LAST + timedelta(days=11))
        QuotaRequest.objects.update(decided_at=NIGHT)  # it is the database's clock that dates a decision
    with time_machine.travel(NIGHT + timedelta(days=1), tick=False), override("Pacific/Honolulu"):
        assert quota_requests.extend(actor=alice, request=request).until == LAST + timedelta(days=21)


def test_who_is_told_is_reckoned_from_the_sites_day(dave: User, ask: Ask) -> None:
    """Given for a week in the site's days: not told of in the same breath, whatever zone holds where the clock runs."""
    with time_machine.travel(NIGHT, tick=False), override("Pacific/Honolulu"):
        run_until(ask, dave, LAST + timedelta(days=8))
        expiry.expire()
        assert Grant.objects.running().get().warned is None
