"""Kinds of notices: what each says in the settings, and what holds for whoever chose nothing else.

Few are mailed at once: what waits for somebody's answer, and the answer that somebody waits for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenants.models.notice import ByMail


@dataclass(frozen=True, slots=True)
class Kind:
    """`label` and `group` stand in the settings, of kinds for the site's `staff` in theirs alone.

    `secures` the account: in the portal and by mail, whatever was chosen; its mail is written where the account changes
    (`tenants.sign_in.mails`), since it goes out even to whoever is suspended.
    """

    label: str
    group: str
    by_mail: ByMail = ByMail.NEVER
    in_portal: bool = True
    staff: bool = False
    secures: bool = False


PEOPLE, APPS, QUOTA = "Teams and people", "Apps and namespaces", "Quota"
SITE, ACCOUNT = "The site", "Your account"

KINDS: Mapping[str, Kind] = {
    "request.asked": Kind("Somebody asks to join a team of mine", PEOPLE, ByMail.NOW),
    "request.message": Kind("A message about a request to join", PEOPLE, ByMail.NOW),
    "request.answered": Kind("An answer to my request to join a team", PEOPLE, ByMail.NOW),
    "transfer.offered": Kind("Somebody offers me a team", PEOPLE, ByMail.NOW),
    "transfer.answered": Kind("An answer to my offer of a team", PEOPLE),
    "invitation.accepted": Kind("Somebody accepted or declined my invitation", PEOPLE),
    "member.changed": Kind("Somebody changed my role in a team, or took me out", PEOPLE),
    "team.suspended": Kind("A team of mine was suspended, or is open again", PEOPLE, ByMail.NOW),
    "release.stuck": Kind("What I released is stuck", APPS),
    "namespace.deleted": Kind("A namespace of a team of mine was deleted", APPS),
    "quota.repaired": Kind("Somebody changed a quota in the cluster, and it was put right", APPS),
    "quota.decided": Kind("An answer to a request for more quota", QUOTA, ByMail.NOW),
    "quota.message": Kind("A message about a request for more quota", QUOTA, ByMail.NOW),
    "quota.ending": Kind("A raise of quota ends soon", QUOTA, ByMail.NOW),
    "quota.ended": Kind("A raise of quota has ended", QUOTA),
    "quota.delayed": Kind("The cluster does not take new limits", QUOTA),
    "quota.bounds": Kind("Staff set ceilings, labels or the number of namespaces of a team of mine", QUOTA),
    "quota.asked": Kind("Somebody asks for more quota", SITE, ByMail.DAILY, staff=True),
    "team.owner_kept": Kind("Somebody stays a team's last owner against their groups", SITE, ByMail.NOW, staff=True),
    "account.secured": Kind("Password, address or second factor; suspension", ACCOUNT, ByMail.NOW, secures=True),
}
