"""Each door × each of the cast: who gets in, who is refused, who is told that nothing is there.

The lines are in doors.py and calls.py. A page, call, socket or task without a line fails here.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from portal.celery import app as celery
from tenants import access, tasks
from tenants.live.routing import websocket_urlpatterns
from tenants.models import ApiToken, App, AuditEntry, Operation, Team
from tests.access.calls import CALLS
from tests.access.cast import CAST, SIGNED_IN, STAFF, Door
from tests.access.conftest import World, make_world
from tests.access.doors import ACCOUNT, ACCOUNT_RECENT, MAILS, PAGES, RECENT, SOCKETS, TASKS
from tests.access.routes import NAMED, ROUTES
from tests.signing_in import signed_in

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ADMIN = [route for route in ROUTES if route.name.startswith("admin:")]
pytestmark = pytest.mark.django_db
assert tasks.__all__, "importing them is what makes Celery know the tasks"


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """One world for all doors: whatever a test changes is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _no_attempt_counts() -> None:
    """zoe's token fails once a door: from one address that would be too often."""
    cache.clear()


def ids(door: Door) -> str:
    return f"{door.method} {door.name}"


def asked(world: World, door: Door, name: str) -> Any:
    """The answer to one of the cast: to their browser, or to their script (whose session beside it changes nothing)."""
    options: dict[str, Any] = {} if door.method == "GET" else {"data": world.body(door)}
    if door in CALLS:
        options["headers"] = world.headers(name)
    if door in CALLS or door.method not in {"GET", "POST"}:
        options |= {} if door.method == "GET" else {"content_type": "application/json"}
    browser = world.browsers[name]
    kept = copy.deepcopy(browser.cookies)  # some doors sign out
    answer = getattr(browser, door.method.lower())(world.address(door), **options)
    browser.cookies = kept
    return answer


# -- every door has a line -------------------------------------------------------------------------------


def test_every_address_has_a_line() -> None:
    lines = {door.name for door in (*PAGES, *CALLS)} | set(ACCOUNT)
    assert {route.name for route in ROUTES if not route.name.startswith("admin:")} == lines


def test_every_method_without_a_line_is_refused(world: World) -> None:
    lines = {(door.name, door.method): door for door in (*PAGES, *CALLS)}
    for name, one in {door.name: door for door in lines.values()}.items():
        for method in METHODS:
            if (name, method) not in lines:
                browser = world.browsers["alice"]
                headers = world.headers("alice") if one in CALLS else {}
                address = world.address(one).partition("?")[0]
                answer = getattr(browser, method.lower())(address, headers=headers)
                assert answer.status_code == 405, (method, name)


def test_every_socket_has_a_line() -> None:
    assert {str(route.pattern) for route in websocket_urlpatterns} == set(SOCKETS)


def test_every_task_has_a_line_and_its_doors() -> None:
    assert {name for name in celery.tasks if not name.startswith("celery.")} == TASKS | MAILS
    assert {door.kind for door in CALLS if door.kind} == TASKS
    assert {door.kind for door in PAGES if door.kind} == TASKS


# -- pages and calls -------------------------------------------------------------------------------------


def check(world: World, door: Door, *, signed_out: int) -> None:
    """Asks as each of the cast; who is not let in changes nothing, and opens no operation for a task to carry out.

    The site's staff see no secret, and are nobody else.
    """
    found: dict[str, int] = {}
    kept = secrets(world)
    for name in CAST:
        with transaction.atomic():
            before = set(Operation.objects.values_list("pk", flat=True))
            lines = AuditEntry.objects.exclude(outcome="denied").count()
            answer = asked(world, door, name)
            found[name] = answer.status_code
            opened = [operation.kind for operation in Operation.objects.exclude(pk__in=before)]
            if name in door.may.split():
                assert opened == ([door.kind] if door.kind else []), name
            else:
                assert opened == [], name
                assert AuditEntry.objects.exclude(outcome="denied").count() == lines, name
            if name in STAFF.split():
                session = world.browsers[name].session
                told = kept - {world.texts[name], session.session_key}
                assert answer.streaming or not [text for text in told if text in answer.content.decode()], name
                assert answer.wsgi_request.user.pk in {None, world.people[name].pk}, name
                assert session.get(SESSION_KEY) in {None, str(world.people[name].pk)}, name
            transaction.set_rollback(True)
    assert found == door.expected(signed_out=signed_out)


