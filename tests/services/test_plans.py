"""Plans that staff make, change and retire."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants import intents
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.models import AuditEntry, Namespace, Operation, Plan, User
from tenants.services import plans
from tests import factories
from tests.factories import GIB, MIB

AMOUNTS = {"cpu": 2000, "memory": GIB, "storage": GIB, "pods": 5, "claims": 1, "services": 2, "secrets": 3}


def make(dave: User, **more: Any) -> Plan:
    return plans.save_plan(actor=dave, plan=None, **{"name": "tiny", "title": "Tiny", **AMOUNTS, **more})[0]


def test_a_new_plan_is_offered(dave: User) -> None:
    plan = make(dave)
    assert plan in Plan.objects.filter(active=True)
    assert plan.limits == AMOUNTS
    assert AuditEntry.objects.get(action="plan.create").target == "plan Tiny"


def test_a_plan_changes_for_new_namespaces_alone(dave: User, namespace: Namespace) -> None:
    plan, reached = plans.save_plan(actor=dave, plan=namespace.plan, cpu=8000)
    namespace.refresh_from_db()
    assert (plan.limits["cpu"], namespace.limits["cpu"], reached) == (8000, 4000, 0)
    assert not Operation.objects.exists()
    entry = AuditEntry.objects.get(action="plan.edit")
    assert entry.changes == [{"field": "limit of CPU", "old": "4 cores", "new": "8 cores"}]


def test_its_container_defaults_reach_the_namespaces_that_have_it(dave: User, namespace: Namespace) -> None:
    _, reached = plans.save_plan(actor=dave, plan=namespace.plan, default_limit_memory=512 * MIB)
    namespace.refresh_from_db()
    operation = Operation.objects.get()
    assert AuditEntry.objects.get(action="plan.edit").changes[0]["field"] == "default limit of memory"
    assert (reached, operation.target_id, operation.generation) == (1, namespace.pk, namespace.generation)
    assert intents.namespace_spec(namespace).defaults.limit_memory == 512 * MIB


def test_container_defaults_reach_many_namespaces_by_as_many_queries_as_one(dave: User, namespace: Namespace) -> None:
    def queries(memory: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            plans.save_plan(actor=dave, plan=namespace.plan, default_limit_memory=memory)
        return len(asked)

    one = queries(512 * MIB)
    for number in range(20):
        factories.make_namespace(namespace.team, name=f"more-{number}", plan=namespace.plan)
    assert queries(256 * MIB) == one
    newest = Operation.objects.order_by("target_id", "-generation").values_list("target_id", "generation")
    assert dict(newest.filter(generation__gt=1)).keys() == set(Namespace.objects.values_list("pk", flat=True))


def test_container_defaults_never_exceed_what_the_namespace_has(namespace: Namespace) -> None:
    namespace.limits = {**namespace.limits, "cpu": 20, "memory": 32 * MIB}
    defaults = intents.namespace_spec(namespace).defaults
    assert (defaults.request_cpu, defaults.request_memory, defaults.limit_memory) == (20, 32 * MIB, 32 * MIB)


def test_a_retired_plan_stays_with_its_namespaces(dave: User, namespace: Namespace) -> None:
    plan, _ = plans.save_plan(actor=dave, plan=namespace.plan, active=False)
    assert not plan.active
    assert Namespace.objects.get(pk=namespace.pk).plan == plan


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"name": "New plan"}, "name"),
        ({"name": "new"}, "name"),
        ({"title": " "}, "title"),
        ({"position": -1}, "position"),
        ({"cpu": -1}, "cpu"),
        ({"pods": 1_000_000_000}, "pods"),
        ({"default_limit_memory": 2 * GIB}, "default_limit_memory"),
        ({"default_request_memory": 512 * MIB, "default_limit_memory": 256 * MIB}, "default_limit_memory"),
        ({"id": 7}, "id"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_at_its_field(dave: User, wish: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as caught:
        make(dave, **wish)
    assert set(caught.value.fields) == {field}
    assert not Plan.objects.exists()


def test_an_amount_that_is_missing_is_asked_for(dave: User) -> None:
    with pytest.raises(Invalid) as caught:
        plans.save_plan(actor=dave, plan=None, name="tiny", title="Tiny", **{**AMOUNTS, "pods": None})
    assert set(caught.value.fields) == {"pods"}


def test_a_name_is_taken_once(dave: User) -> None:
    make(dave)
    with pytest.raises(Conflict) as caught:
        make(dave)
    assert set(caught.value.fields) == {"name"}


def test_support_and_owners_change_no_plan(sam: User, alice: User, plan: Plan) -> None:
    with pytest.raises(Forbidden):
        plans.save_plan(actor=sam, plan=plan, cpu=8000)
    with pytest.raises(NotFound):
        plans.save_plan(actor=alice, plan=plan, cpu=8000)
