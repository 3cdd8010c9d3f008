"""Drafts of requests: their author's alone, kept as they were typed, and sent when they can be read."""

from __future__ import annotations

import pytest

from tenants.errors import Conflict, Invalid, NotFound, TooMany
from tenants.models import AuditEntry, Namespace, QuotaRequest, User
from tenants.services import quota_requests
from tests.factories import GIB
from tests.quota.conftest import Ask

pytestmark = pytest.mark.django_db


def test_draft_is_its_authors_alone(andy: User, dave: User, alice: User, ask: Ask) -> None:
    draft = ask(send=False)
    seen = [user.username for user in (alice, andy, dave) if QuotaRequest.objects.visible_to(user).exists()]
    assert seen == ["alice"]
    for verb in (quota_requests.submit, quota_requests.discard, quota_requests.withdraw):
        with pytest.raises(NotFound):
            verb(actor=andy, request=draft)


def test_draft_keeps_what_could_not_be_read_and_is_not_sent_with_it(alice: User, namespace: Namespace) -> None:
    draft = quota_requests.draft(actor=alice, namespace=namespace, wants={"cpu": 8000}, unread={"memory": "much"})
    draft.refresh_from_db()
    assert draft.unread == {"memory": "much"}
    with pytest.raises(Invalid) as caught:
        quota_requests.submit(actor=alice, request=draft)
    assert set(caught.value.fields) == {"memory", "reason"}


def test_draft_that_is_put_right_is_sent(alice: User, namespace: Namespace) -> None:
    draft = quota_requests.draft(actor=alice, namespace=namespace, wants={}, unread={"memory": "much"})
    quota_requests.edit(actor=alice, request=draft, wants={"memory": 9 * GIB}, reason="The sale", until=None)
    assert quota_requests.submit(actor=alice, request=draft).state == "submitted"


def test_discarded_draft_is_gone(alice: User, ask: Ask) -> None:
    quota_requests.discard(actor=alice, request=ask(send=False))
    assert not QuotaRequest.objects.exists()


def test_what_was_sent_is_withdrawn_and_not_deleted(alice: User, ask: Ask) -> None:
    with pytest.raises(Conflict):
        quota_requests.discard(actor=alice, request=ask())


def test_draft_keeps_what_databases_take(alice: User, namespace: Namespace) -> None:
    typed = {"memory": "1\0 GiB"}
    draft = quota_requests.draft(actor=alice, namespace=namespace, wants={}, reason="a\0b", unread=typed)
    assert (draft.reason, draft.unread) == ("ab", {"memory": "1 GiB"})


def test_what_a_draft_asks_for_stands_in_nobody_elses_audit_log(ask: Ask) -> None:
    ask(send=False)
    assert AuditEntry.objects.get(action="quota.draft").detail == ""


def test_approvers_are_not_asked_without_end(alice: User, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota_requests, "SENT_PER_HOUR", 1)
    quota_requests.withdraw(actor=alice, request=ask())
    with pytest.raises(TooMany):
        ask()


def test_drafts_have_an_end(ask: Ask) -> None:
    for _ in range(quota_requests.DRAFTS_MAX):
        ask(send=False)
    with pytest.raises(Conflict) as caught:
        ask(send=False)
    assert caught.value.code == "too_many"
