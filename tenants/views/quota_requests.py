"""Asking for more quota: the form, the request's page and what its team does with it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from tenants.models import QuotaRequest
from tenants.selectors import quota_requests
from tenants.views.scope import Request, crumbs, page


@page()
def one(request: Request, number: int) -> HttpResponse:
    """What was asked, where it stands, and the thread."""
    found = _request(request, number)
    context = {
        "asked": found,
        "thread": quota_requests.thread(found),
        "crumbs": crumbs(found.namespace, f"Request {found.number}"),
    }
    return render(request, "tenants/quota/request.html", context)


def _request(request: Request, number: int) -> QuotaRequest:
    found = quota_requests.request_of(request.user, number)
    request.team = found.team
    return found
