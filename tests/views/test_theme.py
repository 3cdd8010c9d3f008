"""The button for light and dark."""

from __future__ import annotations

from django.test import Client

from tenants.models import AuditEntry, User


def test_the_theme_is_kept_and_the_way_back_is_local(as_alice: Client, alice: User) -> None:
    answer = as_alice.post("/settings/theme/", {"theme": "dark", "next": "https://evil.example/"})
    assert answer.headers["Location"] == "/"
    assert 'data-bs-theme="dark"' in as_alice.get("/").content.decode()
    assert (
        as_alice.post("/settings/theme/", {"theme": "dark", "next": "/settings/"}).headers["Location"] == "/settings/"
    )
    line = AuditEntry.objects.get(action="account.edit")
    assert line.changes == [{"field": "theme", "old": "auto", "new": "dark"}]


def test_a_theme_that_is_none_is_refused(as_alice: Client, alice: User) -> None:
    assert as_alice.post("/settings/theme/", {"theme": "pink"}).status_code == 422
    alice.refresh_from_db()
    assert alice.theme == "auto"
