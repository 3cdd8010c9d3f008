"""All addresses that Berth answers, as Django's resolver has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Route:
    name: str
    route: str
    keys: tuple[str, ...]


def routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns))


def _walk(
    patterns: list[URLPattern | URLResolver], prefix: str = "", space: str = "", keys: tuple[str, ...] = ()
) -> Iterator[Route]:
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        found = keys + tuple(pattern.pattern.converters) + tuple(pattern.pattern.regex.groupindex)
        found = tuple(dict.fromkeys(found))
        if isinstance(pattern, URLPattern):
            yield Route(f"{space}{pattern.name or ''}", route, found)
        else:
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, route, inner, found)


ROUTES = routes()
NAMED = {route.name: route for route in ROUTES}
