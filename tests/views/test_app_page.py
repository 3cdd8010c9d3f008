"""An app's page draws what the observer saw; what only some may do or read is not in what all get over the socket."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from cluster.rollout import Diagnosis, Lane, Rollout, Tile, to_json
from tenants import audit
from tenants.models import App, Namespace, Secret, User
from tenants.releases import SecretKey
from tenants.selectors import apps, changes
from tests import factories

APP = "/t/payments/n/dev/apps/checkout/"
EVIL = "<script>alert(1)</script>"


def tile(short: str, state: str, words: str, note: str = "") -> Tile:
    return Tile(f"checkout-abc-{short}", short, state, words, note, timezone.now() - timedelta(minutes=14))  # type: ignore[arg-type]


def stuck(**fields: object) -> Rollout:
    diagnosis = Diagnosis(
        code="image_not_found",
        headline="image tag not found",
        title="The registry has no tag 2 of this image",
        why="New pods cannot start.",
        remedy="Check the tag for a typing error.",
        action="deploy",
        evidence=(f"Failed to pull: not found {EVIL}",),
        pod="checkout-abc-tz8vd",
        exit_code=0,
        reason="ImagePullBackOff",
    )
    shown: dict[str, object] = {
        "state": "stuck",
        "sentence": "v2 is stuck: image tag not found",
        "detail": "v1 keeps serving, 2 of 2 ready.",
        "release_new": 2,
        "release_serving": 1,
        "wanted": 2,
        "ready": 2,
        "updated": 1,
        "available": 2,
        "lanes": (
            Lane(2, "new", 2, 0, (tile("tz8vd", "failed", "No image"), Tile("", "", "next", "Later", "", None))),
            Lane(1, "old", 2, 2, (tile("c7f2n", "ready", "Ready"), tile("h9s4j", "ready", "Ready"))),
        ),
        "waits_for": "the image 2",
        "waits_note": "",
        "steps": (),
        "steps_pod": "",
        "diagnosis": diagnosis,
        "started_at": timezone.now() - timedelta(minutes=14, seconds=5),
        "finished": False,
        "failed": True,
        "endpoints_ready": 2,
        "endpoints_total": 2,
        "generation": 2,
        "seen_at": timezone.now(),
    }
    return Rollout(**{**shown, **fields})  # type: ignore[arg-type]


@pytest.fixture
def stuck_app(app_row: App, bob: User) -> App:
    release = factories.make_release(app_row, 2, factories.make_spec(image="registry.example/shop:2"), by=bob)
    app_row.release, app_row.health = release, "stuck"
    app_row.observed = to_json(stuck())
    app_row.save()
    return app_row


def test_a_stuck_app_says_why_and_offers_the_remedy(as_bob: Client, stuck_app: App) -> None:
    html = as_bob.get(APP).content.decode()
    for words in ("v2 is stuck: image tag not found.", "v1 keeps serving", "The registry has no tag 2", "Deploy v3"):
        assert words in html
    assert "exit code 0" in html
    assert 'name="number" value="1"' in html


def test_a_viewer_sees_the_cause_and_no_button(as_carol: Client, stuck_app: App) -> None:
    html = as_carol.get(APP).content.decode()
    assert "The registry has no tag 2" in html
    assert f'action="{APP}' not in html


def test_the_head_offers_the_way_back_until_it_is_gone(as_bob: Client, stuck_app: App, bob: User) -> None:
    assert "Back to v1" in as_bob.get(APP).content.decode()
    stuck_app.release = factories.make_release(stuck_app, 3, factories.make_spec(), by=bob, rolled_back_to=1)
    stuck_app.save()
    assert "Back to v1" not in as_bob.get(APP).content.decode()


def test_last_lines_are_text() -> None:
    html = render_to_string("tenants/apps/detail.html#last_lines", {"lines": [f"last words {EVIL}"]})
    assert "last words &lt;script&gt;" in html
    assert EVIL not in html


def test_the_clusters_words_are_text(as_bob: Client, stuck_app: App) -> None:
    html = as_bob.get(APP).content.decode()
    assert EVIL not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html


@pytest.mark.parametrize("target", ["header", "diagnosis", "rollout", "address", "events"])
def test_what_sockets_send_to_all_holds_no_form(stuck_app: App, target: str) -> None:
    context = apps.live_context(stuck_app, apps.last_rollout(stuck_app))
    html = render_to_string(f"tenants/apps/detail.html#{target}", context)
    assert html.strip()
    assert "<form" not in html


def test_a_fragment_is_what_the_page_shows(as_carol: Client, stuck_app: App) -> None:
    whole = as_carol.get(APP).content.decode()
    part = as_carol.get(f"{APP}?part=releases", headers={"HX-Request": "true"}).content.decode()
    assert part.strip() in whole


def test_an_app_that_was_never_seen_says_so(as_bob: Client, app_row: App) -> None:
    assert "Waiting for the cluster." in as_bob.get(APP).content.decode()


def test_what_the_cluster_refused_stands_in_the_header(as_bob: Client, app_row: App) -> None:
    app_row.conditions = [
        {
            "type": "Applied",
            "status": "False",
            "reason": "QuotaExceeded",
            "message": "exceeded quota: berth",
            "since": "",
        }
    ]
    app_row.save()
    html = as_bob.get(APP).content.decode()
    assert "The cluster did not take v1." in html
    assert "exceeded quota: berth" in html


def test_home_names_what_is_unhealthy_first(as_alice: Client, stuck_app: App) -> None:
    html = as_alice.get("/").content.decode()
    assert "1 app needs attention" in html
    assert "The registry has no tag 2 of this image" in html


def test_fifty_pods_are_drawn_small(stuck_app: App) -> None:
    many = tuple(tile(f"p{n:04d}", "ready", "Ready") for n in range(50))
    rollout = stuck(lanes=(Lane(1, "only", 50, 50, many),), wanted=50, diagnosis=None)
    html = render_to_string("tenants/apps/detail.html#rollout", apps.live_context(stuck_app, rollout))
    assert "b-tiles-small" in html
    assert html.count('class="b-tile ') == 50


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ([], "first release"),
        ([{"field": "image", "old": "r.example/a:1", "new": "r.example/a:2"}], "image 1 → 2"),
        ([{"field": "image", "old": "r.example/a:1", "new": "r.example:5000/b"}], "image → r.example:5000/b"),
        ([{"field": "replicas", "old": 3, "new": 4}], "replicas 3 → 4"),
        ([{"field": "cpu", "old": 250, "new": 500}], "CPU of a pod 0.25 core → 0.5 core"),
        ([{"field": "env.A", "old": None, "new": "1"}], "variable A added"),
        (
            [{"field": "env.A", "old": "1", "new": "2"}, {"field": "env.B", "old": "1", "new": None}],
            "2 variables changed",
        ),
        ([{"field": "secret_versions.db.PASSWORD", "old": 1, "new": 2}], "new value of db.PASSWORD"),
    ],
)
def test_a_release_says_what_it_changed(changed: list[dict[str, object]], words: str) -> None:
    assert changes.sentence(changed) == words


def test_a_refusal_reads_as_one(bob: User, app_row: App, signed_in: Callable[[User], Client]) -> None:
    entry = audit.record(actor=bob, action="volumes.delete", thing=app_row, outcome="denied")
    assert changes.deed(entry) == "May not delete volumes: app payments-dev/checkout"


@pytest.mark.parametrize(("taken", "said"), [(1, True), (2, False)])
def test_pages_of_app_and_secret_say_that_newer_values_are_not_taken_yet(
    as_alice: Client, namespace: Namespace, taken: int, said: bool
) -> None:
    secret = factories.make_secret(namespace)
    Secret.objects.filter(pk=secret.pk).update(keys={"PASSWORD": 2}, version=2)
    factories.make_app(
        namespace,
        secret_env={"PASSWORD": SecretKey("database", "PASSWORD")},
        secret_versions={"database": {"PASSWORD": taken}},
    )
    assert ("Newer values are set" in as_alice.get(APP).content.decode()) == said
    assert ("Runs with older values" in as_alice.get("/t/payments/n/dev/secrets/database/").content.decode()) == said
