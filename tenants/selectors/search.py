"""Search over teams, apps, volumes and secrets by name, with the viewer's rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.urls import reverse

from tenants.models import App, Namespace, Secret, Team, User, Volume

EACH = 8


@dataclass(frozen=True, slots=True)
class Hit:
    icon: str
    name: str
    where: str
    url: str


def find(user: User, text: str) -> list[Hit]:
    """At most 8 of each noun whose name contains `text`; nothing for an empty one."""
    text = text.strip()[:80]
    if not text:
        return []
    hits = [
        Hit("users", team.name, "team", reverse("team", args=[team.slug]))
        for team in Team.objects.visible_to(user).filter(Q(name__icontains=text) | Q(slug__icontains=text))[:EACH]
    ]
    places = Namespace.objects.visible_to(user).filter(cluster_name__icontains=text).select_related("team")
    places = places.only("name", "team__slug")[:EACH]
    hits += [Hit("stack-2", str(place), "namespace", _url("namespace", place)) for place in places]
    for model, icon in ((App, "box"), (Volume, "database"), (Secret, "key")):
        hits += _in_namespace(user, model, icon, text)
    return hits


def _in_namespace(user: User, model: Any, icon: str, text: str) -> list[Hit]:
    # Staff searches all teams: the database sorts names, not whole rows.
    shown = ("name", "namespace__name", "namespace__team__slug")
    named = model.objects.visible_to(user).filter(name__icontains=text)
    found = named.select_related("namespace__team").only(*shown)[:EACH]
    return [
        Hit(icon, thing.name, f"{model.noun} in {thing.namespace}", _url(model.noun, thing.namespace, thing.name))
        for thing in found
    ]


def _url(name: str, namespace: Namespace, *more: str) -> str:
    return reverse(name, args=[namespace.team.slug, namespace.name, *more])
