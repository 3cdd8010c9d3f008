"""Members, offers of a team, and what the site's staff see of people and teams."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from tenants import rules
from tenants.api.errors import Malformed
from tenants.api.fields import RuleField, Strict
from tenants.api.serializers.shapes import PageQuery
from tenants.models import Membership, Role, Team, Transfer, User
from tenants.models.joining import RequestState
from tenants.selectors import people
from tenants.services.members import AT_ONCE_MAX

KEEPS = [(role.value, role.label) for role in (Role.ADMIN, Role.DEVELOPER, Role.VIEWER)]


def _picked(choices: tuple[tuple[str, str], ...]) -> serializers.ChoiceField:
    """A filter: its values and what each means."""
    known = choices[1:]
    told = "; ".join(f"“{value}”: {label}" for value, label in known)
    return serializers.ChoiceField([value for value, _ in known], required=False, help_text=told)


def _part(what: str) -> serializers.CharField:
    return serializers.CharField(required=False, allow_blank=True, max_length=80, help_text=f"A part of {what}.")


class MembersQuery(PageQuery):
    q = _part("the name")
    role = serializers.ChoiceField(Role.choices, required=False)


class MemberOut(serializers.ModelSerializer[Membership]):
    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.get_full_name", help_text="As they write it; may be empty.")
    suspended = serializers.SerializerMethodField(help_text="They cannot sign in.")
    last_active = serializers.SerializerMethodField(help_text="The day (UTC); null for never.")
    second_factor = serializers.SerializerMethodField(
        allow_null=True, help_text="Null where it is not yours to know: of others, for developers and viewers."
    )
    by_group = serializers.BooleanField(
        help_text="Given by a group of the organization's sign-in, which takes it back."
    )

    class Meta:
        model = Membership
        fields = ["username", "name", "role", "since", "by_group", "last_active", "second_factor", "suspended"]

    def get_suspended(self, member: Membership) -> bool:
        return not member.user.is_active

    def get_last_active(self, member: Membership) -> date | None:
        return _day(member.user)

    def get_second_factor(self, member: Any) -> bool | None:
        known = self.context["inspects"] or member.user_id == self.context["viewer"]
        return bool(member.factor) if known else None


class RoleIn(Strict):
    role = serializers.ChoiceField(Role.choices)


class ManyIn(Strict):
    """Several members at once: either a role, or out of the team."""

    members = serializers.ListField(
        child=serializers.CharField(max_length=150), min_length=1, max_length=AT_ONCE_MAX, help_text="User names."
    )
    role = serializers.ChoiceField(Role.choices, required=False)
    remove = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("role" in attrs) == bool(attrs.get("remove")):
            raise Malformed("Send either a “role”, or “remove”: true.")
        return attrs


class ChangedOut(serializers.Serializer[Any]):
    """What became of one of them."""

    username = serializers.CharField()
    code = serializers.CharField(help_text="“done”, or the code of what stands in the way.")
    message = serializers.CharField(help_text="Empty where it is done.")


class ManyOut(serializers.Serializer[Any]):
    done = serializers.IntegerField(help_text="How many were changed.")
    results = ChangedOut(many=True)


class TransferIn(Strict):
    to = serializers.CharField(max_length=150, help_text="User name of a member.")
    keeps = serializers.ChoiceField(
        KEEPS,
        required=False,
        help_text="What you are when it is accepted; admin unless told otherwise.",
    )


class TransferOut(serializers.ModelSerializer[Transfer]):
    """A team that one owner offers to a member."""

    team = serializers.CharField(source="team.slug")
    giver = serializers.CharField(source="giver.username")
    taker = serializers.CharField(source="taker.username")
    keeps = serializers.ChoiceField(KEEPS)
    state = serializers.ChoiceField(RequestState.choices)

    class Meta:
        model = Transfer
        fields = ["id", "team", "giver", "taker", "keeps", "state", "created_at", "decided_at"]


class PeopleQuery(PageQuery):
    q = _part("name or address")
    role = _picked(people.ROLES)
    state = _picked(people.STATES)
    factor = _picked(people.FACTORS)
    seen = _picked(people.SEEN)


class PersonOut(serializers.ModelSerializer[User]):
    """Somebody who has an account, as staff see them."""

    name = serializers.CharField(source="get_full_name")
    teams = serializers.IntegerField(source="team_count")
    second_factor = serializers.BooleanField(source="factor")
    last_active = serializers.SerializerMethodField(help_text="The day (UTC); null for never.")
    suspended = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["username", "name", "email", "staff_role", "teams", "second_factor", "last_active", "suspended"]

    def get_last_active(self, user: User) -> date | None:
        return _day(user)

    def get_suspended(self, user: User) -> bool:
        return not user.is_active


class RoleInTeamOut(serializers.Serializer[Membership]):
    team = serializers.CharField(source="team.slug")
    role = serializers.ChoiceField(Role.choices)
    since = serializers.DateTimeField()
    by_group = serializers.BooleanField()


class OnePersonOut(serializers.Serializer[Any]):
    """One of them: roles, and how many sessions and tokens there are, none of which anybody else sees."""

    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.get_full_name")
    email = serializers.CharField(source="user.email")
    staff_role = serializers.CharField(source="user.staff_role")
    memberships = RoleInTeamOut(many=True)
    sole_owner_of = serializers.SerializerMethodField(help_text="Teams that nobody else owns who can sign in.")
    second_factor = serializers.BooleanField(source="factor")
    sessions = serializers.IntegerField()
    tokens = serializers.IntegerField()
    last_active = serializers.SerializerMethodField(help_text="The day (UTC); null for never.")
    suspended_at = serializers.DateTimeField(source="user.suspended_at", allow_null=True)
    suspended_by = serializers.CharField(source="user.suspended_by.username", default=None, allow_null=True)
    suspended_reason = serializers.CharField(source="user.suspended_reason")

    def get_last_active(self, found: people.Person) -> date | None:
        return _day(found.user)

    def get_sole_owner_of(self, found: people.Person) -> list[str]:
        return [team.slug for team in found.sole_owner_of]


class StaffTeamsQuery(PageQuery):
    q = _part("the name")
    state = _picked(people.STATES)
    owned = _picked(people.OWNED)


class StaffTeamOut(serializers.ModelSerializer[Team]):
    """A team, as staff see it."""

    members = serializers.IntegerField(source="member_count")
    namespaces = serializers.IntegerField(source="namespace_count")
    owned = serializers.BooleanField(help_text="It has an owner who can sign in.")
    deleting = serializers.BooleanField()

    class Meta:
        model = Team
        fields = ["slug", "name", "members", "namespaces", "owned", "deleting", "suspended_at", "suspended_reason",
                  "created_at"]  # fmt: skip


class ReasonIn(Strict):
    reason = RuleField(rules.reason, help_text="They are told it.")


class SuspensionOut(serializers.Serializer[Any]):
    """Whether somebody, or a team, is suspended now, and why."""

    suspended = serializers.SerializerMethodField()
    suspended_at = serializers.DateTimeField(allow_null=True)
    suspended_reason = serializers.CharField()

    def get_suspended(self, thing: User | Team) -> bool:
        return thing.suspended_at is not None


def _day(user: User) -> date | None:
    return timezone.localdate(user.seen_at) if user.seen_at else None
