"""The clusters, for the site's staff."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from tenants import access
from tenants.selectors import clusters as shown
from tenants.views.scope import Request, page


@page()
def clusters(request: Request) -> HttpResponse:
    """What each has, what of it is granted and used, and whether it answers."""
    access.require_site(request.user, "policies.read")
    return render(request, "tenants/clusters/list.html", {"clusters": shown.clusters(), "crumbs": [("Clusters", "")]})
