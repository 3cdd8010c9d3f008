"""By which rules quota is given: the shape of a policy, and what it says to a request. Pure.

Rules are ordered and the first that matches a resource decides about it; where none matches, an approver does. A
request is approved at once when a rule approves each of its resources. Ceilings are walls: neither a rule nor an
approver passes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import ceil, floor
from typing import Annotated, Any, Literal

import msgspec

from tenants.rules.resources import say, title

Share = Annotated[float, msgspec.Meta(ge=0, le=100)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=1 << 60)]
RECENT_DAYS = 30
"""The span in which earlier automatic approvals of a team are counted."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Matches a resource of a request when all its conditions hold; a condition that is left out always holds.

    Without `resources` it is about those of `at_most`, and without these, too, about all.
    """

    name: Annotated[str, msgspec.Meta(max_length=80)]
    then: Literal["approve", "approver"] = "approve"
    resources: tuple[str, ...] = ()
    at_most: dict[str, Amount] = {}  # wanted limit, by resource
    raise_at_most: Share | None = None  # (wanted - granted) / granted
    used_at_least: Share | None = None  # two-week peak / granted
    labels: dict[str, str] = {}  # of the team
    recent_below: Annotated[int, msgspec.Meta(ge=0, le=1000)] | None = None  # automatic approvals in RECENT_DAYS
    days_at_most: Annotated[int, msgspec.Meta(ge=1, le=3660)] | None = None  # raises for a time alone


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`two_persons`: wanted limits above which two approvers must approve. `over_commit`: how much of what the nodes
    have may be granted, 1.0 is all of it. `extra`: resources beside the standard ones that quotas may have.
    """

    rules: tuple[Rule, ...] = ()
    ceilings: dict[str, Amount] = {}  # all namespaces of a team together
    two_persons: dict[str, Amount] = {}
    over_commit: dict[str, Share] = {}
    namespaces_max: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 20
    extra: tuple[str, ...] = ()


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is known of one resource of a request, kept with it so that other rules can be tried out on it later.

    `total` is what all namespaces of the team would be granted; `ceiling` is the team's own, None where the policy's
    holds; `recent` counts the team's automatic approvals in RECENT_DAYS.
    """

    resource: str
    granted: int
    wanted: int
    peak: int
    total: int
    ceiling: int | None
    labels: dict[str, str]
    recent: int
    days: int | None  # None: for good


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the policy says to one resource: `rule` decided (its number from 1 and name; 0 and "" where none did)."""

    resource: str
    approves: bool
    number: int
    rule: str
    why: str  # "raise up to 50%"; all that stands against it: "more than 8 GiB, and the team is not env=prod"
    wall: bool = False  # over the team's ceiling: nobody may approve it


def load(body: Mapping[str, Any]) -> Policy:
    """A policy from its stored form. Raises msgspec.ValidationError."""
    return msgspec.convert(body, Policy)


def dump(policy: Policy) -> dict[str, Any]:
    """As JSON keeps it."""
    return dict(msgspec.to_builtins(policy))


def facts(kept: Mapping[str, Any]) -> Facts:
    """Facts of one resource as a request keeps them. Raises msgspec.ValidationError."""
    return msgspec.convert(kept, Facts)


