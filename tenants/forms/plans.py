"""Forms of plans, and of what staff set for one team."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms

from cluster.specs import STANDARD
from tenants import rules
from tenants.errors import DomainError
from tenants.forms.fields import DomainForm, RuleField
from tenants.forms.policies import shown, slug
from tenants.forms.quota import typed
from tenants.models import Plan, Team
from tenants.rules import policy_checks, whole
from tenants.rules.resources import heading, title

DEFAULTS = {
    "default_request_cpu": ("cpu", "CPU requested"),
    "default_request_memory": ("memory", "Memory requested"),
    "default_limit_memory": ("memory", "Memory at most"),
}


class PlanForm(DomainForm):
    """A plan: its limits, and what a container gets that says nothing."""

    name = RuleField(rules.plan_name, label="Short name")
    title = RuleField(rules.plan_title, label="Name")
    position = RuleField(lambda text: whole(text, 0, 1000, "places"), label="Place in the list", initial="0")
    active = forms.BooleanField(label="Offered for new namespaces", required=False, initial=True)

    def __init__(self, data: Mapping[str, Any] | None = None, *, plan: Plan | None = None) -> None:
        super().__init__(data, initial=_of(plan) if plan else {"default_request_cpu": "0.05", **_FIRST})
        for resource in STANDARD:
            self.fields[resource] = RuleField(partial(typed, resource), label=heading(resource))
        for name, (resource, label) in DEFAULTS.items():
            self.fields[name] = RuleField(partial(typed, resource), label=label)
        if plan is not None:
            del self.fields["name"]

    @property
    def limits(self) -> list[tuple[Any, str]]:
        """Fields of the limits with their units where the amount is a bare number."""
        return [(self[resource], _unit(resource)) for resource in STANDARD]

    @property
    def defaults(self) -> list[tuple[Any, str]]:
        return [(self[name], _unit(resource)) for name, (resource, _) in DEFAULTS.items()]


class TeamWallsForm(DomainForm):
    """Labels, ceilings where they differ from the policy's, and how many namespaces."""

    labels = RuleField(policy_checks.labels, label="Labels", required=False, blank={})
    namespaces_max = RuleField(
        lambda text: whole(text, 0, 1000, "namespaces"), label="Namespaces at most", required=False
    )

    def __init__(self, data: Mapping[str, Any] | None, *, team: Team, resources: tuple[str, ...]) -> None:
        initial = {
            "labels": ", ".join(f"{key}={value}" for key, value in team.labels.items()),
            "namespaces_max": "" if team.namespaces_max is None else str(team.namespaces_max),
            **{f"ceiling_{slug(resource)}": shown(resource, most) for resource, most in team.ceilings.items()},
        }
        super().__init__(data, initial=initial)
        self.resources = resources
        for resource in resources:
            self.fields[f"ceiling_{slug(resource)}"] = RuleField(
                partial(typed, resource), label=f"Ceiling of {title(resource)}", required=False
            )

    def ceiling_field(self, resource: str) -> Any:
        return self[f"ceiling_{slug(resource)}"]

    def ceilings(self) -> dict[str, int]:
        """Call when valid."""
        found = {resource: self.cleaned_data[f"ceiling_{slug(resource)}"] for resource in self.resources}
        return {resource: most for resource, most in found.items() if most is not None}

    def take(self, error: DomainError) -> None:
        fields = {}
        for path, words in error.fields.items():
            head, _, rest = path.partition(".")
            fields[f"ceiling_{slug(rest)}" if head == "ceilings" else head] = words
        super().take(DomainError(error.message, fields=fields))


def _unit(resource: str) -> str:
    """Beside the field; sizes name theirs in it."""
    return "cores" if resource == "cpu" else ""


def _of(plan: Plan) -> dict[str, Any]:
    units = {**{resource: resource for resource in STANDARD}, **{name: of for name, (of, _) in DEFAULTS.items()}}
    amounts = {name: shown(resource, getattr(plan, name)) for name, resource in units.items()}
    return {"title": plan.title, "position": str(plan.position), "active": plan.active, **amounts}


_FIRST = {"default_request_memory": "64 MiB", "default_limit_memory": "256 MiB"}
