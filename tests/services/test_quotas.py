"""What a namespace reserves, as the preflight counts it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants import outcomes
from tenants.errors import Invalid, QuotaExceeded
from tenants.models import App, Cause, ClusterState, Grant, Namespace, Operation, Release, User
from tenants.releases import SecretKey, VolumeAt
from tenants.reservations import reserved, reserved_in
from tenants.services import apps, quotas, secrets, volumes
from tests.factories import GIB, make_app, make_release, make_secret, make_spec, make_volume


def set_values(actor: User, namespace: Namespace, **values: str) -> tuple[object, Operation]:
    return secrets.set_secret(actor=actor, namespace=namespace, name="database", values=values)


def wants(app: App, number: int, outcome: str = "rolling", **fields: Any) -> Release:
    """A release is wanted that does not serve yet."""
    app.release = make_release(app, number, make_spec(**fields), outcome=outcome)
    app.save()
    return app.release


def test_reserved_counts_all_that_stands(namespace: Namespace) -> None:
    make_app(namespace, cpu=500, memory=GIB, replicas=3)
    make_app(namespace, "worker", cpu=250, memory=GIB, port=None)
    make_volume(namespace, size=2 * GIB)
    make_secret(namespace)
    assert reserved(namespace) == {
        "cpu": 1750,
        "memory": 4 * GIB,
        "storage": 2 * GIB,
        "pods": 4,
        "claims": 1,
        "services": 1,
        "secrets": 1,
    }


def test_app_between_two_releases_reserves_the_larger(namespace: Namespace) -> None:
    wants(make_app(namespace, memory=4 * GIB), 2, outcome="failed", memory=GIB, replicas=2)
    assert reserved(namespace)["memory"] == 4 * GIB
    assert reserved(namespace)["pods"] == 2


def test_rollout_reserves_its_surge_though_both_releases_are_of_one_size(namespace: Namespace) -> None:
    app = make_app(namespace, memory=GIB, replicas=2)
    for outcome in ("pending", "rolling", "stuck"):
        wants(app, 2, outcome=outcome, memory=GIB, replicas=2)
        assert (reserved(namespace)["memory"], reserved(namespace)["pods"]) == (3 * GIB, 3)
        Release.objects.filter(number=2).delete()


def test_rollout_that_is_over_reserves_no_surge(namespace: Namespace) -> None:
    app = make_app(namespace, memory=GIB, replicas=2)
    app.serving = wants(app, 2, outcome="serving", memory=GIB, replicas=2)
    app.save()
    assert (reserved(namespace)["memory"], reserved(namespace)["pods"]) == (2 * GIB, 2)


def test_first_release_replaces_nothing_and_the_second_may_though_none_has_served(namespace: Namespace) -> None:
    app = App.objects.create(namespace=namespace, name="shop")
    wants(app, 1, memory=GIB)
    assert reserved(namespace)["pods"] == 1
    wants(app, 2, memory=GIB)
    assert reserved(namespace)["pods"] == 2


def test_rollout_on_one_node_reserves_no_surge(namespace: Namespace) -> None:
    wants(make_app(namespace, memory=GIB, one_node=True), 2, memory=GIB, one_node=True)
    assert (reserved(namespace)["memory"], reserved(namespace)["pods"]) == (GIB, 1)


def test_what_the_cluster_counts_is_reserved(namespace: Namespace) -> None:
    """What others made, or pods that still end: of secrets and of what staff enabled, too."""
    make_app(namespace, memory=GIB)
    namespace.limits |= {"nvidia.com/gpu": 4}
    seen(namespace, **{"memory": 5 * GIB, "secrets": 7, "nvidia.com/gpu": 3})
    found = reserved(namespace)
    assert (found["memory"], found["pods"], found["secrets"], found["nvidia.com/gpu"]) == (5 * GIB, 1, 7, 3)


def test_versions_that_a_rollback_needs_are_counted(bob: User, namespace: Namespace) -> None:
    set_values(bob, namespace, PASSWORD="a")
    spec = make_spec(secret_env={"PASSWORD": SecretKey("database", "PASSWORD")})
    apps.create_app(actor=bob, namespace=namespace, name="shop", spec=spec)
    set_values(bob, namespace, PASSWORD="b")
    assert reserved(namespace)["secrets"] == 2


def test_one_secret_too_many_is_refused(bob: User, namespace: Namespace) -> None:
    namespace.limits["secrets"] = 1
    namespace.save()
    namespace.refresh_from_db()
    set_values(bob, namespace, PASSWORD="a")
    with pytest.raises(QuotaExceeded):
        secrets.set_secret(actor=bob, namespace=namespace, name="second", values={"A": "b"})


def test_reserved_asks_as_much_for_many_namespaces(
    namespace: Namespace, other_namespace: Namespace, django_assert_num_queries: object
) -> None:
    for place in (namespace, other_namespace):
        make_app(place)
        make_volume(place)
        make_secret(place)
    for places in ([namespace], [namespace, other_namespace]):
        with django_assert_num_queries(4):
            reserved_in(places)
        with django_assert_num_queries(2):
            reserved_in(places, secrets=False)


def test_a_release_with_a_one_node_volume_takes_no_surge_and_says_so(namespace: Namespace) -> None:
    make_volume(namespace)
    mounting = make_spec(volumes=(VolumeAt("data", "/data"),), replicas=2)
    found = quotas.preflight(namespace, spec=mounting)
    assert (found.row("pods").this, found.row("pods").surge) == (2, 0)
    assert "stop before the new ones start" in " ".join(found.notes)
    plain = quotas.preflight(namespace, spec=make_spec(replicas=2))
    assert (plain.row("pods").surge, plain.notes) == (1, ())


# -- what the cluster counts


def seen(namespace: Namespace, **usage: int) -> Namespace:
    namespace.usage = usage
    namespace.save()
    return namespace


def test_what_somebody_made_with_kubectl_is_taken(namespace: Namespace) -> None:
    make_app(namespace, memory=GIB)
    seen(namespace, memory=7 * GIB, pods=7)
    found = quotas.preflight(namespace, spec=make_spec(memory=GIB))
    assert (found.row("memory").others, found.row("memory").short) == (7 * GIB, GIB)
    assert found.row("pods").others == 7
    assert "The cluster counts 6 GiB more than the apps here are set to" in found.fields["memory"]


def test_memory_that_is_bounded_as_a_limit_is_taken_too(namespace: Namespace) -> None:
    """A pod that says nothing gets a small request and a larger limit; the quota bounds both by one figure."""
    outcomes.used(namespace, {"requests.memory": "64Mi", "limits.memory": "7Gi", "requests.cpu": "50m"})
    row = quotas.preflight(namespace, spec=make_spec(memory=GIB)).row("memory")
    assert (row.others, row.short) == (7 * GIB, GIB)


def test_what_rows_reserve_is_taken_before_the_cluster_counts_it(namespace: Namespace) -> None:
    make_app(namespace, memory=3 * GIB, replicas=2)
    seen(namespace, memory=0, pods=0)
    assert quotas.preflight(namespace, spec=make_spec()).row("memory").others == 6 * GIB


def test_an_app_is_not_refused_for_what_it_has_itself(namespace: Namespace) -> None:
    app = make_app(namespace, memory=3 * GIB, cpu=100, replicas=2)
    seen(namespace, memory=6 * GIB, cpu=200, pods=2, services=1)
    found = quotas.preflight(namespace, app, make_spec(memory=2 * GIB, cpu=100, replicas=2))
    assert [found.row(resource).others for resource in ("memory", "cpu", "pods", "services")] == [0, 0, 0, 0]
    assert found.fits


def test_the_surge_of_an_apps_own_rollout_is_not_anothers(namespace: Namespace) -> None:
    app = make_app(namespace, memory=2 * GIB, replicas=2)
    wants(app, 2, memory=2 * GIB, cpu=200, replicas=2)
    seen(namespace, memory=6 * GIB, pods=3)
    assert quotas.preflight(namespace, app, make_spec(memory=2 * GIB, replicas=2)).row("memory").others == 0


def test_the_surge_of_an_apps_own_rollout_is_not_anothers_where_only_the_image_changes(namespace: Namespace) -> None:
    app = make_app(namespace, memory=GIB, replicas=2)
    wants(app, 2, memory=GIB, replicas=2, image="registry.example/shop:2")
    seen(namespace, memory=3 * GIB, pods=3)
    assert quotas.preflight(namespace, app, make_spec(memory=GIB, replicas=2)).row("memory").others == 0


def test_pods_of_anothers_rollout_are_taken(namespace: Namespace) -> None:
    app = make_app(namespace, memory=GIB)
    make_app(namespace, "worker", memory=2 * GIB)
    seen(namespace, memory=5 * GIB, pods=3)
    assert quotas.preflight(namespace, app, make_spec(memory=GIB)).row("memory").others == 4 * GIB


# -- beside the seven


def test_a_volume_takes_of_its_class_too(bob: User, namespace: Namespace) -> None:
    namespace.limits |= {"storage:fast": 10 * GIB}
    namespace.save()
    make_volume(namespace, size=8 * GIB, storage_class="fast")
    with pytest.raises(QuotaExceeded) as refused:
        volumes.create_volume(actor=bob, namespace=namespace, name="more", size=5 * GIB, storage_class="fast")
    assert refused.value.fields["size"].startswith("3 GiB too much: 2 GiB are free. Set 2 GiB or less")
    figure = next(row for row in refused.value.figures if row["resource"] == "storage:fast")
    assert (figure["others"], figure["this"], figure["short"]) == (8 * GIB, 5 * GIB, 3 * GIB)
    volumes.create_volume(actor=bob, namespace=namespace, name="other", size=5 * GIB, storage_class="slow")


def test_a_volume_without_a_class_takes_of_the_clusters_default(namespace: Namespace) -> None:
    classes = [{"name": "fast", "default": True}, {"name": "slow", "default": False}]
    ClusterState.objects.create(alias="default", since=timezone.now(), info={"storage_classes": classes})
    namespace.limits |= {"storage:fast": 10 * GIB}
    namespace.save()
    make_volume(namespace, size=8 * GIB)
    assert quotas.volume_preflight(namespace, 5 * GIB).row("storage:fast").short == 3 * GIB
    assert quotas.volume_preflight(namespace, 5 * GIB, "slow").fits


def test_a_class_that_the_cluster_lacks_is_refused_with_those_it_has(bob: User, namespace: Namespace) -> None:
    classes = [{"name": "fast", "default": True}, {"name": "slow", "default": False}]
    ClusterState.objects.create(alias="default", since=timezone.now(), info={"storage_classes": classes})
    with pytest.raises(Invalid) as refused:
        volumes.create_volume(actor=bob, namespace=namespace, name="data", size=GIB, storage_class="fats")
    assert "fast, slow" in refused.value.fields["storage_class"]
    volumes.create_volume(actor=bob, namespace=namespace, name="data", size=GIB, storage_class="slow")


def test_an_extended_resource_is_shown_as_the_cluster_counts_it(namespace: Namespace) -> None:
    namespace.limits |= {"nvidia.com/gpu": 4}
    seen(namespace, **{"nvidia.com/gpu": 3})
    row = quotas.preflight(namespace, spec=make_spec()).row("nvidia.com/gpu")
    assert (row.limit, row.others, row.takes, row.remains) == (4, 3, 0, 1)


# -- after a raise


def ended_raise(namespace: Namespace, *, days_ago: int, limit: int, back_to: int) -> None:
    """A raise of memory whose last day is past; the limit in the cluster follows the use down."""
    namespace.limits |= {"memory": limit}
    namespace.save()
    until = timezone.localdate() - timedelta(days=days_ago)
    Grant.objects.create(
        team=namespace.team, namespace=namespace, place="x", resource="memory", old=back_to, new=limit,
        cause=Cause.REQUEST, until=until, back_to=back_to,
    )  # fmt: skip


def test_new_work_is_refused_in_words_while_an_ended_raise_is_still_used(bob: User, namespace: Namespace) -> None:
    make_app(namespace, memory=11 * GIB)
    ended_raise(namespace, days_ago=2, limit=11 * GIB, back_to=8 * GIB)
    with pytest.raises(QuotaExceeded) as refused:
        apps.create_app(actor=bob, namespace=namespace, name="more", spec=make_spec())
    words = refused.value.fields["memory"]
    assert "the limit goes back to 8 GiB." in words
    assert "over its limit by 3 GiB: 11 GiB are taken of 8 GiB" in words
    assert refused.value.figures[1]["free"] == 0


def test_room_that_comes_free_below_an_ended_raise_is_not_given_again(namespace: Namespace) -> None:
    make_app(namespace, memory=9 * GIB)
    ended_raise(namespace, days_ago=2, limit=11 * GIB, back_to=8 * GIB)
    assert not quotas.preflight(namespace, spec=make_spec(memory=GIB)).fits


def test_a_raise_holds_to_the_end_of_its_last_day(namespace: Namespace) -> None:
    make_app(namespace, memory=9 * GIB)
    ended_raise(namespace, days_ago=0, limit=12 * GIB, back_to=8 * GIB)
    assert quotas.preflight(namespace, spec=make_spec(memory=GIB)).fits


def test_an_app_may_be_made_smaller_over_the_limit(bob: User, namespace: Namespace) -> None:
    app = make_app(namespace, memory=5 * GIB, replicas=2)
    ended_raise(namespace, days_ago=2, limit=10 * GIB, back_to=8 * GIB)
    release, _ = apps.release_app(actor=bob, app=app, spec=make_spec(memory=5 * GIB, replicas=1), expected=None)
    assert release.number == 2


def test_rollbacks_that_do_not_fit_are_named(namespace: Namespace) -> None:
    app = make_app(namespace, memory=GIB)
    big = make_release(app, 2, make_spec(memory=5 * GIB), worked=True)
    small = make_release(app, 3, make_spec(memory=GIB, cpu=100), worked=True)
    assert set(quotas.without_room(app, [big, small])) == {2}