def secrets(world: World) -> set[str]:
    """What is behind no door: tokens, a code, and the keys of sessions."""
    stored = *ApiToken.objects.values_list("digest"), *Session.objects.values_list("session_key")
    return {*world.texts.values(), world.code, *(value for (value,) in stored if value)}


@pytest.mark.parametrize("door", PAGES, ids=ids)
def test_page(world: World, door: Door) -> None:
    check(world, door, signed_out=302)


@pytest.mark.parametrize("door", CALLS, ids=ids)
def test_call(world: World, door: Door) -> None:
    check(world, door, signed_out=401)


def test_signed_out_are_sent_to_sign_in(world: World) -> None:
    for door in PAGES:
        if "nobody" not in door.may.split():
            location = asked(world, door, "nobody").headers["Location"]
            assert location.startswith("/accounts/login/?next="), door


def test_who_signed_in_long_ago_is_asked_for_the_password(world: World) -> None:
    alice = signed_in(world.people["alice"], ago=16 * 60)
    asked_again = set()
    for door in PAGES:
        kept = copy.deepcopy(alice.cookies)  # some doors sign out
        with transaction.atomic():
            answer = getattr(alice, door.method.lower())(world.address(door), data=world.body(door))
            transaction.set_rollback(True)
        alice.cookies = kept
        if answer.headers.get("Location", "").startswith("/accounts/reauthenticate/?next="):
            asked_again.add((door.name, door.method))
    assert asked_again == RECENT


def test_session_opens_no_call(world: World) -> None:
    """The API ignores cookies."""
    for door in CALLS:
        answer = getattr(world.browsers["alice"], door.method.lower())(world.address(door))
        assert answer.status_code == 401, door


@pytest.mark.parametrize("name", ["app_logs", "api:logs"])
def test_viewers_read_logs_where_the_team_allows(world: World, name: str) -> None:
    type(world.app.team).objects.update(viewers_read_logs=True)
    door = next(door for door in (*PAGES, *CALLS) if door.name == name)
    found = {who: asked(world, door, who).status_code for who in ("carol", "sam", "erin")}
    assert found == {"carol": door.status, "sam": 403, "erin": 404}


# -- a suspended team, and the site's staff ------------------------------------------------------------------

# What is left to do in a suspended team: carol leaves, a quota is counted.
LEFT = {"member_remove", "api:member", "api:preflight", "api:quota_weigh"}
# The site's staff go on writing to the team.
LEFT |= {"quota_request_comment", "api:quota_request_messages"}
BY_STAFF = {"team_suspend", "team_lift", "api:team_suspension", "staff_team_quota", "api:team_quota"}
IN_TEAM = re.compile("transfer_|request_|invitation_|my_|quota_request_")
WRITING = [
    door
    for door in (*PAGES, *CALLS)
    if door.method != "GET"
    and door.name not in BY_STAFF
    and ("team" in NAMED[door.name].keys or IN_TEAM.match(door.name.removeprefix("api:")))
]


