"""Who pauses a namespace, and what is written down of it."""

from __future__ import annotations

import pytest

from tenants import outcomes
from tenants.errors import Conflict, Forbidden, Invalid
from tenants.models import AuditEntry, Namespace, Operation, User
from tenants.services import namespaces


def pause(actor: User, namespace: Namespace, reason: str = "A migration by hand") -> Namespace:
    return namespaces.pause_namespace(actor=actor, namespace=namespace, reason=reason)


def test_an_admin_pauses_and_resumes_and_the_audit_log_says_why(andy: User, namespace: Namespace) -> None:
    assert pause(andy, namespace).paused
    assert not namespaces.resume_namespace(actor=andy, namespace=namespace).paused
    lines = list(AuditEntry.objects.filter(action__startswith="namespace.").order_by("pk"))
    assert [(line.action, line.detail, line.actor) for line in lines] == [
        ("namespace.pause", "A migration by hand", andy),
        ("namespace.resume", "", andy),
    ]
    assert not Operation.objects.exists()


def test_a_developer_does_not(bob: User, namespace: Namespace) -> None:
    with pytest.raises(Forbidden):
        pause(bob, namespace)


def test_it_takes_a_reason(andy: User, namespace: Namespace) -> None:
    with pytest.raises(Invalid) as refused:
        pause(andy, namespace, " ")
    assert "reason" in refused.value.fields


def test_what_is_paused_is_not_paused_again(andy: User, namespace: Namespace) -> None:
    pause(andy, namespace)
    with pytest.raises(Conflict):
        pause(andy, namespace)


def test_what_runs_is_not_resumed(andy: User, namespace: Namespace) -> None:
    with pytest.raises(Conflict):
        namespaces.resume_namespace(actor=andy, namespace=namespace)


def test_a_look_that_comes_late_lists_nothing_in_what_was_resumed(andy: User, namespace: Namespace) -> None:
    stale = pause(andy, namespace)
    namespaces.resume_namespace(actor=andy, namespace=namespace)
    outcomes.drifted(stale, "app web", ["Deployment web: spec.replicas"])
    assert Namespace.objects.get(pk=namespace.pk).drifted == {}
