"""What is reserved is one figure at every door: before, while and after an app is rolled out, and beside kubectl."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tenants.models import App, Namespace, QuotaRequest, Release, Sample, User
from tenants.sampling import SPAN, Meter, Sampler
from tenants.selectors import usage
from tenants.services.tokens import create_token
from tests.factories import GIB, make_app, make_quota_request, make_release, make_spec
from tests.figures.samples import make_samples
from tests.signing_in import signed_in

pytestmark = pytest.mark.django_db
SIZE = {"memory": GIB, "replicas": 2}


@pytest.fixture
def rolled_out(namespace: Namespace) -> App:
    """Two pods of 1 GiB each, on their way from one image to another: of one size."""
    app = make_app(namespace, **SIZE)
    app.release = make_release(app, 2, make_spec(image="registry.example/shop:2", **SIZE), outcome="rolling")
    app.save()
    uses(2 * GIB)
    return app


@pytest.fixture
def asked(namespace: Namespace, alice: User) -> QuotaRequest:
    return make_quota_request(namespace, alice, memory=12 * GIB)


def uses(memory: int) -> None:
    Namespace.objects.update(usage={"memory": memory}, used_at=timezone.now())


def serves(app: App) -> None:
    """As the observer writes it when a rollout is over."""
    Release.objects.filter(pk=app.release_id).update(outcome="serving", worked=True)
    App.objects.filter(pk=app.pk).update(serving=app.release)


def memory_of(lines: Any) -> str:
    """As a page writes it, in GiB."""
    return str(next(line.reserved for line in lines if line.resource == "memory"))


def everywhere(alice: User, dave: User, asked: QuotaRequest) -> dict[str, str]:
    """What each door says of memory, in GiB."""
    place, owner, approver = Namespace.objects.get(), signed_in(alice), signed_in(dave)
    token = create_token(actor=alice, name="s", scopes=["read"], days=1)[1]
    told = Client(headers={"Authorization": f"Bearer {token}"}).get("/api/v1/teams/payments/namespaces/dev/quota")
    row = next(row for row in told.json()["rows"] if row["resource"] == "memory")
    quotas, card = owner.get("/t/payments/quota/").context, owner.get("/t/payments/").context["cards"][0]
    labels = [label.words for label in usage.chart(place, "memory").labels]
    Sample.objects.filter(seconds=SPAN).delete()
    Sampler(Meter()).sample(timezone.now() + timedelta(seconds=SPAN))
    return {
        "namespace": memory_of(owner.get("/t/payments/n/dev/").context["lines"]),
        "quota": memory_of(owner.get("/t/payments/n/dev/quota/").context["lines"]),
        "lower": memory_of(row.line for row in owner.get("/t/payments/n/dev/quota/lower").context["rows"]),
        "request": memory_of(row.line for row in owner.get("/t/payments/n/dev/quota/request").context["rows"]),
        "team": memory_of(card.lines),
        "team's quota": memory_of(quotas["totals"]),
        "team's cards": memory_of(quotas["cards"][0][1]),
        "API": f"{row['reserved'] / GIB:g}",
        "API, free": f"{8 - row['free'] / GIB:g}",
        "decision": memory_of(approver.get(f"/approvals/{asked.number}/").context["lines"]),
        "chart": next(words.split()[0] for words in labels if words.endswith("reserved")),
        "sample": f"{Sample.objects.get(seconds=SPAN).values['memory'][2] / GIB:g}",
    }


def test_every_door_has_the_same_figure(alice: User, dave: User, rolled_out: App, asked: QuotaRequest) -> None:
    make_samples(rolled_out.namespace, [(GIB, GIB, GIB)] * 10)

    doors = everywhere(alice, dave, asked)
    assert doors == dict.fromkeys(doors, "3"), "while it is rolled out: two pods, and the surge"
    serves(rolled_out)
    doors = everywhere(alice, dave, asked)
    assert doors == dict.fromkeys(doors, "2"), "when it serves"
    uses(5 * GIB)
    doors = everywhere(alice, dave, asked)
    assert doors == dict.fromkeys(doors, "5"), "with what somebody made beside it"


def test_unused_quota_is_not_offered_below_a_rollouts_surge(alice: User, rolled_out: App) -> None:
    make_samples(rolled_out.namespace, [(GIB, GIB, GIB)] * 24 * 30)
    uses(GIB)
    (found,) = signed_in(alice).get("/reclaim/").context["unused"]
    assert next(offer.most for offer in found.offers if offer.resource == "memory") == 3 * GIB
