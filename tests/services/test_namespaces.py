"""Namespaces and volumes of a team."""

from __future__ import annotations

import re

import pytest

from cluster.names import is_label
from tenants.errors import Conflict, Forbidden, Gone, Invalid, QuotaExceeded
from tenants.models import Grant, Namespace, Operation, Plan, Team, User, Volume
from tenants.services import apps, namespaces, secrets, volumes
from tests.factories import GIB, make_app, make_namespace, make_policy, make_secret, make_team, make_user, make_volume


def test_namespace_gets_its_name_in_the_cluster(andy: User, team: Team, plan: Plan, settings: object) -> None:
    settings.NAMESPACE_PREFIX = "b-"
    namespace, operation = namespaces.create_namespace(actor=andy, team=team, name="stage", plan=plan)
    assert namespace.cluster_name == "b-payments-stage"
    assert (operation.kind, operation.target_id, operation.generation) == ("namespace.apply", namespace.pk, 1)


@pytest.mark.parametrize(
    ("prefix", "slug", "name"), [("", "istio", "system"), ("", "cert", "manager"), ("kube-", "a", "b")]
)
def test_a_name_of_the_cluster_s_own_is_refused(
    alice: User, plan: Plan, settings: object, prefix: str, slug: str, name: str
) -> None:
    """Team and namespace are fine each by itself; together they name a namespace that others' software runs in."""
    settings.NAMESPACE_PREFIX = prefix
    with pytest.raises(Invalid, match="reserved for the cluster itself"):
        namespaces.create_namespace(actor=alice, team=make_team(slug, owner=alice), name=name, plan=plan)


def test_developer_cannot_create_a_namespace(bob: User, team: Team, plan: Plan) -> None:
    with pytest.raises(Forbidden):
        namespaces.create_namespace(actor=bob, team=team, name="stage", plan=plan)


def test_taken_namespace_is_a_conflict_at_the_name(andy: User, team: Team, namespace: Namespace) -> None:
    with pytest.raises(Conflict, match="already") as caught:
        namespaces.create_namespace(actor=andy, team=team, name="dev", plan=namespace.plan)
    assert "name" in caught.value.fields


def test_nobody_blocks_the_names_of_another_team(alice: User, plan: Plan) -> None:
    stranger, mine = make_team("pay-eu", owner=make_user("mallory")), make_team("pay", owner=alice)
    namespaces.create_namespace(actor=User.objects.get(username="mallory"), team=stranger, name="prod", plan=plan)
    namespace, _ = namespaces.create_namespace(actor=alice, team=mine, name="eu-prod", plan=plan)
    assert namespace.name == "eu-prod"
    assert re.fullmatch(r"pay-eu-prod-[a-z0-9]{5}", namespace.cluster_name)


def test_marked_name_keeps_to_the_longest_that_a_cluster_takes(
    alice: User, plan: Plan, settings: object, team: Team
) -> None:
    settings.NAMESPACE_PREFIX = "berth-"
    other = make_team("a" * 24, owner=alice)
    taken = make_namespace(team, "dev", plan=plan)
    Namespace.objects.filter(pk=taken.pk).update(cluster_name=f"berth-{'a' * 24}-{'b' * 30}")
    namespace, _ = namespaces.create_namespace(actor=alice, team=other, name="b" * 30, plan=plan)
    assert len(namespace.cluster_name) <= 63
    assert is_label(namespace.cluster_name)


def test_one_namespace_more_than_a_team_may_have_is_refused(andy: User, team: Team, plan: Plan) -> None:
    make_policy(namespaces_max=2)
    for name in ("dev", "stage"):
        namespaces.create_namespace(actor=andy, team=team, name=name, plan=plan)
    with pytest.raises(Invalid, match="2 namespaces") as caught:
        namespaces.create_namespace(actor=andy, team=team, name="prod", plan=plan)
    assert (caught.value.code, set(caught.value.fields)) == ("too_many", {"name"})
    assert sorted(Namespace.objects.values_list("name", flat=True)) == ["dev", "stage"]


def test_number_of_namespaces_that_staff_set_for_a_team_goes_before_the_policy_s(
    andy: User, team: Team, plan: Plan
) -> None:
    make_policy(namespaces_max=0)
    Team.objects.filter(pk=team.pk).update(namespaces_max=1)
    namespaces.create_namespace(actor=andy, team=team, name="dev", plan=plan)
    with pytest.raises(Invalid, match="1 namespace,"):
        namespaces.create_namespace(actor=andy, team=team, name="stage", plan=plan)


def test_plan_must_fit_under_the_ceilings_with_what_the_team_has(
    andy: User, team: Team, namespace: Namespace, plan: Plan
) -> None:
    make_policy(ceilings={"memory": 15 * GIB})
    with pytest.raises(Invalid, match=r"Its memory does not fit: Payments has 7 GiB left of its 15 GiB") as caught:
        namespaces.create_namespace(actor=andy, team=team, name="stage", plan=plan)
    assert (caught.value.code, set(caught.value.fields)) == ("ceiling", {"plan"})
    make_policy(ceilings={"memory": 16 * GIB})
    namespaces.create_namespace(actor=andy, team=team, name="stage", plan=plan)


