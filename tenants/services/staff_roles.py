"""Who is staff of the site: set by the operator, at the server (docs/decisions, "Who makes somebody staff").

No page and no call does it, and no role of the site may: staff that could make staff would have no bound.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.db import transaction

from tenants import audit, letters
from tenants.errors import Conflict, Invalid
from tenants.live import events
from tenants.models import StaffRole, User

TOLD = {
    StaffRole.NONE: "You see and do here what your teams let you.",
    StaffRole.SUPPORT: "You see all teams and people, suspend them, and answer for teams in which nobody can.",
    StaffRole.APPROVER: "You see all teams and people, and decide on requests of quota, but not on your own teams’.",
}


def set_staff_role(*, person: User, role: str) -> User:
    """Gives `person` the role on the site, or takes it ("") at once: open sockets and tokens follow. They are told.

    There is no actor: it is asked of the command line alone. Raises Invalid at role, Conflict where it is theirs.
    """
    if role not in StaffRole.values:
        raise Invalid.at("role", f"A role on the site is {StaffRole.SUPPORT} or {StaffRole.APPROVER}, or none.")
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        old, person.staff_role = person.staff_role, role
        if old == role:
            raise Conflict(f"{person} has the role “{StaffRole(role).label}” already.", code="same")
        person.save(update_fields=["staff_role"])
        change = {"field": "staff_role", "old": old, "new": role}
        audit.record(actor=None, action="person.staff_role", thing=person, machine="operator", changes=[change])
        _tell(person, StaffRole(role))
        events.announce(events.RightsChanged(user=person.pk))
    return person


def _tell(person: User, role: StaffRole) -> None:
    title = f"Your role on the site is now: {role.label}"
    context = {"title": title, "text": TOLD[role], "path": "/settings/"}
    for address in EmailAddress.objects.filter(user=person, verified=True, primary=True):
        letters.write(to=address.email, kind="staff_role", subject=title, template="mail/notice", context=context)
