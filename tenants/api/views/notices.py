"""The caller's own notices, and what they want to be told of."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.pagination import Pages
from tenants.api.serializers.notices import (
    ChoicesEdit,
    ChoicesOut,
    NoticeOut,
    NoticePage,
    NoticesQuery,
    ReadIn,
    ReadOut,
)
from tenants.api.views.door import Door, call
from tenants.models import User
from tenants.selectors import notices as shown
from tenants.services import notices as verbs
from tenants.services.notices import Wish


class Notices(Door):
    @call("list_notices", "What you were told, unread first", query=NoticesQuery, answer=NoticePage)
    def get(self, request: Request) -> Response:
        asked = self.asked
        rows = shown.listed(self.user, team=asked.get("team", ""), unread_only=asked.get("unread", False))
        page = shown.page(rows, asked.get("before", ""), asked.get("page_size", Pages.page_size))
        answer = {"unread": shown.unread(self.user), "next": self._older(page.older), "results": page.notices}
        return Response(NoticePage(answer).data)

    def _older(self, cursor: str) -> str | None:
        query = self.request.query_params.copy()
        query["before"] = cursor
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}") if cursor else None


class ReadAll(Door):
    @call("read_notices", "Mark all your notices as read, or those of a team", body=ReadIn, answer=ReadOut)
    def post(self, request: Request) -> Response:
        slug = self.sent.get("team", "")
        team = shown.team(self.user, slug) if slug else None
        return Response(ReadOut({"read": verbs.mark_all_read(actor=self.user, team=team)}).data)


class ReadOne(Door):
    @call("read_notice", "Mark a notice as read", answer=NoticeOut)
    def post(self, request: Request, pk: int) -> Response:
        return Response(NoticeOut(verbs.mark_read(actor=self.user, notice=shown.one(self.user, pk))).data)


class Choices(Door):
    @call("get_notice_choices", "What you want to be told of, and how", answer=ChoicesOut)
    def get(self, request: Request) -> Response:
        return Response(ChoicesOut(self.shown(self.user)).data)

    @call("choose_notices", "Change what you are told of; what is not named stays", body=ChoicesEdit, answer=ChoicesOut)
    def patch(self, request: Request) -> Response:
        wishes = {kind: Wish(**wish) for kind, wish in self.sent.get("kinds", {}).items()}
        person = verbs.choose(actor=self.user, wishes=wishes, mails_paused=self.sent.get("mails_paused"))
        return Response(ChoicesOut(self.shown(person)).data)

    def shown(self, person: User) -> dict[str, Any]:
        return {"mails_paused": person.mails_paused, "kinds": {one.name: one for one in shown.choices(person)}}
