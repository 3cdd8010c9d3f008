"""People, teams, members and tokens."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants import access, rules
from tenants.api.fields import NumberField, RuleField, Strict, TopicOut
from tenants.models import ApiToken, Membership, Role, Team


class TeamOut(serializers.ModelSerializer[Team]):
    topic = TopicOut("team")
    role = serializers.SerializerMethodField(help_text="Yours in this team; of site staff, theirs on the site.")
    deleting = serializers.BooleanField()

    class Meta:
        model = Team
        fields = ["id", "topic", "slug", "name", "role", "viewers_read_logs", "deleting", "created_at"]

    def get_role(self, team: Team) -> str:
        return str(self.context["roles"].get(team.pk, self.context["staff_role"]))


class TeamIn(Strict):
    name = RuleField(rules.team_name, help_text="For people, such as “Payments”.")
    slug = RuleField(
        rules.team_slug, help_text="Begins the names of all that the team has in a cluster. Never changes."
    )


class TeamEdit(Strict):
    name = RuleField(rules.team_name, required=False)
    viewers_read_logs = serializers.BooleanField(required=False)


class MemberOut(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username")

    class Meta:
        model = Membership
        fields = ["username", "role", "since"]


class MemberIn(Strict):
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(Role.choices)


class RoleIn(Strict):
    role = serializers.ChoiceField(Role.choices)


class TokenOut(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField([(scope, scope) for scope in access.SCOPES]))
    live = serializers.BooleanField(help_text="Neither revoked nor expired.")

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "live", "created_at", "expires_at", "last_used_at", "revoked_at"]


class TokenIn(Strict):
    name = RuleField(rules.token_name)
    scopes = serializers.ListField(child=serializers.ChoiceField([(scope, scope) for scope in access.SCOPES]))
    days = NumberField(rules.token_days)


class MeOut(serializers.Serializer[Any]):
    """Who calls, and with what."""

    username = serializers.CharField()
    email = serializers.EmailField()
    staff_role = serializers.CharField(help_text="Empty, support or approver.")
    teams = serializers.DictField(child=serializers.ChoiceField(Role.choices), help_text="Slug → your role.")
    token = TokenOut()
