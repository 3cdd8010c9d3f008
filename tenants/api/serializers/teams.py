"""Teams."""

from __future__ import annotations

from rest_framework import serializers

from tenants import rules
from tenants.api.fields import RuleField, Strict, TopicOut
from tenants.models import Team


class TeamOut(serializers.ModelSerializer[Team]):
    topic = TopicOut("team")
    role = serializers.SerializerMethodField(help_text="Yours in this team; of site staff, theirs on the site.")
    deleting = serializers.BooleanField()

    class Meta:
        model = Team
        fields = [
            "id",
            "topic",
            "slug",
            "name",
            "description",
            "role",
            "discoverable",
            "viewers_read_logs",
            "deleting",
            "suspended_at",
            "suspended_reason",
            "created_at",
        ]

    def get_role(self, team: Team) -> str:
        return str(self.context["roles"].get(team.pk, self.context["staff_role"]))


class TeamIn(Strict):
    name = RuleField(rules.team_name, help_text="For people, such as “Payments”.")
    slug = RuleField(
        rules.team_slug, help_text="Begins the names of all that the team has in a cluster. Never changes."
    )


class TeamEdit(Strict):
    name = RuleField(rules.team_name, required=False)
    description = RuleField(rules.description, required=False, help_text="What it is for, at most 200 characters.")
    discoverable = serializers.BooleanField(required=False, help_text="People can find it and ask to join.")
    viewers_read_logs = serializers.BooleanField(required=False)
