"""A paused namespace on its page and in its answer."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tenants.models import Namespace, User
from tenants.services import namespaces
from tests.signing_in import signed_in


@pytest.fixture
def paused(alice: User, namespace: Namespace) -> Namespace:
    row = namespaces.pause_namespace(actor=alice, namespace=namespace, reason="A migration by hand")
    Namespace.objects.filter(pk=row.pk).update(drifted={"app web": ["Deployment web: spec.replicas"]})
    return row


def page(client: Client, namespace: Namespace) -> str:
    return client.get(reverse("namespace", args=[namespace.team.slug, namespace.name])).content.decode()


def test_everybody_reads_who_paused_it_why_and_what_differs(paused: Namespace, carol: User) -> None:
    html = page(signed_in(carol), paused)
    for words in ("by alice", "A migration by hand", "app web:", "Deployment web: spec.replicas"):
        assert words in html
    assert "Resume</button>" not in html


def test_an_admin_is_offered_to_resume_it(paused: Namespace, andy: User) -> None:
    html = page(signed_in(andy), paused)
    assert "Resume</button>" in html
    assert reverse("namespace_pause", args=[paused.team.slug, paused.name]) not in html


def test_the_form_says_what_a_missing_reason_is_for(andy: User, namespace: Namespace) -> None:
    address = reverse("namespace_pause", args=[namespace.team.slug, namespace.name])
    assert "Give the reason" in signed_in(andy).post(address, {"reason": ""}).content.decode()
    namespace.refresh_from_db()
    assert not namespace.paused
