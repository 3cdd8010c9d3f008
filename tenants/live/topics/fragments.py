"""Topics → the HTML that their pages show now: the pages' own partials, rendered once for all who look.

The partials named here hold no button and no form, so that they are the same for every viewer.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import close_old_connections
from django.template.loader import render_to_string

from cluster import involved, names
from cluster.pruned import Event
from cluster.rollout import Rollout
from cluster.watch import Change
from tenants import selectors
from tenants.live import frames
from tenants.live.events import Changed
from tenants.live.topics.topic import Topic
from tenants.models import App, Namespace, Operation, Team

PARTIALS: dict[str, tuple[str, tuple[str, ...]]] = {
    "app": ("tenants/apps/detail.html", ("header", "diagnosis", "rollout", "address", "events")),
    "namespace": ("tenants/namespaces/detail.html", ("header", "paused", "conditions", "quota", "remaining")),
    "quota": ("tenants/quota/namespace.html", ("seen", "figures", "asked", "changes")),
    "quotas": ("tenants/quota/team.html", ("seen", "totals", "cards")),
    "team": ("tenants/teams/detail.html", ("quota", "apps")),
    "operation": ("tenants/operations/detail.html", ("operation", "short")),
}
"""Noun → (template, its live partials); each is the content of a `data-fragment` of the same name."""

AGED = frozenset({"quota", "quotas"})
"""Nouns whose pages say how old their figures are, and since when a cluster is silent: that comes by the clock."""

Figures = frames.App | None


def render(topic: Topic, rollout: Rollout | None, events: Iterable[Event] = ()) -> tuple[Figures, dict[str, str]]:
    """(figures for scripts or None, target → HTML) of a topic as it stands; (None, {}) when its row is gone.

    Runs in a thread of its own: it reads the database.
    """
    close_old_connections()
    try:
        return _render(topic, rollout, events)
    finally:
        close_old_connections()


def last_lines(lines: list[str]) -> str:
    """What a crashed program wrote last; for those alone who may read logs."""
    return render_to_string("tenants/apps/detail.html#last_lines", {"lines": lines})


def app_of(change: Change) -> str:
    """Name of the app that a change in the cluster concerns, or ""."""
    if change.object is None:
        return ""
    if change.kind == "Event":
        subject = change.object.involved_object
        return involved.app_of(subject.kind, subject.name)
    app: str = change.object.labels.get(names.LABEL_APP, "")
    return app


def concerns(topic: Topic, message: Changed) -> bool:
    """Whether a change of something else of the same team is also a change of what `topic` shows."""
    if topic.noun in {"team", "home", "quotas"}:
        return True
    if topic.noun in {"namespace", "quota"}:
        return message.noun != "team"
    return message.about == topic.name


def _render(topic: Topic, rollout: Rollout | None, events: Iterable[Event]) -> tuple[Figures, dict[str, str]]:
    if topic.noun not in PARTIALS:
        return None, {}
    figures: Figures = None
    if topic.noun == "app":
        app = App.objects.select_related("namespace__team", "release", "serving").filter(pk=topic.id).first()
        if app is None:
            return None, {}
        rollout = rollout or selectors.apps.last_rollout(app)
        context = selectors.apps.live_context(app, rollout, events)
        figures = _figures(topic, rollout) if rollout else None
    elif topic.noun in ("namespace", "quota"):
        namespace = Namespace.objects.select_related("team", "plan", "paused_by").filter(pk=topic.id).first()
        if namespace is None:
            return None, {}
        of_place = {"namespace": selectors.namespaces.live_context, "quota": selectors.quota.page_context}
        context = of_place[topic.noun](namespace)
    elif topic.noun in ("team", "quotas"):
        team = Team.objects.filter(pk=topic.id).first()
        if team is None:
            return None, {}
        of_team = {"team": selectors.teams.live_context, "quotas": selectors.quota.team_context}
        context = of_team[topic.noun](team)
    else:
        operation = Operation.objects.select_related("team", "namespace", "actor").filter(pk=topic.id).first()
        if operation is None:
            return None, {}
        context = selectors.operations.live_context(operation)
    template, targets = PARTIALS[topic.noun]
    return figures, {target: render_to_string(f"{template}#{target}", context) for target in targets}


def _figures(topic: Topic, rollout: Rollout) -> frames.App:
    return frames.App(
        topic=topic.name,
        state=rollout.state,
        sentence=rollout.sentence,
        release=rollout.release_new,
        ready=rollout.ready,
        wanted=rollout.wanted,
        updated=rollout.updated,
        finished=rollout.finished,
        diagnosis=rollout.diagnosis.code if rollout.diagnosis else None,
        settled=rollout.finished or rollout.state == "stopped",
    )
