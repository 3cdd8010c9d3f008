"""Inviting, accepting, asking to join and answering."""

from __future__ import annotations

from uuid import UUID

from django.urls import reverse
from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.serializers.joining import (
    AcceptIn,
    AcceptRequestIn,
    AskIn,
    DeclineIn,
    DirectoryOut,
    DirectoryQuery,
    InvitationOut,
    InvitedOut,
    InviteIn,
    JoinedOut,
    MessageIn,
    MyInvitationOut,
    RequestOut,
    RequestsQuery,
    ThreadOut,
)
from tenants.api.views.door import Door, call
from tenants.errors import Invalid
from tenants.models import Invitation, JoinRequest, Team
from tenants.selectors import joining
from tenants.services import invitations
from tenants.services import joining as requests


class JoiningDoor(Door):
    """Invitations and requests of a team are for those who may read them."""

    def managed(self) -> Team:
        team = self.team()
        access.require(self.user, "joining.read", team)
        return team


class Invitations(JoiningDoor):
    @call("list_invitations", "Pending invitations of a team", many=InvitationOut)
    def get(self, request: Request, team: str) -> Response:
        return self.page(joining.invitations_of(self.managed()), InvitationOut)

    @call(
        "invite",
        "Invite people by e-mail address or user name; each has an answer of its own",
        body=InviteIn,
        answer=InvitedOut,
        status=201,
    )
    def post(self, request: Request, team: str) -> Response:
        answers = invitations.invite(actor=self.user, team=self.team(), **self.sent)
        invited = sum(answer.invitation is not None for answer in answers)
        if not invited:
            raise Invalid("Nobody could be invited.", fields={answer.invitee: answer.message for answer in answers})
        return Response(InvitedOut({"invited": invited, "results": answers}).data, status=201)


class OneInvitation(JoiningDoor):
    def invitation(self) -> Invitation:
        return joining.invitation_of(self.managed(), self.kwargs["pk"])

    @call("get_invitation", "One invitation", answer=InvitationOut)
    def get(self, request: Request, team: str, pk: UUID) -> Response:
        return Response(InvitationOut(self.invitation()).data)

    @call("revoke_invitation", "Take an invitation back: its token is dead", status=204)
    def delete(self, request: Request, team: str, pk: UUID) -> Response:
        access.require(self.user, "members.manage", self.team())
        invitations.revoke(actor=self.user, invitation=joining.invitation_of(self.team(), pk))
        return Response(status=204)


class Resend(JoiningDoor):
    @call("resend_invitation", "Send it again: a new token, and the old one is dead", answer=InvitationOut)
    def post(self, request: Request, team: str, pk: UUID) -> Response:
        access.require(self.user, "members.manage", self.team())
        sent = invitations.resend(actor=self.user, invitation=joining.invitation_of(self.team(), pk))
        return Response(InvitationOut(sent).data)


class AcceptInvitation(Door):
    @call("accept_invitation", "Accept an invitation", body=AcceptIn, answer=JoinedOut)
    def post(self, request: Request) -> Response:
        token, pk = self.sent.get("token"), self.sent.get("id")
        found = invitations.by_token(token) if token is not None else invitations.by_id(pk)
        return Response(JoinedOut(invitations.accept(actor=self.user, invitation=found)).data)


class MyInvitations(Door):
    @call("list_my_invitations", "Invitations for the caller", answer=MyInvitationOut(many=True))
    def get(self, request: Request) -> Response:
        return Response(MyInvitationOut(joining.invitations_for(self.user), many=True).data)


class OneOfMyInvitations(Door):
    @call("decline_invitation", "Decline an invitation", status=204)
    def delete(self, request: Request, pk: UUID) -> Response:
        invitations.decline(actor=self.user, invitation=invitations.by_id(pk))
        return Response(status=204)


class Directory(Door):
    @call("list_directory", "Teams that can be found", query=DirectoryQuery, many=DirectoryOut)
    def get(self, request: Request) -> Response:
        return self.page(joining.directory(self.user, self.asked.get("q", "")), DirectoryOut)


class JoinRequests(JoiningDoor):
    @call("list_join_requests", "Who asks to join a team", query=RequestsQuery, many=RequestOut)
    def get(self, request: Request, team: str) -> Response:
        every = self.asked.get("state") == "all"
        return self.page(joining.requests_of(self.managed(), every=every), RequestOut)

    @call("ask_to_join", "Ask to join a team that can be found", body=AskIn, answer=ThreadOut, status=201)
    def post(self, request: Request, team: str) -> Response:
        made = requests.ask(actor=self.user, team=joining.findable(self.user, team), **self.sent)
        address = reverse("api:my_join_request", args=[made.pk])
        return Response(shown(made), status=201, headers={"Location": address})


class RequestDoor(Door):
    """One request, by an address of its team or one of the person's own."""

    def join_request(self) -> JoinRequest:
        slug = self.kwargs.get("team")
        if slug is None:
            return joining.request_of(self.user, self.kwargs["pk"], own=True)
        team = self.team()
        access.require(self.user, "joining.read", team)
        return joining.request_of(self.user, self.kwargs["pk"], team=team)


class OneJoinRequest(RequestDoor):
    @call("get_join_request", "One request, with its messages", answer=ThreadOut)
    def get(self, request: Request, team: str, pk: UUID) -> Response:
        return Response(shown(self.join_request()))


class AcceptRequest(RequestDoor):
    @call("accept_join_request", "Let somebody in", body=AcceptRequestIn, answer=JoinedOut)
    def post(self, request: Request, team: str, pk: UUID) -> Response:
        return Response(JoinedOut(requests.accept(actor=self.user, request=self.join_request(), **self.sent)).data)


class DeclineRequest(RequestDoor):
    @call("decline_join_request", "Decline a request", body=DeclineIn, answer=ThreadOut)
    def post(self, request: Request, team: str, pk: UUID) -> Response:
        return Response(shown(requests.decline(actor=self.user, request=self.join_request(), **self.sent)))


class RequestMessages(RequestDoor):
    @call("answer_join_request", "Add a message to a request", body=MessageIn, answer=ThreadOut, status=201)
    def post(self, request: Request, team: str, pk: UUID) -> Response:
        found = self.join_request()
        requests.reply(actor=self.user, request=found, **self.sent)
        return Response(shown(found), status=201)


class MyJoinRequests(Door):
    @call("list_my_join_requests", "What the caller asked", many=RequestOut)
    def get(self, request: Request) -> Response:
        return self.page(joining.requests_by(self.user), RequestOut)


class OneOfMyJoinRequests(RequestDoor):
    @call("get_my_join_request", "One of the caller's requests, with its messages", answer=ThreadOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(shown(self.join_request()))

    @call("withdraw_join_request", "Take a request back", answer=ThreadOut)
    def delete(self, request: Request, pk: UUID) -> Response:
        return Response(shown(requests.withdraw(actor=self.user, request=self.join_request())))


class MyRequestMessages(RequestDoor):
    @call("write_to_join_request", "Add a message to one's own request", body=MessageIn, answer=ThreadOut, status=201)
    def post(self, request: Request, pk: UUID) -> Response:
        found = self.join_request()
        requests.reply(actor=self.user, request=found, **self.sent)
        return Response(shown(found), status=201)


class Adoptable(Door):
    @call("list_orphaned_join_requests", "Requests that nobody in their team can answer: for support", many=RequestOut)
    def get(self, request: Request) -> Response:
        return self.page(joining.adoptable(self.user), RequestOut)


def shown(request: JoinRequest) -> object:
    """The request as it is now, with its thread."""
    return ThreadOut(joining.with_thread(request.pk)).data
