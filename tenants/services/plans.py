"""Plans: the sizes that staff offer. A namespace begins with its plan's limits and keeps them when the plan changes.

The container defaults are the plan's at any time: a change of them reaches every namespace of the plan, since a wrong
one could not be mended otherwise. They are for containers that say nothing, so no app's own size changes.
"""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from tenants import access, audit, operations, rules
from tenants.errors import Conflict, Invalid, NotFound
from tenants.models import Namespace, Plan, User
from tenants.models.quota import AMOUNTS, CONTAINER
from tenants.rules.resources import BYTES_MOST, COUNT_MOST, CPU_MOST, is_storage, say, title
from tenants.services.wishes import clean

FIELDS = ("title", "position", "active", *AMOUNTS)
POSITION_MOST = 1000


def save_plan(*, actor: User, plan: Plan | None, **fields: Any) -> tuple[Plan, int]:
    """Changes `plan`, or makes one where it is None; answers it and how many namespaces get new container defaults.

    `fields` are those of FIELDS that change (all of AMOUNTS but the defaults for a new one), and `name` of a new one.
    Raises Invalid at them, Conflict at name where it is taken, NotFound.
    """
    access.require_site(actor, "policies.edit", plan)
    with transaction.atomic():
        row = _locked(plan) if plan is not None else _new(fields.pop("name", ""))
        before = {name: getattr(row, name) for name in FIELDS} if plan is not None else {}
        for name, value in fields.items():
            if name not in FIELDS:
                raise Invalid.at(name, "A plan does not have this, or keeps it for good.")
            setattr(row, name, value)
        _check(row)
        changes = [
            {"field": _words(name), "old": _said(name, before.get(name)), "new": _said(name, getattr(row, name))}
            for name in FIELDS
            if before.get(name) != getattr(row, name)
        ]
        if not changes:
            return row, 0
        _save(row)
        audit.record(actor=actor, action="plan.edit" if plan is not None else "plan.create", thing=row, changes=changes)
        defaults = plan is not None and any(before[name] != getattr(row, name) for name in CONTAINER)
        return row, _carry(actor, row) if defaults else 0


def _locked(plan: Plan) -> Plan:
    found = Plan.objects.select_for_update(no_key=True).filter(pk=plan.pk).first()
    if found is None:
        raise NotFound("This plan is gone.")
    return found


def _new(name: str) -> Plan:
    return Plan(name=clean("name", lambda: rules.plan_name(name)))


def _save(row: Plan) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        words = f"There is a plan “{row.name}” already: choose another name."
        raise Conflict(words, code="taken", fields={"name": words}) from error


def _carry(actor: User, plan: Plan) -> int:
    """New container defaults go to the plan's namespaces: a change of intent of each, as any other."""
    rows = Namespace.objects.select_for_update(of=("self",), no_key=True).select_related("team")
    places = list(rows.filter(plan=plan, deleting_since=None).order_by("pk"))
    Namespace.objects.filter(pk__in=[place.pk for place in places]).update(
        generation=F("generation") + 1, updated_at=Now()
    )
    for place in places:
        place.generation += 1
    operations.open_each(kind="namespace.apply", targets=places, actor=actor)
    return len(places)


def _check(row: Plan) -> None:
    faults: dict[str, str] = {}
    try:
        row.title = rules.plan_title(row.title)
    except rules.Broken as broken:
        faults["title"] = broken.message
    if not 0 <= row.position <= POSITION_MOST:
        faults["position"] = f"From 0 to {POSITION_MOST}."
    for name, resource in AMOUNTS.items():
        amount, most = getattr(row, name), _most(resource)
        if amount is None or not 0 <= amount <= most:
            faults[name] = f"From 0 to {say(resource, most)}."
    for name, resource in CONTAINER.items():
        if not faults and getattr(row, name) > getattr(row, resource):
            faults[name] = f"A container cannot get more than the plan has: {say(resource, getattr(row, resource))}."
    if not faults and row.default_request_memory > row.default_limit_memory:
        faults["default_limit_memory"] = "The limit cannot be below what is requested."
    if faults:
        raise Invalid("The plan needs a change.", fields=faults)


def _most(resource: str) -> int:
    return CPU_MOST if resource == "cpu" else BYTES_MOST if resource == "memory" or is_storage(resource) else COUNT_MOST


def _words(name: str) -> str:
    """A column for people, as the audit log tells it: "limit of CPU", "default limit of memory"."""
    if name not in AMOUNTS:
        return name
    what = name.rpartition("_")[0].replace("_", " ") if name in CONTAINER else "limit"
    return f"{what} of {title(AMOUNTS[name])}"


def _said(name: str, value: Any) -> Any:
    return say(AMOUNTS[name], value) if name in AMOUNTS and value is not None else value
