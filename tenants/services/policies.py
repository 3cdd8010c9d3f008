"""By which rules quota is given: versions of the site's policy, and what staff set for one team.

A version is never edited: each change is a new one, tried out before it goes live. Locks: all versions at once, so that
of two who save or go live the second is told what the first did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from tenants import access, audit, notices, rules, weighing
from tenants.errors import Conflict, Forbidden, Invalid, NotFound
from tenants.live import events
from tenants.models import Policy, Team, User
from tenants.roles import left_lately
from tenants.rules import policy as shapes
from tenants.rules.policy_checks import checked, clean_labels, resources_of
from tenants.rules.policy_words import changes, table_changes
from tenants.rules.resources import BYTES_MOST
from tenants.services.wishes import clean, lock_team

NAMESPACES_MOST = 1000


def save(
    *, actor: User, body: Mapping[str, Any], note: str = "", based_on: int | None = None, newest: int | None = None
) -> Policy:
    """A new version, as a draft. `based_on` is the version that it changes; `newest` the newest that the actor saw.

    Raises Invalid at the fields of the policy ("rules.0.name", "ceilings.cpu") or at note; Conflict ("overtaken") where
    another version was saved after `newest`, and where it changes nothing ("same"); NotFound.
    """
    access.require_site(actor, "policies.edit")
    policy, faults = checked(body)
    if faults:
        raise Invalid("The policy needs a change.", fields=faults)
    note = clean("note", lambda: rules.description(note))
    with transaction.atomic():
        versions = _locked()
        if newest is not None and versions and max(versions) != newest:
            raise Conflict(_overtaken(versions[max(versions)]), code="overtaken")
        if based_on is not None and based_on not in versions:
            raise NotFound("There is no such version.")
        base = versions.get(based_on) if based_on is not None else weighing.current()[0]
        if base is not None and shapes.load(base.body) == policy:
            raise Conflict(f"This is version {base.number} as it is: change something first.", code="same")
        row = Policy.objects.create(body=shapes.dump(policy), note=note, based_on=base, created_by=actor)
        audit.record(actor=actor, action="policy.save", thing=row, changes=_changes(base, policy), detail=note)
    return row


def go_live(*, actor: User, policy: Policy, holds: int | None = None) -> Policy:
    """From now on this version holds. `holds` is the one that held as the actor saw it.

    Raises Conflict: "overtaken" where another went live meanwhile, "live" where it was live before (to go back, save
    the earlier version as a new one); Invalid where a later Berth knows more faults.
    """
    access.require_site(actor, "policies.edit", policy)
    with transaction.atomic():
        found = _locked().get(policy.pk)
        if found is None:
            raise NotFound("There is no such version.")
        before, old = weighing.current()
        if found.live_at is not None:
            raise Conflict(f"Version {found.number} was live before: start a new version from it.", code="live")
        if holds is not None and (before is None or before.pk != holds):
            who = f"{before.live_by} put version {before.number} live" if before is not None else "No version holds"
            raise Conflict(f"{who} meanwhile: look again at what this one changes.", code="overtaken")
        new, faults = checked(found.body)
        if faults:
            raise Invalid("This version needs a change before it goes live.", fields=faults)
        found.live_at, found.live_by = timezone.now(), actor
        found.save(update_fields=["live_at", "live_by"])
        detail = f"instead of version {before.number}" if before is not None else "the first"
        audit.record(actor=actor, action="policy.live", thing=found, changes=changes(old, new), detail=detail)
    return found


def edit_team_quota(
    *,
    actor: User,
    team: Team,
    labels: Mapping[str, str],
    ceilings: Mapping[str, int],
    namespaces_max: int | None,
) -> Team:
    """What policies ask for of a team, and its own walls where they differ from the policy's (None: the policy's).

    A ceiling below what is granted takes nothing away: it stops raises. Raises Invalid at labels, `ceilings.<resource>`
    or namespaces_max; Forbidden for whoever is in the team, or was lately; Gone.
    """
    access.require_site(actor, "policies.edit", team)
    if team.memberships.filter(user=actor).exists() or left_lately([team.pk], [actor.pk]):
        audit.record(actor=actor, action="policies.edit", thing=team, outcome="denied")
        raise Forbidden(f"You are in {team}, or were lately: another approver sets this for it.")
    labels = clean("labels", lambda: clean_labels(labels))
    _, policy = weighing.current()
    for resource, most in ceilings.items():
        if resource not in resources_of(policy):
            raise Invalid.at(f"ceilings.{resource}", f"“{resource[:60]}” is no resource here: enable it in the policy.")
        if not 0 <= most <= BYTES_MOST:
            raise Invalid.at(f"ceilings.{resource}", "An amount that a quota can have, please.")
    if namespaces_max is not None and not 0 <= namespaces_max <= NAMESPACES_MOST:
        raise Invalid.at("namespaces_max", f"From 0 to {NAMESPACES_MOST}.")
    with transaction.atomic():
        team = lock_team(team, even_suspended=True)
        told = [
            *_label_changes(team.labels, labels),
            *table_changes("ceilings", team.ceilings, ceilings),
        ]
        if team.namespaces_max != namespaces_max:
            told.append({"field": "namespaces", "old": team.namespaces_max, "new": namespaces_max})
        if not told:
            return team
        team.labels, team.ceilings, team.namespaces_max = dict(labels), dict(ceilings), namespaces_max
        team.save(update_fields=["labels", "ceilings", "namespaces_max", "updated_at"])
        audit.record(actor=actor, action="team.quota", thing=team, changes=told)
        events.announce(events.Changed(team=team.pk, noun="team", id=str(team.pk), what="quota"))
        title = f"{actor} changed what {team} may have"
        path = reverse("team_quota", args=[team.slug])
        notices.tell(notices.managers(team), kind="quota.bounds", title=title, text=_words(told), path=path, team=team)
    return team


def _locked() -> dict[int, Policy]:
    """All versions by number, of which there are few, while nobody else saves one or puts one live.

    They are read again below the lock: whoever waited for it sees what the other saved. Of none there is none to lock,
    and nothing to overtake.
    """
    list(Policy.objects.select_for_update(no_key=True).order_by("pk"))
    return {row.pk: row for row in Policy.objects.select_related("created_by")}


def _overtaken(newer: Policy) -> str:
    who = newer.created_by or "Somebody"
    return f"{who} saved version {newer.number} meanwhile: look at it; to keep yours beside it, save again."


def _changes(base: Policy | None, policy: shapes.Policy) -> list[dict[str, Any]]:
    return changes(shapes.load(base.body) if base is not None else shapes.Policy(), policy)


def _words(told: list[dict[str, Any]]) -> str:
    """A line for each: "ceiling of CPU: 12 cores" """
    lines = []
    for change in told:
        none = "taken away" if change["field"].startswith("label ") else "as the policy has it"
        lines.append(f"{change['field'].replace(': ', ' of ')}: {none if change['new'] is None else change['new']}")
    return "\n".join(line[:1].upper() + line[1:] for line in lines)


def _label_changes(old: Mapping[str, str], new: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"field": f"label {key}", "old": old.get(key), "new": new.get(key)}
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]
