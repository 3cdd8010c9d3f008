"""The caller: profile, sessions, tokens."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework import serializers

from tenants import access, rules
from tenants.api.fields import RuleField, Strict
from tenants.models import ApiToken, Role
from tenants.models.user import THEMES


class TokenOut(serializers.ModelSerializer[ApiToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField([(scope, scope) for scope in access.SCOPES]))
    live = serializers.BooleanField(help_text="Neither revoked nor expired.")

    class Meta:
        model = ApiToken
        fields = ["id", "name", "prefix", "scopes", "live", "created_at", "expires_at", "last_used_at", "revoked_at"]


class MeOut(serializers.Serializer[Any]):
    """Who calls, and with what."""

    username = serializers.CharField()
    name = serializers.CharField(help_text="What others see beside the user name; may be empty.")
    email = serializers.EmailField()
    staff_role = serializers.CharField(help_text="Empty, support or approver.")
    time_zone = serializers.CharField(help_text="Of the IANA database. The API's own times are UTC.")
    language = serializers.ChoiceField(settings.LANGUAGES)
    theme = serializers.ChoiceField(THEMES)
    second_factor = serializers.BooleanField(help_text="Whether sign-in asks for more than the password.")
    teams = serializers.DictField(child=serializers.ChoiceField(Role.choices), help_text="Slug → your role.")
    token = TokenOut()


class MeEdit(Strict):
    name = RuleField(rules.person_name, required=False)
    time_zone = RuleField(rules.time_zone, required=False)
    language = serializers.ChoiceField(settings.LANGUAGES, required=False)
    theme = serializers.ChoiceField(THEMES, required=False)


class SessionOut(serializers.Serializer[Any]):
    """Where somebody is signed in with a browser."""

    id = serializers.IntegerField()
    device = serializers.CharField(help_text="What the browser says of itself, in words.")
    address = serializers.CharField(help_text="The address that it was seen at last.")
    since = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
