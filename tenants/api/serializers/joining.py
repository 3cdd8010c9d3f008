"""Invitations, join requests, and teams that can be found."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants import rules
from tenants.api.errors import Malformed
from tenants.api.fields import RuleField, Strict
from tenants.api.serializers.shapes import PageQuery
from tenants.models import Invitation, JoinMessage, JoinRequest, Role, Team
from tenants.models.joining import RequestState
from tenants.selectors import joining


class DirectoryQuery(PageQuery):
    q = serializers.CharField(required=False, allow_blank=True, max_length=80, help_text="A part of name or purpose.")


class RequestsQuery(PageQuery):
    state = serializers.ChoiceField(["open", "all"], required=False, help_text="“open” unless told otherwise.")


class InviteIn(Strict):
    people = serializers.ListField(
        child=serializers.CharField(max_length=400),
        min_length=1,
        max_length=rules.INVITEES_MAX,
        help_text="E-mail addresses or user names, at most 50.",
    )
    role = serializers.ChoiceField(Role.choices)
    note = RuleField(rules.note, required=False, help_text="A few words that stand in the mail.")


class InvitationOut(serializers.ModelSerializer[Invitation]):
    """A pending invitation; its token is in the mail and nowhere else."""

    team = serializers.CharField(source="team.slug")
    invitee = serializers.CharField(help_text="The e-mail address or user name that was invited.")
    invited_by = serializers.CharField(
        source="invited_by.username", default="", help_text="Empty: an account that left."
    )
    live = serializers.BooleanField(help_text="Neither used nor taken back nor run out.")
    state = serializers.SerializerMethodField(help_text="In words: “Waits for an answer”, “Ran out”, “Not delivered” …")
    detail = serializers.SerializerMethodField(help_text="What to do about it, or the mail server's own words.")

    class Meta:
        model = Invitation
        fields = ["id", "team", "invitee", "role", "note", "invited_by", "created_at", "expires_at", "live", "state",
                  "detail"]  # fmt: skip

    def get_state(self, invitation: Invitation) -> str:
        return joining.state_of(invitation)[1]

    def get_detail(self, invitation: Invitation) -> str:
        return joining.state_of(invitation)[2]


class AnswerOut(serializers.Serializer[Any]):
    """What became of one of the people."""

    invitee = serializers.CharField()
    code = serializers.ChoiceField(["invited", "invalid", "member", "standing", "too_many"])
    message = serializers.CharField(help_text="What is wrong and what to do; empty where they are invited.")
    invitation = InvitationOut(allow_null=True)


class InvitedOut(serializers.Serializer[Any]):
    invited = serializers.IntegerField(help_text="How many mails are on their way.")
    results = AnswerOut(many=True)


class MyInvitationOut(serializers.ModelSerializer[Invitation]):
    """An invitation for the caller."""

    team = serializers.CharField(source="team.slug")
    team_name = serializers.CharField(source="team.name")
    invited_by = serializers.CharField(source="invited_by.username")

    class Meta:
        model = Invitation
        fields = ["id", "team", "team_name", "role", "note", "invited_by", "created_at", "expires_at"]


class AcceptIn(Strict):
    """One of both: the token of the mail, or the id of an invitation that waits for the caller."""

    token = serializers.CharField(required=False, max_length=200)
    id = serializers.UUIDField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise Malformed("Send either the mail's “token” or an invitation's “id”.")
        return attrs


class JoinedOut(serializers.Serializer[Any]):
    team = serializers.CharField(source="team.slug")
    role = serializers.ChoiceField(Role.choices)


class DirectoryOut(serializers.ModelSerializer[Team]):
    """A team that can be found: no more than its name and what it is for."""

    role = serializers.SerializerMethodField(help_text="Yours in it; empty for none.")
    request = serializers.SerializerMethodField(help_text="Your open request's id, or null.")

    class Meta:
        model = Team
        fields = ["slug", "name", "description", "role", "request"]

    def get_role(self, team: Any) -> str:
        return team.my_role or ""

    def get_request(self, team: Any) -> str | None:
        return str(team.my_request) if team.my_request else None


class AskIn(Strict):
    message = RuleField(rules.message, help_text="Who you are, and what you want to do there.")


class MessageIn(Strict):
    text = RuleField(rules.message)


class DeclineIn(Strict):
    text = RuleField(rules.message, required=False, help_text="A word that the person reads.")


class AcceptRequestIn(Strict):
    role = serializers.ChoiceField(Role.choices)


class MessageOut(serializers.ModelSerializer[JoinMessage]):
    author = serializers.CharField(source="author.username", default="")

    class Meta:
        model = JoinMessage
        fields = ["author", "text", "at"]


class RequestOut(serializers.ModelSerializer[JoinRequest]):
    """A request to join. `role` is what was given, once it is accepted."""

    team = serializers.CharField(source="team.slug")
    person = serializers.CharField(source="person.username")
    state = serializers.ChoiceField(RequestState.choices)
    decided_by = serializers.CharField(source="decided_by.username", default="", help_text="Empty while it is open.")
    message = serializers.CharField(source="asked", help_text="What they asked with.")
    replies = serializers.IntegerField(help_text="How many messages followed.")

    class Meta:
        model = JoinRequest
        fields = [
            "id",
            "team",
            "person",
            "state",
            "role",
            "message",
            "replies",
            "created_at",
            "decided_at",
            "decided_by",
        ]


class ThreadOut(RequestOut):
    """A request with all its messages, oldest first."""

    messages = MessageOut(many=True)

    class Meta(RequestOut.Meta):
        fields = [*RequestOut.Meta.fields, "messages"]
