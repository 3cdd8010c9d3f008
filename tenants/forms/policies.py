"""Forms of the site's policy, for people who write no JSON: rules as rows that can be added, moved and taken out.

What was typed is one flat set of fields, `rule-<n>-<field>` for the rules: it comes from a version or from the page,
and rows are moved in it without a check, so that nothing typed is lost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from cluster.amounts import MIB
from cluster.specs import STANDARD
from tenants.errors import DomainError
from tenants.forms import quota
from tenants.forms.fields import DomainForm, RuleField
from tenants.rules import description, policy_checks, quantities, whole
from tenants.rules.broken import Broken
from tenants.rules.policy import RECENT_DAYS, Policy, Rule
from tenants.rules.resources import check_extra, heading, number, title, unit

Typed = MultiValueDict[str, str]
OUTCOMES = (("approve", "Approve at once"), ("approver", "Send to an approver"))
TABLES = ("ceilings", "two_persons", "over_commit")
_RULE = re.compile(r"rule-(0|[1-9][0-9]{0,2})-(.+)")


def percent(text: str) -> float:
    """A share as people write it: `50` or `50%` is 0.5. Raises Broken."""
    return whole(text.strip().removesuffix("%"), 0, 10_000, "percent") / 100


def extra(text: str) -> tuple[str, ...]:
    """Resources beside the standard ones, one a line or with commas. Raises Broken."""
    return tuple(dict.fromkeys(check_extra(part) for part in re.split(r"[,\n]", text) if part.strip()))


def slug(resource: str) -> str:
    """The resource as a part of a field's name."""
    return re.sub(r"[^A-Za-z0-9]+", "_", resource)


def shown(resource: str, value: int) -> str:
    """An amount as its field takes it, exactly: `8`, `16 GiB`, `40`; odd ones in the smallest unit."""
    name, one = unit(resource)
    if value * 100 % one:
        whole_mib = name == "GiB" and value % MIB == 0
        return f"{value}m" if resource == "cpu" else f"{value // MIB} MiB" if whole_mib else f"{value} bytes"
    return f"{number(resource, value)} {name}" if name == "GiB" else number(resource, value)


class RuleForm(DomainForm):
    """One rule; empty conditions always hold. `spaces` are the amounts, a field each, with the resource's tick."""

    name = forms.CharField(label="Name", max_length=80, error_messages={"required": "Name the rule."})
    then = forms.ChoiceField(label="What it does", choices=OUTCOMES, initial="approve")
    raise_at_most = RuleField(percent, label="Raise at most", required=False)
    used_at_least = RuleField(percent, label="Two-week peak at least", required=False)
    labels = RuleField(policy_checks.labels, label="Team’s labels", required=False, blank={})
    recent_below = RuleField(
        lambda text: whole(text, 1, 1000, "approvals"), label=f"Fewer in {RECENT_DAYS} days than", required=False
    )
    days_at_most = RuleField(lambda text: whole(text, 1, 3660, "days"), label="For at most", required=False)

    def __init__(self, typed: Typed, index: int, resources: tuple[str, ...], *, bound: bool) -> None:
        prefix = f"rule-{index}"
        initial = {name.removeprefix(f"{prefix}-"): typed[name] for name in typed if name.startswith(f"{prefix}-")}
        super().__init__(typed if bound else None, prefix=prefix, initial=initial)
        self.index, self.resources = index, resources
        for resource in resources:
            self.fields[f"tick_{slug(resource)}"] = forms.BooleanField(label=title(resource), required=False)
            most = RuleField(partial(quota.typed, resource), label=f"{title(resource)} up to", required=False)
            self.fields[f"most_{slug(resource)}"] = most

    @property
    def spaces(self) -> list[dict[str, Any]]:
        return [
            {
                "tick": self[f"tick_{slug(resource)}"],
                "most": self[f"most_{slug(resource)}"],
                "title": title(resource),
                "unit": unit(resource)[0],
            }
            for resource in self.resources
        ]

    def rule(self) -> dict[str, Any]:
        """Call when valid. An amount ticks its resource; where all that are ticked have amounts, these say which."""
        data = self.cleaned_data
        bounds = {name: data[f"most_{slug(name)}"] for name in self.resources}
        at_most = {name: most for name, most in bounds.items() if most is not None}
        named = [name for name in self.resources if name in at_most or data[f"tick_{slug(name)}"]]
        plain = ("raise_at_most", "used_at_least", "recent_below", "days_at_most")
        return {
            "name": data["name"],
            "then": data["then"],
            "resources": named if set(named) != set(at_most) else [],
            "at_most": at_most,
            "labels": data["labels"],
            **{name: data[name] for name in plain},
        }

    def field_of(self, path: str) -> str:
        """The field of a fault: "at_most.cpu" → "most_cpu"."""
        head, _, rest = path.partition(".")
        found = f"most_{slug(rest)}" if head == "at_most" and rest else head
        return found if found in self.fields else "name"


