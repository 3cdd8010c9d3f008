"""What every page does first and last: find the thing with the viewer's rights, call one verb, answer.

A stranger gets 404, a member without the right 403 with words; a service's errors land at their fields.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, TypeVar

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from tenants.errors import DomainError, Forbidden, NotFound, TooMany
from tenants.forms.fields import DomainForm
from tenants.models import App, Namespace, Operation, Secret, Team, User, Volume
from tenants.models.namespace import InNamespace
from tenants.selectors import finding, operations

View = Callable[..., HttpResponseBase]
T = TypeVar("T")
P = TypeVar("P", Team, Namespace, App, Volume, Secret)


class Request(HttpRequest):
    """A request of somebody who is signed in; `team` is the team whose pages these are."""

    user: User
    team: Team | None
    htmx: Any


class Page(Protocol):
    def __call__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def page(*methods: str) -> Callable[[View], Page]:
    """A page for people who are signed in: GET unless other methods are named."""

    def wrap(view: View) -> Page:
        @require_http_methods([*(methods or ("GET",)), "HEAD"])
        @login_required
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except NotFound as error:
                raise Http404(error.message) from error
            except DomainError as error:
                return refused(request, error)

        return inner

    return wrap


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page of an error that no form can show."""
    template = "403.html" if isinstance(error, Forbidden) else "refused.html"
    response = render(request, template, {"exception": error.message, "crumbs": []}, status=error.status)
    if isinstance(error, TooMany):
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def team_of(request: Request, slug: str) -> Team:
    """The team, if the viewer may know of it. Raises NotFound, as all of these."""
    return _at(request, finding.team(request.user, slug))


def namespace_of(request: Request, team: str, name: str) -> Namespace:
    return _at(request, finding.namespace(request.user, team, name))


def app_of(request: Request, team: str, namespace: str, name: str) -> App:
    return _at(request, finding.app(request.user, team, namespace, name))


def volume_of(request: Request, team: str, namespace: str, name: str) -> Volume:
    return _at(request, finding.volume(request.user, team, namespace, name))


def secret_of(request: Request, team: str, namespace: str, name: str) -> Secret:
    return _at(request, finding.secret(request.user, team, namespace, name))


def _at(request: Request, found: P) -> P:
    """Remembers whose pages these are: the frame shows that team."""
    request.team = found.team
    return found


def attempt(form: DomainForm, verb: Callable[[], T]) -> T | None:
    """What the verb answers; None when it refused and the form now says why."""
    try:
        return verb()
    except (Forbidden, NotFound):
        raise
    except DomainError as error:
        form.take(error)
        return None


def told(request: HttpRequest, words: str, operation: Operation | None = None) -> None:
    """A note on the next page; of an operation it says live how far that is, and leads to it."""
    if operation is None:
        messages.success(request, words)
        return
    note = render_to_string("components/operation_note.html", {"asked": words, **operations.row(operation)})
    messages.info(request, note)


def wanted_part(request: Request, *parts: str) -> str:
    """Which partial htmx asks for (`?part=`); "" for the whole page."""
    part = request.GET.get("part", "")
    return f"#{part}" if request.htmx and part in parts else ""


def sent(fields: QueryDict, name: str) -> str:
    """A text that no form reads, as every database takes it: without NUL."""
    return fields.get(name, "").replace("\0", "")


def searched(request: HttpRequest) -> str:
    """What is looked for (`?q=`), short."""
    return sent(request.GET, "q").strip()[:80]


Crumb = tuple[str, str]


def crumbs(thing: Any = None, *more: str) -> list[Crumb]:
    """Where am I: (title, address); the last has no address."""
    trail = [*_trail(thing), *((title, "") for title in more)]
    return [*trail[:-1], (trail[-1][0], "")] if trail else []


def _trail(thing: Any) -> list[Crumb]:
    if isinstance(thing, Team):
        return [(thing.name, reverse("team", args=[thing.slug]))]
    if isinstance(thing, Namespace):
        return [*_trail(thing.team), (str(thing), reverse("namespace", args=[thing.team.slug, thing.name]))]
    if isinstance(thing, InNamespace):
        place = thing.namespace
        return [*_trail(place), (thing.name, reverse(thing.noun, args=[place.team.slug, place.name, thing.name]))]
    return []
