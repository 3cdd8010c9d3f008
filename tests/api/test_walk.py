"""The main job by calls: what each answers, and what stands in the database then."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.models import ApiToken, App, Namespace, Operation, Plan, Release, Secret, Team, User, Volume
from tests import factories
from tests.api.conftest import Script

NS = "teams/payments/namespaces/dev"


def check_accepted(answer: Any, kind: str, noun: str) -> dict[str, Any]:
    """202 with the operation that Location leads to, and the thing."""
    assert answer.status_code == 202, answer.content
    body = answer.json()
    operation = Operation.objects.get(pk=body["operation"]["id"])
    assert (operation.kind, operation.state) == (kind, "pending")
    assert answer.headers["Location"] == body["operation"]["url"] == f"/api/v1/operations/{operation.pk}"
    assert set(body) == {"operation", noun}
    return body[noun]


def test_create_team_makes_the_caller_its_owner(api: Script, alice: User) -> None:
    answer = api.post("teams", {"name": "Shop", "slug": "shop"})
    assert (answer.status_code, answer.json()["role"]) == (201, "owner")
    assert api.get(answer.headers["Location"]).json()["slug"] == "shop"


def test_create_namespace(api: Script, team: Team, plan: Plan) -> None:
    shown = check_accepted(
        api.post("teams/payments/namespaces", {"name": "prod", "plan": "small"}), "namespace.apply", "namespace"
    )
    assert (shown["cluster_name"], shown["ready"], shown["plan"]) == ("payments-prod", False, "small")


def test_create_app_takes_amounts_as_people_write_them(api: Script, namespace: Namespace) -> None:
    shown = check_accepted(
        api.post(
            f"{NS}/apps",
            {"name": "web", "image": factories.IMAGE, "cpu": "0.5", "memory": "1.5 GiB", "env": {"LEVEL": "info"}},
        ),
        "app.apply",
        "app",
    )
    assert (shown["release"], shown["address"]) == (1, "web.payments-dev:8080")
    assert (shown["spec"]["cpu"], shown["spec"]["memory"], shown["spec"]["env"]) == (
        "500m",
        "1.5 GiB",
        {"LEVEL": "info"},
    )


def test_what_an_app_answers_can_be_sent_as_its_next_release(api: Script, app_row: App) -> None:
    spec = api.get(f"{NS}/apps/checkout").json()["spec"]
    answer = api.post(f"{NS}/apps/checkout/releases", {**spec, "replicas": 2})
    made = check_accepted(answer, "app.apply", "release")
    assert [change["field"] for change in made["changes"]] == ["replicas"]


def test_release_changes_what_is_given_and_keeps_the_rest(api: Script, namespace: Namespace) -> None:
    factories.make_app(namespace, env={"A": "1"}, replicas=2)
    made = check_accepted(
        api.post(f"{NS}/apps/checkout/releases", {"image": "registry.example/shop:2"}), "app.apply", "release"
    )
    assert (made["number"], made["by"]) == (2, "alice")
    assert (made["spec"]["image"], made["spec"]["env"], made["spec"]["replicas"]) == (
        "registry.example/shop:2",
        {"A": "1"},
        2,
    )


def test_port_null_takes_the_app_off_the_network(api: Script, app_row: App) -> None:
    made = check_accepted(api.post(f"{NS}/apps/checkout/releases", {"port": None}), "app.apply", "release")
    assert made["spec"]["port"] is None


def test_release_from_an_old_number_is_overtaken(api: Script, app_row: App) -> None:
    api.post(f"{NS}/apps/checkout/releases", {"replicas": 2})
    answer = api.post(f"{NS}/apps/checkout/releases", {"replicas": 3, "expected": 1})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "overtaken")


def test_release_without_a_difference_is_refused(api: Script, app_row: App) -> None:
    answer = api.post(f"{NS}/apps/checkout/releases", {})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unchanged")


def test_roll_back(api: Script, app_row: App) -> None:
    api.post(f"{NS}/apps/checkout/releases", {"replicas": 2})
    made = check_accepted(api.post(f"{NS}/apps/checkout/rollback", {"number": 1}), "app.apply", "release")
    assert (made["number"], made["rolled_back_to"], made["spec"]["replicas"]) == (3, 1, 1)


def test_roll_back_that_is_sent_twice_is_made_once(api: Script, app_row: App) -> None:
    api.post(f"{NS}/apps/checkout/releases", {"replicas": 2})
    codes = [api.post(f"{NS}/apps/checkout/rollback", {"number": 1, "expected": 2}).status_code for _ in range(2)]
    assert (codes, app_row.releases.count()) == ([202, 409], 3)


def test_changes_of_a_release_have_their_units(api: Script, app_row: App) -> None:
    made = api.post(f"{NS}/apps/checkout/releases", {"cpu": "0.5", "memory": "1 GiB"}).json()["release"]
    assert made["changes"] == [
        {"field": "cpu", "old": "250m", "new": "500m"},
        {"field": "memory", "old": "256 MiB", "new": "1 GiB"},
    ]


def test_roll_back_to_what_never_worked_is_refused(api: Script, app_row: App) -> None:
    api.post(f"{NS}/apps/checkout/releases", {"replicas": 2})
    api.post(f"{NS}/apps/checkout/releases", {"replicas": 3})
    answer = api.post(f"{NS}/apps/checkout/rollback", {"number": 2})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "never_worked")


def test_ledger_is_newest_first(api: Script, app_row: App) -> None:
    api.post(f"{NS}/apps/checkout/releases", {"replicas": 2})
    assert [row["number"] for row in api.get(f"{NS}/apps/checkout/releases").json()["results"]] == [2, 1]
    assert api.get(f"{NS}/apps/checkout/releases/1").json()["outcome"] == "serving"


def test_refresh_secrets_takes_the_newest_values(api: Script, namespace: Namespace, secret: Secret) -> None:
    ref = {"secret_env": {"PASSWORD": {"secret": "database", "key": "PASSWORD"}}}
    api.post(f"{NS}/apps", {"name": "web", "image": factories.IMAGE, **ref})
    api.patch(f"{NS}/secrets/database", {"values": {"PASSWORD": "new"}})
    made = check_accepted(api.post(f"{NS}/apps/web/refresh-secrets"), "app.apply", "release")
    assert made["filled"]["secret_versions"] == {"database": {"PASSWORD": 2}}


def test_delete_app_asks_for_its_name(api: Script, app_row: App) -> None:
    answer = api.delete(f"{NS}/apps/checkout?confirm=chekout")
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "not_confirmed")
    shown = check_accepted(api.delete(f"{NS}/apps/checkout?confirm=checkout"), "app.delete", "app")
    assert shown["deleting"] is True


def test_create_and_delete_volume(api: Script, namespace: Namespace) -> None:
    shown = check_accepted(api.post(f"{NS}/volumes", {"name": "files", "size": "10 GiB"}), "volume.apply", "volume")
    assert (shown["size"], Volume.objects.get().size) == ("10 GiB", 10 << 30)
    check_accepted(api.delete(f"{NS}/volumes/files?confirm=files"), "volume.delete", "volume")


def test_values_of_secrets_never_come_back(api: Script, namespace: Namespace) -> None:
    answer = api.post(f"{NS}/secrets", {"name": "mail", "values": {"USER": "berth", "PASSWORD": "canary-7f3a"}})
    shown = check_accepted(answer, "secret.apply", "secret")
    assert shown["keys"] == {"USER": 1, "PASSWORD": 1}
    told = [answer, api.get(f"{NS}/secrets"), api.get(f"{NS}/secrets/mail"), api.get(answer.headers["Location"])]
    assert not any(b"canary" in one.content for one in told)


def test_secret_keys_that_are_not_named_stay(api: Script, namespace: Namespace) -> None:
    api.post(f"{NS}/secrets", {"name": "mail", "values": {"USER": "berth", "PASSWORD": "one"}})
    shown = check_accepted(api.patch(f"{NS}/secrets/mail", {"values": {"PASSWORD": "two"}}), "secret.apply", "secret")
    assert shown["keys"] == {"USER": 1, "PASSWORD": 2}


def test_secret_that_stands_already_is_not_made_again(api: Script, secret: Secret) -> None:
    answer = api.post(f"{NS}/secrets", {"name": "database", "values": {"PASSWORD": "x"}})
    assert (answer.status_code, list(answer.json()["error"]["fields"])) == (409, ["name"])


def test_delete_secret(api: Script, secret: Secret) -> None:
    check_accepted(api.delete(f"{NS}/secrets/database?confirm=database"), "secret.delete", "secret")


def test_delete_namespace(api: Script, namespace: Namespace) -> None:
    shown = check_accepted(api.delete(f"{NS}?confirm=payments-dev"), "namespace.delete", "namespace")
    assert shown["deleting"] is True


def test_delete_team_answers_its_namespaces_operations(api: Script, namespace: Namespace) -> None:
    answer = api.delete("teams/payments?confirm=payments")
    assert (answer.status_code, answer.json()["gone"]) == (202, False)
    assert [op["kind"] for op in answer.json()["operations"]] == ["namespace.delete"]


def test_delete_team_without_namespaces_is_done_at_once(api: Script, team: Team) -> None:
    assert api.delete("teams/payments?confirm=payments").json() == {"team": "payments", "gone": True, "operations": []}
    assert not Team.objects.exists()


def test_operation_tells_what_failed(api: Script, app_row: App) -> None:
    operation = factories.make_operation(
        app_row, "app.apply", state="failed", error_code="quota_exceeded", error_message="exceeded quota: berth"
    )
    shown = api.get(f"operations/{operation.pk}").json()
    assert (shown["done"], shown["error"]) == (
        True,
        {"code": "quota_exceeded", "message": "exceeded quota: berth"},
    )


def test_token_lists_and_revokes_tokens(api: Script, alice: User) -> None:
    shown = api.get("tokens").json()["results"]
    assert [token["name"] for token in shown] == ["script"]
    assert "digest" not in shown[0]
    assert api.delete(f"tokens/{shown[0]['id']}").json()["live"] is False
    assert api.get("me").status_code == 401


def test_token_makes_no_tokens(api: Script) -> None:
    answer = api.post("tokens", {"name": "more", "scopes": ["read"], "days": 90})
    assert (answer.status_code, ApiToken.objects.count()) == (405, 1)


def test_me_says_who_calls(api: Script, team: Team) -> None:
    shown = api.get("me").json()
    assert (shown["username"], shown["teams"], shown["token"]["name"]) == ("alice", {"payments": "owner"}, "script")


def test_plans_are_those_on_offer(api: Script, plan: Plan) -> None:
    factories.make_plan("old", cpu=1)
    Plan.objects.filter(name="old").update(active=False)
    shown = api.get("plans").json()["results"]
    assert [(row["name"], row["limits"]["cpu"], row["limits"]["pods"]) for row in shown] == [("small", "4000m", 20)]


@pytest.mark.parametrize("noun", ["apps", "volumes", "secrets"])
def test_lists_are_of_that_namespace_alone(
    api: Script, app_row: App, volume: Volume, secret: Secret, team: Team, noun: str
) -> None:
    factories.make_namespace(team, "prod")
    assert api.get(f"{NS}/{noun}").json()["count"] == 1
    assert api.get(f"teams/payments/namespaces/prod/{noun}").json()["count"] == 0


def test_release_of_an_old_shape_is_shown_whole(api: Script, app_row: App) -> None:
    Release.objects.filter(app=app_row).update(spec={"image": factories.IMAGE})
    assert api.get(f"{NS}/apps/checkout").json()["spec"]["health"]["kind"] == "none"


def test_a_login_to_a_registry_is_made_of_its_parts(api: Script, namespace: Namespace) -> None:
    login = {"registry": "registry.example", "user": "robot", "password": "canary-7f3a"}
    answer = api.post(f"{NS}/secrets", {"name": "registry", "login": login})
    assert check_accepted(answer, "secret.apply", "secret")["type"] == "kubernetes.io/dockerconfigjson"
    check_accepted(api.patch(f"{NS}/secrets/registry", {"login": login}), "secret.apply", "secret")
    assert "canary-7f3a" not in str(api.get(f"{NS}/secrets/registry").json())


def test_a_login_does_not_go_into_other_secrets(api: Script, secret: Secret) -> None:
    login = {"registry": "registry.example", "user": "robot", "password": "x"}
    assert api.patch(f"{NS}/secrets/database", {"login": login}).status_code == 422
    secret.refresh_from_db()
    assert secret.keys == {"PASSWORD": 1}