class WallsForm(DomainForm):
    """Walls and sizes by resource, and what else a policy has."""

    namespaces_max = RuleField(lambda text: whole(text, 0, 1000, "namespaces"), label="Namespaces of a team")
    extra = RuleField(extra, label="More resources", required=False, blank=(), widget=forms.Textarea(attrs={"rows": 2}))
    note = RuleField(description, label="What changes", required=False, blank="")

    def __init__(self, typed: Typed, resources: tuple[str, ...], *, bound: bool) -> None:
        super().__init__(typed if bound else None, initial={name: typed[name] for name in typed})
        self.resources = resources
        for table in TABLES:
            for resource in resources:
                if table != "over_commit" or policy_checks.has_capacity(resource):
                    rule = percent if table == "over_commit" else partial(quota.typed, resource)
                    self.fields[f"{table}_{slug(resource)}"] = RuleField(rule, label=title(resource), required=False)

    @property
    def rows(self) -> list[dict[str, Any]]:
        names = {resource: slug(resource) for resource in self.resources}
        return [
            {
                "title": heading(resource),
                "unit": unit(resource)[0],
                **{table: self[f"{table}_{name}"] for table in TABLES if f"{table}_{name}" in self.fields},
            }
            for resource, name in names.items()
        ]

    def walls(self) -> dict[str, Any]:
        """Call when valid."""
        data = self.cleaned_data
        tables = {
            table: {
                name: data[f"{table}_{slug(name)}"]
                for name in self.resources
                if data.get(f"{table}_{slug(name)}") is not None
            }
            for table in TABLES
        }
        return {**tables, "namespaces_max": data["namespaces_max"], "extra": list(data["extra"])}

    def field_of(self, path: str) -> str | None:
        head, _, rest = path.partition(".")
        found = f"{head}_{slug(rest)}" if rest else head
        return found if found in self.fields else None


class PolicyForm:
    """The whole: `rules` and `walls`. Bound, it is checked; else it shows what was typed as it is.

    `more` are the resources that the page showed beside the standard ones: one that is taken out of the policy keeps
    its fields, so that a rule about it is told so, and is not a rule about everything now.
    """

    def __init__(self, typed: Typed, *, bound: bool) -> None:
        self.more = tuple(dict.fromkeys((*_enabled(typed.get("more", "")), *_enabled(typed.get("extra", "")))))
        resources = (*STANDARD, *self.more)
        self.rules = [RuleForm(typed, index, resources, bound=bound) for index in _indexes(typed)]
        self.walls = WallsForm(typed, resources, bound=bound)
        self._parts: list[DomainForm] = [*self.rules, self.walls]

    @property
    def non_field_errors(self) -> Any:
        return self.walls.non_field_errors()

    @property
    def first_error(self) -> str:
        return next((part.first_error for part in self._parts if part.first_error), "")

    @property
    def error_count(self) -> int:
        return sum(part.error_count for part in self._parts)

    def is_valid(self) -> bool:
        return all(part.is_valid() for part in self._parts)

    def body(self) -> dict[str, Any]:
        """The policy as JSON keeps it. Call when valid."""
        return {"rules": [form.rule() for form in self.rules], **self.walls.walls()}

    def take(self, error: DomainError) -> None:
        """Puts the faults of the service at their fields."""
        if not error.fields:
            self.walls.add_error(None, error.message)
        for path, words in error.fields.items():
            head, _, rest = path.partition(".")
            at, _, field = rest.partition(".")
            index = quantities.number(at)
            if head == "rules" and index is not None and index < len(self.rules):
                form = self.rules[index]
                form.add_error(form.field_of(field), words)
            else:
                self.walls.add_error(self.walls.field_of(path), words)


def typed_of(policy: Policy, note: str = "") -> Typed:
    """A version as the form's fields."""
    typed: Typed = MultiValueDict({"note": [note], "namespaces_max": [str(policy.namespaces_max)]})
    typed["extra"] = typed["more"] = "\n".join(policy.extra)
    for table in TABLES:
        for resource, value in getattr(policy, table).items():
            text = f"{value * 100:.0f}" if table == "over_commit" else shown(resource, value)
            typed[f"{table}_{slug(resource)}"] = text
    for index, rule in enumerate(policy.rules):
        for name, text in _typed_rule(rule).items():
            typed[f"rule-{index}-{name}"] = text
    return typed


def arranged(typed: Typed, do: str) -> Typed:
    """The same fields with the rules as `do` wants them: "add", "up:1", "down:1", "remove:1" (counted from 0)."""
    order = _indexes(typed)
    what, _, at = do.partition(":")
    place = quantities.number(at)
    if place is not None and place < len(order) and what == "remove":
        order.pop(place)
    elif place is not None and place < len(order) and what in ("up", "down"):
        other = max(0, min(len(order) - 1, place + (1 if what == "down" else -1)))
        order[place], order[other] = order[other], order[place]
    made: Typed = MultiValueDict()
    for name, values in typed.lists():
        found = _RULE.fullmatch(name)
        if found is None:
            made.setlist(name, values)
        elif int(found[1]) in order:
            made.setlist(f"rule-{order.index(int(found[1]))}-{found[2]}", values)
    if what == "add":
        made[f"rule-{len(order)}-name"] = ""
        made[f"rule-{len(order)}-then"] = "approve"
    return made


def _typed_rule(rule: Rule) -> dict[str, str]:
    shares = {"raise_at_most": rule.raise_at_most, "used_at_least": rule.used_at_least}
    counts = {"recent_below": rule.recent_below, "days_at_most": rule.days_at_most}
    return {
        "name": rule.name,
        "then": rule.then,
        "labels": ", ".join(f"{key}={value}" for key, value in rule.labels.items()),
        **{name: f"{share * 100:.0f}" for name, share in shares.items() if share is not None},
        **{name: str(count) for name, count in counts.items() if count is not None},
        **{f"tick_{slug(resource)}": "on" for resource in rule.resources or rule.at_most},
        **{f"most_{slug(resource)}": shown(resource, most) for resource, most in rule.at_most.items()},
    }


def _indexes(typed: Mapping[str, Any]) -> list[int]:
    """The rules' numbers in the order of the page: each has a name's field, be it empty."""
    found = (_RULE.fullmatch(name) for name in typed)
    return sorted(int(match[1]) for match in found if match and match[2] == "name")[: policy_checks.RULES_MOST + 1]


def _enabled(text: str) -> tuple[str, ...]:
    """The resources that the form offers: none beside the standard ones while what is typed there is wrong."""
    try:
        return extra(text)
    except Broken:
        return ()