def test_limits_of_a_new_namespace_stand_in_the_ledger(andy: User, team: Team, plan: Plan) -> None:
    namespace, _ = namespaces.create_namespace(actor=andy, team=team, name="dev", plan=plan)
    told = {grant.resource: (grant.old, grant.new, grant.cause) for grant in Grant.objects.filter(namespace=namespace)}
    assert told == {resource: (0, amount, "plan") for resource, amount in plan.limits.items()}


def test_name_of_a_namespace_rests_while_it_is_deleted(andy: User, team: Team, namespace: Namespace) -> None:
    namespaces.delete_namespace(actor=andy, namespace=namespace, confirm="dev")
    with pytest.raises(Gone, match="still being deleted"):
        namespaces.create_namespace(actor=andy, team=team, name="dev", plan=namespace.plan)


def test_plan_that_is_not_offered_is_refused(andy: User, team: Team, plan: Plan) -> None:
    plan.active = False
    with pytest.raises(Invalid) as caught:
        namespaces.create_namespace(actor=andy, team=team, name="stage", plan=plan)
    assert "plan" in caught.value.fields


@pytest.mark.parametrize("confirm", ["", "payments", "dev2"])
def test_delete_namespace_asks_for_its_name(andy: User, namespace: Namespace, confirm: str) -> None:
    with pytest.raises(Invalid, match="payments-dev"):
        namespaces.delete_namespace(actor=andy, namespace=namespace, confirm=confirm)


def test_deletion_that_is_asked_for_twice_is_one(andy: User, alice: User, namespace: Namespace) -> None:
    rows = (make_app(namespace), make_volume(namespace), make_secret(namespace))
    verbs = (
        lambda who: apps.delete_app(actor=who, app=rows[0], confirm="checkout"),
        lambda who: volumes.delete_volume(actor=who, volume=rows[1], confirm="data"),
        lambda who: secrets.delete_secret(actor=who, secret=rows[2], confirm="database"),
        lambda who: namespaces.delete_namespace(actor=who, namespace=namespace, confirm="payments-dev"),
    )
    for verb in verbs:
        assert verb(andy) == verb(alice)
    assert Operation.objects.count() == len(verbs)


def test_deletion_that_runs_still_asks_for_the_right(andy: User, carol: User, namespace: Namespace) -> None:
    namespaces.delete_namespace(actor=andy, namespace=namespace, confirm="payments-dev")
    with pytest.raises(Forbidden):
        namespaces.delete_namespace(actor=carol, namespace=namespace, confirm="payments-dev")


def test_developer_claims_a_volume(bob: User, namespace: Namespace) -> None:
    volume, operation = volumes.create_volume(actor=bob, namespace=namespace, name="data", size=5 * GIB)
    assert (volume.size, volume.access_mode, volume.created_by) == (5 * GIB, "ReadWriteOnce", bob)
    assert operation.kind == "volume.apply"


def test_volume_beyond_the_quota_is_refused_with_what_is_free(bob: User, namespace: Namespace) -> None:
    make_volume(namespace, size=46 * GIB)
    with pytest.raises(QuotaExceeded) as caught:
        volumes.create_volume(actor=bob, namespace=namespace, name="more", size=10 * GIB)
    assert caught.value.fields == {
        "size": "6 GiB too much: 4 GiB are free. Set 4 GiB or less, or have an owner or admin request more storage."
    }


def test_one_volume_too_many_is_refused(bob: User, namespace: Namespace) -> None:
    for number in range(5):
        make_volume(namespace, f"v{number}")
    with pytest.raises(QuotaExceeded, match="allows 5 volumes"):
        volumes.create_volume(actor=bob, namespace=namespace, name="more", size=GIB)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "Data"}, "name"),
        ({"name": "new"}, "name"),
        ({"size": 0}, "size"),
        ({"size": 1 << 60}, "size"),
        ({"access_mode": "ReadWriteTwice"}, "access_mode"),
        ({"storage_class": "../etc"}, "storage_class"),
    ],
)
def test_volume_says_which_field_is_wrong(
    bob: User, namespace: Namespace, fields: dict[str, object], field: str
) -> None:
    with pytest.raises(Invalid) as caught:
        volumes.create_volume(**{"actor": bob, "namespace": namespace, "name": "data", "size": GIB} | fields)
    assert set(caught.value.fields) == {field}


def test_taken_volume_is_a_conflict_at_the_name(bob: User, namespace: Namespace, volume: Volume) -> None:
    with pytest.raises(Conflict) as caught:
        volumes.create_volume(actor=bob, namespace=namespace, name="data", size=GIB)
    assert "name" in caught.value.fields


def test_developer_cannot_delete_a_volume(bob: User, volume: Volume) -> None:
    with pytest.raises(Forbidden):
        volumes.delete_volume(actor=bob, volume=volume, confirm="data")


def test_admin_deletes_a_volume(andy: User, volume: Volume) -> None:
    assert volumes.delete_volume(actor=andy, volume=volume, confirm="data").kind == "volume.delete"
