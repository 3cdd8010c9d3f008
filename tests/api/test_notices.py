"""Notices for scripts: list, mark, choose."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tenants import notices
from tenants.models import Notice, NoticeChoice, Team, User
from tests.api.conftest import Script

pytestmark = pytest.mark.django_db


def tell(person: User, title: str = "v2 is stuck", team: Team | None = None) -> Notice:
    notices.tell([person], kind="release.stuck", title=title, path="/t/payments/", team=team)
    return Notice.objects.latest("pk")


def test_notices_are_listed_unread_first(api: Script, alice: User, bob: User, team: Team) -> None:
    old = tell(alice, "old", team)
    tell(alice, "new")
    tell(bob, "another's")
    api.post(f"notices/{old.pk}/read")
    answer = api.get("notices").json()
    assert [(row["title"], row["team"], row["read_at"] is None) for row in answer["results"]] == [
        ("new", "", True),
        ("old", "payments", False),
    ]
    assert (answer["unread"], answer["next"]) == (1, None)


def test_pages_follow_one_another(api: Script, alice: User) -> None:
    for number in range(5):
        tell(alice, str(number))
    first = api.get("notices?page_size=3&unread=true").json()
    rest = api.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["title"] for row in first["results"] + rest["results"]] == ["4", "3", "2", "1", "0"]
    assert rest["next"] is None


def test_notices_of_a_team_are_marked_together(api: Script, alice: User, team: Team) -> None:
    tell(alice, team=team)
    tell(alice)
    assert api.post("notices/read", {"team": "payments"}).json() == {"read": 1}
    assert api.post("notices/read").json() == {"read": 1}
    assert api.post("notices/read", {"team": "nowhere"}).status_code == 404


def test_choices_change_where_they_are_named(api: Script, alice: User) -> None:
    answer = api.patch("me/notices", {"kinds": {"release.stuck": {"by_mail": "daily"}}, "mails_paused": True}).json()
    assert answer["mails_paused"] is True
    told = {"title": "What I released is stuck", "in_portal": True, "by_mail": "daily", "always": False}
    assert answer["kinds"]["release.stuck"] == told
    assert api.get("me/notices").json() == answer
    assert NoticeChoice.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"kinds": {"account.secured": {"by_mail": "never"}}}, 422, "account.secured"),
        ({"kinds": {"no.such": {"by_mail": "never"}}}, 422, "no.such"),
        ({"kinds": {"release.stuck": {"by_mail": "hourly"}}}, 422, ""),
        ({"kinds": {"release.stuck": {"by_post": "never"}}}, 400, ""),
        ({"kinds": []}, 422, "kinds"),
    ],
)
def test_choices_that_cannot_be_are_refused(api: Script, body: object, status: int, field: str) -> None:
    answer = api.patch("me/notices", body)
    assert answer.status_code == status
    assert not field or field in answer.json()["error"]["fields"]
    assert not NoticeChoice.objects.exists()


def test_marking_and_choosing_take_the_scope_account(script: Callable[..., Script], alice: User) -> None:
    reader = script(alice, scopes=["read"])
    notice = tell(alice)
    assert reader.get("notices").status_code == 200
    for answer in (
        reader.post(f"notices/{notice.pk}/read"),
        reader.post("notices/read"),
        reader.patch("me/notices", {"mails_paused": True}),
    ):
        assert answer.status_code == 403
        assert "“account”" in answer.json()["error"]["message"]
