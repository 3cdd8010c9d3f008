"""For who lost the app, the passkeys and the recovery codes: the operator takes the second factor away, at the server.

No page and no call does it, and no role of the site may: whoever could would be one mailbox away from any account.
"""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db import transaction

from tenants import audit, letters, rules
from tenants.errors import Conflict
from tenants.live import events
from tenants.models import User
from tenants.services import sessions
from tenants.services.wishes import clean


def reset_second_factor(*, person: User, reason: str) -> int:
    """Removes all second factors of `person`, signs them out everywhere, tells them why. Returns how many there were.

    There is no actor: it is asked of the command line alone. Raises Invalid at reason, Conflict where there is none.
    """
    reason = clean("reason", lambda: rules.reason(reason))
    with transaction.atomic():
        person = User.objects.select_for_update(no_key=True).get(pk=person.pk)
        found = Authenticator.objects.filter(user=person)
        count = found.exclude(type=Authenticator.Type.RECOVERY_CODES).count()
        if not count:
            raise Conflict(f"{person} has no second factor.", code="none")
        found.delete()
        sessions.end(UserSession.objects.all(), person=person, actor=None, machine="operator")
        audit.record(actor=None, action="second_factor.reset", thing=person, machine="operator", detail=reason)
        _tell(person, reason)
        events.announce(events.RightsChanged(user=person.pk))
    return count


def _tell(person: User, reason: str) -> None:
    title = "Your second factor was removed"
    text = f"{reason}\n\nSign in with your password and set one up again. If you did not ask, tell the site’s staff."
    context = {"title": title, "text": text, "path": "/accounts/2fa/"}
    for address in EmailAddress.objects.filter(user=person, verified=True):
        letters.write(
            to=address.email, kind="second_factor_reset", subject=title, template="mail/notice", context=context
        )