def judge(policy: Policy, facts: Facts) -> Verdict:
    """What the policy says to one resource of a request, and why.

    Asking for less is never answered worse, as long as the rules that send to an approver set no upper bounds.
    """
    ceiling = facts.ceiling if facts.ceiling is not None else policy.ceilings.get(facts.resource)
    if ceiling is not None and facts.total > ceiling and facts.wanted > facts.granted:
        all_of_it, most = say(facts.resource, facts.total), say(facts.resource, ceiling)
        why = f"the team would have {all_of_it}, and its ceiling is {most}"
        return Verdict(facts.resource, approves=False, number=0, rule="", why=why, wall=True)
    if facts.wanted <= facts.granted:
        return Verdict(facts.resource, approves=True, number=0, rule="", why="not more than it has")
    nearest: tuple[int, int, Rule, list[str]] | None = None
    for number, rule in enumerate(policy.rules, 1):
        if not about(rule, facts.resource):
            continue
        against = _against(rule, facts)
        alone = policy.two_persons.get(facts.resource)
        if not against and rule.then == "approve" and alone is not None and facts.wanted > alone:
            against = [f"more than {say(facts.resource, alone)} takes two approvers"]
        if not against:
            words = ", ".join(conditions(rule, facts.resource)) or "always"
            return Verdict(facts.resource, rule.then == "approve", number, rule.name, words)
        past = facts.granted >= rule.at_most.get(facts.resource, facts.granted + 1)  # it never approves a raise here
        distance = len(against) + (len(policy.rules) if past else 0)
        if rule.then == "approve" and (nearest is None or distance < nearest[0]):
            nearest = distance, number, rule, against
    if nearest is None:
        why = f"no rule approves raises of {title(facts.resource)}"
        return Verdict(facts.resource, approves=False, number=0, rule="", why=why)
    _, number, rule, against = nearest
    return Verdict(facts.resource, approves=False, number=number, rule=rule.name, why=", and ".join(against))


def about(rule: Rule, resource: str) -> bool:
    """Whether the rule is about the resource at all."""
    named = rule.resources or tuple(rule.at_most)
    return not named or resource in named


def conditions(rule: Rule, resource: str = "") -> list[str]:
    """What a rule asks for in words, of a resource with its bound: ["up to 8 cores", "raise up to 50%"]."""
    words = [f"up to {say(resource, rule.at_most[resource])}"] if resource in rule.at_most else []
    if rule.raise_at_most is not None:
        words.append(f"raise up to {rule.raise_at_most:.0%}")
    if rule.used_at_least is not None:
        words.append(f"two-week peak at least {rule.used_at_least:.0%} of granted")
    words += [f"team is {key}={value}" for key, value in rule.labels.items()]
    if rule.recent_below is not None:
        words.append(f"fewer than {rule.recent_below} approved by rules in {RECENT_DAYS} days")
    if rule.days_at_most is not None:
        words.append(f"for at most {rule.days_at_most} days")
    return words


def _against(rule: Rule, facts: Facts) -> list[str]:
    """What of the rule's conditions does not hold, in words."""
    resource, against = facts.resource, []
    most = rule.at_most.get(resource)
    if most is not None and facts.wanted > most:
        against.append(f"more than {say(resource, most)}")
    if rule.raise_at_most is not None and facts.wanted - facts.granted > _of(rule.raise_at_most, facts.granted):
        would_do = facts.granted + floor(_of(rule.raise_at_most, facts.granted))
        against.append(f"the raise is over {rule.raise_at_most:.0%}, which is up to {say(resource, would_do)}")
    if rule.used_at_least is not None and not _used(rule.used_at_least, facts):
        least = say(resource, ceil(_of(rule.used_at_least, facts.granted)))
        share = f"{rule.used_at_least:.0%} of what is granted" + (f", {least}" if facts.granted else "")
        against.append(f"the two-week peak of {say(resource, facts.peak)} is below {share}")
    for key, value in rule.labels.items():
        if facts.labels.get(key) != value:
            against.append(f"the team is not {key}={value}")
    if rule.recent_below is not None and facts.recent >= rule.recent_below:
        raises = "1 raise was" if facts.recent == 1 else f"{facts.recent} raises were"
        against.append(f"{raises} approved automatically in {RECENT_DAYS} days")
    if rule.days_at_most is not None and (facts.days is None or facts.days > rule.days_at_most):
        against.append(f"it is for longer than {rule.days_at_most} days")
    return against


def _used(share: float, facts: Facts) -> bool:
    """Nothing granted is not used, however small the share."""
    return facts.granted > 0 and facts.peak >= _of(share, facts.granted)


def _of(share: float, amount: int) -> Fraction:
    """Exactly: 29% of 100 is 29, which floats miss."""
    return Fraction(str(share)) * amount
