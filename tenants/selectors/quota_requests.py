"""Quota requests as pages and calls show them: each list in a number of queries that does not grow."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from tenants.errors import NotFound
from tenants.models import QuotaRequest, QuotaStep, User


def request_of(user: User, number: int) -> QuotaRequest:
    """With namespace, team and people. Raises NotFound for what is not there, and for another's draft alike."""
    found = _told(QuotaRequest.objects.visible_to(user).filter(pk=number)).first()
    if found is None:
        raise NotFound("There is no such request.")
    return found


def thread(request: QuotaRequest) -> list[QuotaStep]:
    """All that was done and said, oldest first."""
    return list(request.steps.select_related("actor"))


def _told(requests: QuerySet[QuotaRequest]) -> QuerySet[QuotaRequest]:
    people = ("author", "decided_by", "policy")
    return requests.select_related("namespace__team", "namespace__plan", *people).prefetch_related(Prefetch("wants"))
