"""What the frame of every page shows: the viewer's teams, the team at hand, whether the cluster answers."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from tenants.models import Team
from tenants.selectors import approvals, notices
from tenants.selectors import frame as frames


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context of base.html. Lazy: a partial or an error page without a frame asks nothing of the database."""
    return {"frame": _Frame(request)}


class _Frame:
    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self._kept: dict[str, Any] = {}

    @property
    def team(self) -> Team | None:
        return getattr(self._request, "team", None)

    @property
    def teams(self) -> list[Team]:
        return self._keep("teams", lambda: frames.my_teams(self._request.user))  # type: ignore[arg-type]

    @property
    def counts(self) -> dict[str, int]:
        team = self.team
        return self._keep("counts", lambda: frames.counted(team) if team is not None and team.pk else {})

    @property
    def unread(self) -> int:
        """Of the viewer's notices; `notices.MANY` stands for more, too."""
        return self._keep("unread", lambda: notices.unread(self._request.user))  # type: ignore[arg-type]

    @property
    def approvals(self) -> int:
        """How many quota requests wait for an approver."""
        return self._keep("approvals", lambda: approvals.waiting().count())

    @property
    def site_name(self) -> str:
        return str(settings.SITE_NAME)

    @property
    def mail_is_printed(self) -> bool:
        """Whether mails appear in the terminal of a demo instead of a mailbox."""
        return bool(settings.MAIL_IS_PRINTED)

    @property
    def cluster(self) -> frames.Clusters:
        return self._keep("cluster", frames.clusters)

    def _keep(self, name: str, ask: Any) -> Any:
        if name not in self._kept:
            self._kept[name] = ask()
        return self._kept[name]
