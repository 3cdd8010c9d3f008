"""The cast of the rights matrix, and what a door is.

alice owns the team, andy is its admin, bob a developer, carol a viewer; erin owns another team; sam supports and dave
approves quotas, both staff; zoe was a developer of the team and is suspended; "nobody" is signed out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CAST = ("alice", "andy", "bob", "carol", "erin", "sam", "dave", "zoe", "nobody")
OWNER = "alice"
ADMINS = "alice andy"
WRITERS = "alice andy bob"
STAFF = "sam dave"
RECEPTION = "alice andy sam"  # who read invitations and requests
ASKED = "alice andy sam erin"  # erin asked to join
SEEN = "alice andy bob carol sam dave"  # all who know of the team
SIGNED_IN = "alice andy bob carol erin sam dave"
ALL = " ".join(CAST)


@dataclass(frozen=True)
class Door:
    """One method of one address.

    `may` get `status`. Of the others, those who know of the team get 403, strangers 404 (everybody, where `hidden`),
    and who is signed out or suspended is sent to sign in: 302 on pages, 401 by calls. `kind`: the operation that it
    opens.
    """

    name: str
    may: str
    status: int = 200
    method: str = "GET"
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    kind: str = ""
    hidden: bool = False
    forbidden: str = ""  # who gets 403 although it is hidden from the others

    def expected(self, *, signed_out: int) -> dict[str, int]:
        """Who → status."""
        refused = {name: 403 if name in SEEN.split() and not self.hidden else 404 for name in CAST}
        refused |= dict.fromkeys(self.forbidden.split(), 403)
        return refused | {"nobody": signed_out, "zoe": signed_out} | dict.fromkeys(self.may.split(), self.status)


def post(name: str, may: str, body: dict[str, Any], kind: str = "", status: int = 302, **more: Any) -> Door:
    return Door(name, may, status, "POST", body, kind=kind, **more)


def call(method: str, name: str, may: str, status: int = 202, body: Any = None, kind: str = "", **more: Any) -> Door:
    return Door(f"api:{name}", may, status, method, body or {}, kind=kind, **more)
