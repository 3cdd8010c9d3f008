"""Pages for what goes wrong, in the site's words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Also the answer to a stranger: nothing here tells whether it exists."""
    return render(request, "404.html", {"crumbs": []}, status=404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"exception": str(exception), "crumbs": []}, status=403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: an old tab, or a cross-site request."""
    words = "This form is too old, or cookies are off. Go back, load the page again and send it once more."
    return render(request, "403.html", {"exception": words, "crumbs": []}, status=403)
