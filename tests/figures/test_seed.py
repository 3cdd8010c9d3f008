"""The demo's past: its chart, its ledger and what its namespaces have tell the same."""

from __future__ import annotations

from datetime import timedelta

import pytest

from portal import history
from tenants import limits
from tenants.models import Grant, Namespace, Sample, User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("busy", [0.9, 0.2])
def test_ledger_of_the_demo_says_what_its_chart_shows(namespace: Namespace, alice: User, busy: float) -> None:
    limits.begin(namespace, alice)
    history.write(namespace, busy, alice)
    for resource, most in namespace.limits.items():
        steps = list(Grant.objects.filter(namespace=namespace, resource=resource).order_by("at"))
        assert [step.old for step in steps] == [0, *(step.new for step in steps[:-1])]
        assert steps[-1].new == most
        for sample in Sample.objects.filter(namespace=namespace).order_by("at"):
            end = sample.at + timedelta(seconds=sample.seconds)
            over = [step.new for step in steps if step.at <= end]
            used, _, _, granted = sample.values[resource]
            assert granted == over[-1] or granted == over[-2]  # in the span in which it was raised
            assert used <= granted
