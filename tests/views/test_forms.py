"""The main job through forms: what a person submits becomes rows and operations; what is wrong is said at its field."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tenants import releases
from tenants.models import App, Membership, Namespace, Operation, Plan, Secret, Team, User, Volume
from tests import factories

APP = "/t/payments/n/dev/apps/checkout/"
NEW_APP = "/t/payments/n/dev/apps/new"


def new_app(**fields: str | list[str]) -> dict[str, str | list[str]]:
    return {
        "name": "refunds",
        "namespace": "dev",
        "image": "registry.example/refunds:1.4.0",
        "port": "8080",
        "reach": "namespace",
        "size": "small",
        "replicas": "1",
        "health_kind": "http",
        "health_path": "/healthz",
        "health_period": "5",
        "health_start": "60",
    } | fields


@pytest.mark.django_db
def test_a_team_and_its_first_namespace(client: Client, plan: Plan) -> None:
    client.force_login(factories.make_user("newcomer"))
    answer = client.post("/teams/new", {"name": "Data Platform", "slug": ""})
    assert answer.headers["Location"] == "/t/data-platform/namespaces/new"
    answer = client.post("/t/data-platform/namespaces/new", {"name": "dev", "plan": plan.pk})
    assert answer.headers["Location"] == "/t/data-platform/n/dev/"
    namespace = Namespace.objects.get(cluster_name="data-platform-dev")
    assert Operation.objects.get(target_noun="namespace", target_id=namespace.pk).kind == "namespace.apply"


def test_a_taken_team_name_is_said_at_the_field(as_alice: Client) -> None:
    html = as_alice.post("/teams/new", {"name": "Payments", "slug": "payments"}).content.decode()
    assert 'id="id_slug-error"' in html
    assert "is taken" in html
    assert 'value="Payments"' in html


def test_a_new_app_with_all_its_parts(as_bob: Client, namespace: Namespace, volume: Volume, secret: Secret) -> None:
    answer = as_bob.post(
        NEW_APP,
        new_app(
            env_name=["LOG_LEVEL", "", "EMPTY"],
            env_value=["info", "", ""],
            secret_env_name=["DATABASE_PASSWORD"],
            secret_env_ref=["database/PASSWORD"],
            secret_files_secret=["database"],
            secret_files_path=["/etc/database"],
            volumes_volume=["data"],
            volumes_path=["/data"],
            size="custom",
            cpu="0.5",
            memory="512 MiB",
            replicas="2",
            command="serve 'two words'",
            liveness="on",
        ),
    )
    assert answer.headers.get("Location") == "/t/payments/n/dev/apps/refunds/", answer.content.decode()[-3000:]
    app = App.objects.get(name="refunds")
    assert app.release is not None
    spec = releases.load(app.release.spec)
    assert spec.env == {"LOG_LEVEL": "info", "EMPTY": ""}
    assert spec.secret_env == {"DATABASE_PASSWORD": releases.SecretKey("database", "PASSWORD")}
    assert spec.secret_files == (releases.SecretFolder("database", "/etc/database"),)
    assert spec.volumes == (releases.VolumeAt("data", "/data"),)
    assert (spec.cpu, spec.memory, spec.replicas) == (500, 512 << 20, 2)
    assert spec.command == ("serve", "two words")
    assert spec.health == releases.Health("http", "/healthz", 5, 60, liveness=True)


def test_an_app_that_nobody_reaches_has_no_port_and_no_check(as_bob: Client, namespace: Namespace) -> None:
    as_bob.post(NEW_APP, new_app(reach="nobody"))
    release = App.objects.get(name="refunds").release
    assert release is not None
    assert release.spec["port"] is None
    assert release.spec["health"]["kind"] == "none"


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": "Re funds"}, "id_name", "Small letters"),
        ({"image": ""}, "id_image", "Give an image"),
        ({"image": "https://registry.example/x"}, "id_image", "Leave out"),
        ({"port": "70000"}, "id_port", "from 1 to 65535"),
        ({"port": ""}, "id_port", "Give the port"),
        ({"size": "custom", "cpu": "", "memory": "1 GiB"}, "id_cpu", "How much"),
        ({"size": "custom", "cpu": "1", "memory": "512"}, "id_memory", "Say the unit"),
        ({"replicas": "51"}, "id_replicas", "from 0 to 50"),
        ({"health_path": "healthz"}, "id_health_path", "begins with"),
        ({"env_name": ["1X"], "env_value": ["y"]}, "id_env", "no digit first"),
        ({"command": "serve 'open"}, "id_command", "not closed"),
        ({"volumes_volume": ["gone"], "volumes_path": ["/data"]}, "id_volumes", "no volume"),
        ({"volumes_volume": [""], "volumes_path": ["/data"]}, "id_volumes", "Choose the volume"),
        ({"secret_env_name": ["A"], "secret_env_ref": ["gone/B"]}, "id_secret_env", "no secret"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    as_bob: Client, namespace: Namespace, fields: dict[str, str | list[str]], field: str, words: str
) -> None:
    answer = as_bob.post(NEW_APP, new_app(env_name=["KEPT"], env_value=["typed text"]) | fields)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert words in html
    assert f'href="#{field}"' in html
    assert f'id="{field}"' in html
    assert "env_name" in fields or "typed text" in html
    assert not App.objects.exists()


def test_more_than_the_quota_is_refused_before_submit_with_numbers_that_work(
    as_bob: Client, namespace: Namespace
) -> None:
    fields = new_app(size="custom", cpu="0.25", memory="4 GiB", replicas="2")
    typing = as_bob.post(f"{NEW_APP}?part=remains", fields, headers={"HX-Request": "true"}).content.decode()
    assert "short" in typing
    assert "<html" not in typing
    assert not App.objects.exists()
    sent = as_bob.post(NEW_APP, fields).content.decode()
    assert "too much. 2 replicas and 1 more during a rollout" in sent
    assert 'href="#id_memory"' in sent


def test_changing_the_image_keeps_all_else(as_bob: Client, app_row: App) -> None:
    as_bob.post(f"{APP}deploy/", {"image": "registry.example/shop:1.5.0", "expected": "1"})
    app_row.refresh_from_db()
    assert app_row.release is not None
    assert (app_row.release.number, app_row.release.spec["image"]) == (2, "registry.example/shop:1.5.0")
    assert [change["field"] for change in app_row.release.changes] == ["image"]


def test_the_remedy_of_a_stuck_app_sends_the_tag_alone(as_bob: Client, app_row: App) -> None:
    as_bob.post(f"{APP}deploy/", {"tag": "1.4.1", "expected": "1"})
    app_row.refresh_from_db()
    assert app_row.release is not None
    assert app_row.release.spec["image"] == "registry.example/shop:1.4.1"


def test_somebody_was_faster(as_bob: Client, app_row: App, alice: User) -> None:
    as_bob.post(f"{APP}scale/", {"size": "small", "replicas": "2", "expected": "1"})
    answer = as_bob.post(f"{APP}scale/", {"size": "small", "replicas": "3", "expected": "1"})
    assert "released v2 of checkout since you looked" in answer.content.decode()
    assert app_row.releases.count() == 2


def test_configuration_is_shown_and_saved_once(as_bob: Client, app_row: App) -> None:
    fields = new_app(env_name=["A", "B"], env_value=["1", "2\nlines"], health_kind="none", expected="1")
    as_bob.post(f"{APP}configuration/", fields)
    app_row.refresh_from_db()
    assert app_row.release is not None
    assert app_row.release.spec["env"] == {"A": "1", "B": "2\nlines"}
    html = as_bob.get(f"{APP}configuration/").content.decode()
    assert 'value="A"' in html
    assert "2\nlines" in html


def test_rolling_back_makes_the_next_release(as_bob: Client, app_row: App) -> None:
    as_bob.post(f"{APP}deploy/", {"image": "registry.example/shop:1.5.0", "expected": "1"})
    as_bob.post(f"{APP}rollback/", {"number": "1"})
    app_row.refresh_from_db()
    assert app_row.release is not None
    assert (app_row.release.number, app_row.release.rolled_back_to) == (3, 1)


@pytest.mark.parametrize("number", ["", "x", "99", "²"])
def test_rolling_back_to_nothing_is_refused(as_bob: Client, app_row: App, number: str) -> None:
    assert as_bob.post(f"{APP}rollback/", {"number": number}).status_code in {404, 422}


def test_a_volume_is_claimed_and_deleted_by_its_name(as_alice: Client, namespace: Namespace) -> None:
    fields = {"name": "uploads", "size": "2 GiB", "storage_class": "", "access_mode": "ReadWriteOnce"}
    answer = as_alice.post("/t/payments/n/dev/volumes/new", fields)
    assert answer.headers["Location"] == "/t/payments/n/dev/volumes/uploads/"
    address = "/t/payments/n/dev/volumes/uploads/delete/"
    assert "Type “uploads”" in as_alice.post(address, {"confirm": "upload"}).content.decode()
    as_alice.post(address, {"confirm": "uploads"})
    assert Volume.objects.get().deleting


def test_values_of_a_secret_never_come_back(as_bob: Client, namespace: Namespace) -> None:
    canary = "canary-5d41402abc4b"
    fields = {
        "name": "database",
        "type": "Opaque",
        "values_key": ["PASSWORD", "USER"],
        "values_value": [canary, canary],
    }
    wrong = as_bob.post("/t/payments/n/dev/secrets/new", fields | {"name": "Data base"})
    assert wrong.status_code == 200
    assert canary not in wrong.content.decode()
    assert 'value="PASSWORD"' in wrong.content.decode()
    as_bob.post("/t/payments/n/dev/secrets/new", fields)
    assert Secret.objects.get().keys == {"PASSWORD": 1, "USER": 1}
    for page in ("secrets/", "n/dev/secrets/database/", "activity/"):
        assert canary not in as_bob.get(f"/t/payments/{page}").content.decode()


def test_only_the_key_that_is_wrong_is_marked(as_bob: Client, namespace: Namespace) -> None:
    fields = {"name": "mail", "type": "Opaque", "values_key": ["USER", "A B", "C"], "values_value": ["a", "b", "c"]}
    html = as_bob.post("/t/payments/n/dev/secrets/new", fields).content.decode()
    assert re.findall(r'is-invalid"[^>]* id="(\w+)"', html) == ["id_values_key_1"]
    assert html.count("“A B” is no key") == 1
    assert 'href="#id_values_key_1">1 field needs a change' in html
    assert "type them again" in html


def test_a_key_that_stands_twice_is_marked_at_the_second(as_bob: Client, namespace: Namespace) -> None:
    fields = {"name": "mail", "type": "Opaque", "values_key": ["USER", "USER"], "values_value": ["a", "b"]}
    html = as_bob.post("/t/payments/n/dev/secrets/new", fields).content.decode()
    assert re.findall(r'is-invalid"[^>]* id="(\w+)"', html) == ["id_values_key_1"]
    assert "“USER” stands here twice" in html


def test_a_secret_sent_by_htmx_need_not_be_typed_again(as_bob: Client, namespace: Namespace) -> None:
    fields = {"name": "mail", "type": "Opaque", "values_key": ["", "A B"], "values_value": ["", "canary"]}
    answer = as_bob.post("/t/payments/n/dev/secrets/new", fields, headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert "type them again" not in html
    assert re.findall(r'id="(id_values_value_\d)" hx-preserve', html) == ["id_values_value_0", "id_values_value_1"]
    answer = as_bob.post(
        "/t/payments/n/dev/secrets/new", fields | {"values_key": ["", "A"]}, headers={"HX-Request": "true"}
    )
    assert answer.headers["HX-Redirect"] == "/t/payments/n/dev/secrets/mail/"


@pytest.mark.parametrize(("noun", "name"), [("volume", "data"), ("secret", "database")])
def test_what_is_in_use_says_so_before_it_asks_for_its_name(
    as_alice: Client, namespace: Namespace, volume: Volume, secret: Secret, noun: str, name: str
) -> None:
    used = {"volumes": (releases.VolumeAt("data", "/data"),), "pull_secret": "database"}
    app = factories.make_app(namespace, **used)
    address = f"/t/payments/n/dev/{noun}s/{name}/delete/"
    html = as_alice.get(address).content.decode()
    assert "by 1 app." in html
    assert f"/apps/checkout/configuration/#{noun}s" in html
    assert "id_confirm" not in html
    app.release = factories.make_release(app, 2)
    app.save()
    assert "id_confirm" not in as_alice.get(address).content.decode()  # v1 still serves with it
    app.serving = app.release
    app.save()
    assert "id_confirm" in as_alice.get(address).content.decode()


def test_what_the_quota_is_short_of_is_one_change(as_bob: Client, namespace: Namespace) -> None:
    html = as_bob.post(NEW_APP, new_app(replicas="40")).content.decode()
    assert "1 field needs a change" in html


def test_a_new_secret_does_not_change_one_of_that_name(as_bob: Client, secret: Secret) -> None:
    fields = {"name": "database", "type": "Opaque", "values_key": ["OTHER"], "values_value": ["x"]}
    answer = as_bob.post("/t/payments/n/dev/secrets/new", fields)
    assert "There is a secret “database” already" in answer.content.decode()
    secret.refresh_from_db()
    assert secret.keys == {"PASSWORD": 1}


def test_new_values_leave_other_keys_as_they_are(as_bob: Client, secret: Secret) -> None:
    as_bob.post("/t/payments/n/dev/secrets/database/", {"values_key": ["USER"], "values_value": ["shop"]})
    secret.refresh_from_db()
    assert set(secret.keys) == {"PASSWORD", "USER"}
    assert secret.keys["PASSWORD"] == 1


def test_a_namespace_is_deleted_by_its_name_alone(as_alice: Client, namespace: Namespace) -> None:
    as_alice.post("/t/payments/n/dev/delete/", {"confirm": "payments-prod"})
    namespace.refresh_from_db()
    assert not namespace.deleting
    as_alice.post("/t/payments/n/dev/delete/", {"confirm": "payments-dev"})
    namespace.refresh_from_db()
    assert namespace.deleting


def test_members_are_changed_and_removed(as_alice: Client, team: Team, erin: User) -> None:
    membership = factories.make_member(team, erin, "viewer")
    as_alice.post(f"/t/payments/members/{membership.pk}/", {"role": "developer"})
    membership.refresh_from_db()
    assert membership.role == "developer"
    as_alice.post(f"/t/payments/members/{membership.pk}/remove/")
    assert not Membership.objects.filter(team=team, user=erin).exists()


def test_the_last_owner_is_told_why_they_cannot_leave(as_alice: Client, team: Team, alice: User) -> None:
    mine = Membership.objects.get(team=team, user=alice)
    answer = as_alice.post(f"/t/payments/members/{mine.pk}/remove/")
    assert answer.status_code == 409
    assert "last owner" in answer.content.decode()


def test_a_token_is_shown_once(as_alice: Client) -> None:
    made = as_alice.post("/settings/tokens/", {"name": "CI", "scopes": ["read"], "days": "30"}).content.decode()
    text = made.split('id="token">')[1].split("<")[0]
    assert text.startswith("berth_")
    assert text not in as_alice.get("/settings/tokens/").content.decode()


def test_forms_need_their_token(alice: User, team: Team) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(alice)
    answer = strict.post("/teams/new", {"name": "X", "slug": "xx"})
    assert answer.status_code == 403
    assert "load the page again" in answer.content.decode()
