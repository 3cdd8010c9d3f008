"""Members of a team, and a team that changes hands."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.serializers.people import (
    ManyIn,
    ManyOut,
    MemberOut,
    MembersQuery,
    RoleIn,
    TransferIn,
    TransferOut,
)
from tenants.api.serializers.shapes import page_of
from tenants.api.views.door import Door, call
from tenants.models import Membership, Team, Transfer
from tenants.selectors import finding
from tenants.selectors import members as shown
from tenants.services import members, transfers


class MembersDoor(Door):
    """Who has a second factor is told to those who may know."""

    def known(self, team: Team) -> dict[str, Any]:
        return {"inspects": access.can(self.user, "members.inspect", team), "viewer": self.user.pk}

    def one(self, membership: Membership) -> Response:
        listed = shown.listed(membership.team).get(pk=membership.pk)
        return Response(MemberOut(listed, context=self.known(membership.team)).data)


class Members(MembersDoor):
    @call("list_members", "Members of a team", query=MembersQuery, answer=page_of(MemberOut))
    def get(self, request: Request, team: str) -> Response:
        found = self.team()
        rows = shown.listed(found, self.asked.get("q", "").strip(), self.asked.get("role", ""))
        return self.page(rows, MemberOut, **self.known(found))

    @call(
        "change_members",
        "Give several members a role, or take them out: what is allowed is done, each has an answer",
        body=ManyIn,
        answer=ManyOut,
    )
    def patch(self, request: Request, team: str) -> Response:
        role = None if self.sent.get("remove") else self.sent["role"]
        names = self.sent["members"]
        answers = members.change_many(actor=self.user, team=self.team(), usernames=names, role=role)
        done = sum(answer.done for answer in answers)
        return Response(ManyOut({"done": done, "results": answers}).data)


class OneMember(MembersDoor):
    def member(self) -> Membership:
        return finding.member(self.user, self.kwargs["team"], self.kwargs["username"])

    @call("get_member", "One member", answer=MemberOut)
    def get(self, request: Request, team: str, username: str) -> Response:
        return self.one(self.member())

    @call("change_role", "Change a member's role", body=RoleIn, answer=MemberOut)
    def patch(self, request: Request, team: str, username: str) -> Response:
        return self.one(members.change_role(actor=self.user, membership=self.member(), **self.sent))

    @call("remove_member", "Remove a member, or leave", status=204)
    def delete(self, request: Request, team: str, username: str) -> Response:
        members.remove_member(actor=self.user, membership=self.member())
        return Response(status=204)


class TeamTransfers(Door):
    @call("list_team_transfers", "Offers of the team's ownership that you may see, newest first", many=TransferOut)
    def get(self, request: Request, team: str) -> Response:
        rows: QuerySet[Transfer] = Transfer.objects.visible_to(self.user).filter(team=self.team())
        return self.page(rows.select_related("team", "giver", "taker"), TransferOut)

    @call(
        "offer_team",
        "Offer the team to a member, who accepts or declines",
        body=TransferIn,
        answer=TransferOut,
        status=201,
    )
    def post(self, request: Request, team: str) -> Response:
        made = transfers.offer(actor=self.user, team=self.team(), **self.sent)
        address = reverse("api:transfer", args=[made.pk])
        return Response(TransferOut(made).data, status=201, headers={"Location": address})


class Transfers(Door):
    @call("list_transfers", "Teams that you offered or were offered, newest first", many=TransferOut)
    def get(self, request: Request) -> Response:
        return self.page(shown.transfers(self.user), TransferOut)


class OneTransfer(Door):
    @call("get_transfer", "One offer of a team", answer=TransferOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(TransferOut(shown.transfer(self.user, pk)).data)


class AcceptTransfer(Door):
    @call("accept_transfer", "Own the team that was offered to you", answer=TransferOut)
    def post(self, request: Request, pk: UUID) -> Response:
        done = transfers.accept(actor=self.user, transfer=shown.transfer(self.user, pk))
        return Response(TransferOut(done).data)


class DeclineTransfer(Door):
    @call("decline_transfer", "Leave the team where it is", answer=TransferOut)
    def post(self, request: Request, pk: UUID) -> Response:
        done = transfers.decline(actor=self.user, transfer=shown.transfer(self.user, pk))
        return Response(TransferOut(done).data)


class WithdrawTransfer(Door):
    @call("withdraw_transfer", "Take the offer back", answer=TransferOut)
    def post(self, request: Request, pk: UUID) -> Response:
        done = transfers.withdraw(actor=self.user, transfer=shown.transfer(self.user, pk))
        return Response(TransferOut(done).data)
