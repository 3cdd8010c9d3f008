"""Whatever is typed into a field, a link, an address or a call, no door fails: it is taken, or refused with words."""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import resolve, reverse

from tenants.api.views.docs import document
from tests.access.calls import CALLS
from tests.access.cast import Door
from tests.access.conftest import World, make_world
from tests.access.doors import PAGES
from tests.access.routes import NAMED

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]

ODD = ("²", "9" * 5000, "9" * 18, "a\0b")
"""No digit to `int`, more of them than it reads, more than a column holds, and what no database takes."""
_FREE = re.compile(r"<(?:int|str):\w+>")
_READ = re.compile(r"""(?:GET|POST)\.get(?:list)?\(\s*"([a-z_]+)\"""")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


def _route(door: Door) -> str:
    return NAMED[door.name].route


def ids(door: Door) -> str:
    return f"{door.method} {door.name}"


def answered(world: World, door: Door, address: str, fields: Any) -> None:
    """Asks as somebody whom the door lets in; whatever that changes is undone."""
    name = door.may.split()[0]
    options: dict[str, Any] = {"data": fields} if door.method != "GET" else {}
    if door in CALLS:
        options |= {"headers": world.headers(name), "content_type": "application/json"}
    cache.clear()
    browser = world.browsers[name]
    kept = copy.deepcopy(browser.cookies)  # some doors sign out
    with transaction.atomic():
        answer = getattr(browser, door.method.lower())(address, **options)
        transaction.set_rollback(True)
    browser.cookies = kept
    assert answer.status_code < 500, (address[:200], str(fields)[:200])
    assert "/accounts/login" not in answer.headers.get("Location", "") or name == "nobody", address[:200]


def read_by(address: str) -> set[str]:
    """The fields that the module of an address's view reads without a form, and those of every page."""
    view = inspect.unwrap(resolve(address).func)
    module = inspect.getmodule(getattr(view, "view_class", view))
    return {"page", "part", "q", *(_READ.findall(inspect.getsource(module)) if module else ())}


def test_fields_that_are_read_without_a_form_are_found() -> None:
    assert {"based_on", "newest", "holds", "from", "do"} <= read_by(reverse("policy_new"))


@pytest.mark.parametrize("door", [door for door in PAGES if door.may], ids=ids)
def test_page_takes_or_refuses_what_is_odd(world: World, door: Door) -> None:
    address, _, query = world.address(door).partition("?")
    body = world.body(door)
    names = sorted({*body, *read_by(address), *(pair.partition("=")[0] for pair in query.split("&") if pair)})
    for odd in ODD:
        fields = dict.fromkeys(names, odd)
        if door.method == "GET":
            answered(world, door, f"{address}?{urlencode(fields)}", {})
        else:
            answered(world, door, address, fields)
    for name in names if door.method == "POST" else ():
        answered(world, door, address, {**body, name: ODD[0]})


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return {re.sub(r"\{\w+\}", "{}", path): told for path, told in document()["paths"].items()}


@pytest.mark.parametrize("door", [door for door in CALLS if door.may], ids=ids)
def test_call_takes_or_refuses_what_is_odd(world: World, described: dict[str, Any], door: Door) -> None:
    address, _, query = world.address(door).partition("?")
    path = re.sub(r"<\w+:\w+>|\(\?P<\w+>[^)]*\)", "{}", f"/{_route(door)}")
    path = re.sub(r"[\^$]", "", path)
    told = described[path][door.method.lower()]
    body = world.body(door)
    for odd in ODD:
        for parameter in told.get("parameters", ()):
            if parameter["in"] == "query":
                answered(world, door, f"{address}?{urlencode({parameter['name']: odd})}", body)
        for name in body:
            answered(world, door, f"{address}?{query}", {**body, name: odd})


@pytest.mark.parametrize(
    "door", [door for door in (*PAGES, *CALLS) if door.may and _FREE.search(_route(door))], ids=ids
)
def test_address_that_is_odd_is_of_nothing(world: World, door: Door) -> None:
    for odd in ODD:
        address = _FREE.sub(odd, f"/{_route(door)}")
        address = re.sub(r"<\w+:\w+>", "payments", address).replace("\0", "%00")
        answered(world, door, address, world.body(door))