@pytest.mark.parametrize("door", WRITING, ids=ids)
def test_nobody_changes_anything_in_a_suspended_team(world: World, door: Door) -> None:
    """Those who could before: whoever could not is refused all the same."""
    with transaction.atomic():
        Team.objects.filter(slug__in=("payments", "ports", "harbor")).update(suspended_at=timezone.now())
        lines = AuditEntry.objects.exclude(outcome="denied").count()
        for name in door.may.split():
            with transaction.atomic():
                status = asked(world, door, name).status_code
                if door.name in LEFT and status == door.status:
                    transaction.set_rollback(True)
                    continue
                assert status in {200, 302, 401, 403, 404, 409}, name
                assert AuditEntry.objects.exclude(outcome="denied").count() == lines, name
                if door.name.startswith("api:"):
                    assert status in {403, 404}, name
        transaction.set_rollback(True)


def test_staff_open_no_log_and_no_shell() -> None:
    assert not {"logs.read", "secrets.write"} & {
        verb for verb, holders in access.RIGHTS.items() if holders & {"support", "approver"}
    }
    words = "shell|exec|impersonat|hijack|become|login_as"
    assert not [route.route for route in ROUTES if re.search(words, route.route)]


# -- the account's pages and Django's admin ------------------------------------------------------------------


@pytest.mark.parametrize("name", ACCOUNT)
def test_account_page(world: World, name: str) -> None:
    values = {"key": "none", "uidb36": "1", "pk": 1, "provider_id": "none"}
    address = reverse(name, kwargs={key: values[key] for key in NAMED[name].keys})
    signed_in, signed_out = ACCOUNT[name]
    found: dict[str, int] = {}
    for who in CAST:
        with transaction.atomic():
            found[who] = world.browsers[who].get(address).status_code
            transaction.set_rollback(True)
    assert found == dict.fromkeys(SIGNED_IN.split(), signed_in) | {"nobody": signed_out, "zoe": signed_out}


@pytest.mark.parametrize("name", sorted(ACCOUNT_RECENT))
def test_account_page_asks_who_signed_in_long_ago(world: World, name: str) -> None:
    alice = signed_in(world.people["alice"], ago=16 * 60)
    answer = alice.get(reverse(name, kwargs=dict.fromkeys(NAMED[name].keys, 1)))
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next="), name


@pytest.mark.parametrize("route", ADMIN, ids=lambda route: route.route)
def test_admin_lets_nobody_of_the_cast_in(world: World, route: Any) -> None:
    """Not even support and approvers: the admin is for those whom a superuser made staff of Django's."""
    for who in ("alice", "sam", "dave", "nobody"):
        answer = world.browsers[who].get(admin_address(route.route))
        if route.name == "admin:login":
            # It has no form of its own: signed out one is sent to the site's, which knows limits and second factors.
            assert answer.status_code == (302 if who == "nobody" else 403), who
        else:
            assert answer.status_code == 302, who
            assert answer.headers["Location"].startswith("/admin/"), who
            assert answer.content == b"", who


def test_admin_shows_nothing_without_its_permission(world: World) -> None:
    sam = world.people["sam"]
    type(sam).objects.filter(pk=sam.pk).update(is_staff=True)
    for route in ADMIN:
        if "_" in route.name and "password" not in route.name:
            answer = world.browsers["sam"].get(admin_address(route.route))
            assert answer.status_code in {302, 403, 404}, route


def admin_address(route: str) -> str:
    """An address that the route matches."""
    for pattern, text in {
        "<path:object_id>": "1",
        "<path:content_type_id>": "1",
        "^(?P<app_label>auth|account|mfa|usersessions|tenants)/$": "tenants/",
        "(?P<url>.*)$": "nothing",
    }.items():
        route = route.replace(pattern, text)
    return f"/{route}"


# -- tasks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(TASKS | MAILS))
def test_forged_task_changes_nothing(world: World, kind: str) -> None:
    """A message carries an id: one that no service wrote, or one that is over, leads nowhere."""
    before = list(App.objects.values()), list(Operation.objects.values()), AuditEntry.objects.count()
    celery.tasks[kind](str(uuid.uuid4()))
    celery.tasks[kind](str(world.operation.pk))
    assert (list(App.objects.values()), list(Operation.objects.values()), AuditEntry.objects.count()) == before
