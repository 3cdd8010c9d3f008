"""What a policy must keep to before it is saved: each fault at the field where it is mended. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cluster.specs import STANDARD
from tenants.rules.broken import Broken
from tenants.rules.policy import Policy, Rule, load
from tenants.rules.resources import CLASS, check_extra

RULES_MOST, EXTRA_MOST, LABELS_MOST = 50, 20, 20
_WORD = re.compile(r"[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?")
_PLACE = re.compile(r"^(?P<words>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)

Fault = tuple[str, str]
"""Where ("rules.0.name", "ceilings.cpu") and what is wrong."""


def checked(body: Mapping[str, Any]) -> tuple[Policy, dict[str, str]]:
    """The policy and its faults by field. Of a body that is no policy at all, an empty policy and the one fault."""
    try:
        policy = load(body)
    except msgspec.ValidationError as error:
        return Policy(), dict([_misshapen(error)])
    return policy, dict(reversed(list(_faults(policy))))


def resources_of(policy: Policy) -> tuple[str, ...]:
    """All that quotas may have under the policy."""
    return (*STANDARD, *policy.extra)


def has_capacity(resource: str) -> bool:
    """Whether nodes say how much of it they have, so that it can be granted more than once."""
    return resource in ("cpu", "memory", "pods") or (resource not in STANDARD and not resource.startswith(CLASS))


def labels(text: str) -> dict[str, str]:
    """Labels as people write them: `env=prod, unit=retail`, or one a line. Raises Broken."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in re.split(r"[,\n]", text))):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals:
            raise Broken(f"Write “{pair[:40]}” as a name and a value, such as env=prod.")
        if key in found:
            raise Broken(f"“{key[:40]}” stands here twice: keep one of them.")
        found[key] = value
    return clean_labels(found)


def clean_labels(found: Mapping[str, str]) -> dict[str, str]:
    """Labels of a team. Raises Broken."""
    if len(found) > LABELS_MOST:
        raise Broken(f"At most {LABELS_MOST} labels.")
    for part in (part for pair in found.items() for part in pair):
        if not _WORD.fullmatch(part):
            raise Broken(f"“{part[:40]}”: small letters, digits, “-”, “_” and “.”, at most 63 of them.")
    return dict(found)


def _faults(policy: Policy) -> Iterator[Fault]:
    known = resources_of(policy)
    if len(policy.rules) > RULES_MOST:
        yield "rules", f"At most {RULES_MOST} rules."
    names = [rule.name.strip().casefold() for rule in policy.rules]
    for index, rule in enumerate(policy.rules):
        yield from ((f"rules.{index}.{field}", words) for field, words in _of_rule(rule, known))
        if names[index] in names[:index]:
            yield f"rules.{index}.name", "Another rule has this name: decisions are told apart by it."
    for table in ("ceilings", "two_persons", "over_commit"):
        yield from _unknown(table, getattr(policy, table), known)
    for resource, share in policy.over_commit.items():
        if not has_capacity(resource):
            yield f"over_commit.{resource}", "Nodes do not say how much of it they have."
        elif not _whole(share) or share < 0.01:
            yield f"over_commit.{resource}", "A whole percentage from 1 to 10000."
    if len(policy.extra) > EXTRA_MOST or len(set(policy.extra)) < len(policy.extra):
        yield "extra", f"At most {EXTRA_MOST} resources, each once."
    for resource in policy.extra:
        try:
            if check_extra(resource) != resource:
                yield "extra", f"“{resource[:40]}” has spaces around it."
        except Broken as broken:
            yield "extra", f"“{resource[:40]}”: {broken.message}"


def _of_rule(rule: Rule, known: tuple[str, ...]) -> Iterator[Fault]:
    if not rule.name.strip():
        yield "name", "Give the rule a name: decisions that it makes carry it."
    if not rule.name.isprintable():
        yield "name", "Letters, digits and signs that one can see, please."
    if len(set(rule.resources)) < len(rule.resources):
        yield "resources", "Each resource once, please."
    yield from _unknown("resources", rule.resources, known)
    yield from _unknown("at_most", rule.at_most, known)
    for resource in rule.at_most:
        if rule.resources and resource not in rule.resources:
            yield f"at_most.{resource}", "The rule is not about this resource: choose it, or clear the amount."
    for field, most in (("raise_at_most", 100.0), ("used_at_least", 1.0)):
        share = getattr(rule, field)
        if share is not None and (not _whole(share) or share > most):
            yield field, f"A whole percentage from 0 to {most * 100:.0f}."
    if rule.recent_below == 0:
        yield "recent_below", "From 1 on: nothing is fewer than 0."
    try:
        clean_labels(rule.labels)
    except Broken as broken:
        yield "labels", broken.message


def _unknown(table: str, named: Any, known: tuple[str, ...]) -> Iterator[Fault]:
    for resource in named:
        if resource not in known:
            place = table if table == "resources" else f"{table}.{resource}"
            yield place, f"“{resource[:60]}” is no resource here: enable it first."


def _whole(share: float) -> bool:
    return abs(share * 100 - round(share * 100)) < 1e-9


def _misshapen(error: msgspec.ValidationError) -> Fault:
    """Where the shape breaks, as the other faults name places: `$.rules[0].name` → rules.0.name."""
    found = _PLACE.match(str(error))
    path = (found["path"] or "") if found else ""
    where = re.sub(r"\[(\d+|\.\.\.)\]", r".\1", path).replace("....", "").strip(".")
    return where or "rules", f"{found['words'] if found else error}."
