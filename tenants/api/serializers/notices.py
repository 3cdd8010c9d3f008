"""Notices, and which kinds one wants, as the API tells them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants.api.fields import NumberField, Strict
from tenants.api.serializers.shapes import rows_of_page
from tenants.models import Notice
from tenants.models.notice import ByMail
from tenants.notices import KINDS

BY_MAIL = "now: at once. daily: in the mail at 08:00 in your time zone. never."


class NoticeOut(serializers.ModelSerializer[Notice]):
    kind = serializers.ChoiceField(list(KINDS))
    team = serializers.CharField(source="team.slug", default="", help_text="Slug; empty where it is about no team.")
    path = serializers.CharField(help_text="Of the page that it is about; may be empty.")
    read_at = serializers.DateTimeField(allow_null=True, help_text="null: unread.")

    class Meta:
        model = Notice
        fields = ["id", "kind", "team", "title", "text", "path", "at", "read_at"]


class NoticesQuery(Strict):
    """Which of one's own, and which page."""

    team = serializers.SlugField(required=False, help_text="Slug.")
    unread = serializers.BooleanField(required=False, help_text="true: unread ones alone.")
    before = serializers.CharField(required=False, max_length=50, help_text="As `next` has it.")
    page_size = NumberField(rows_of_page, required=False, help_text="At most 200; 50 unless told otherwise.")


class NoticePage(serializers.Serializer[Any]):
    """Unread ones first, newest first."""

    unread = serializers.IntegerField(help_text="How many are unread in all; 100 stands for more, too.")
    next = serializers.CharField(allow_null=True, help_text="Older ones.")
    results = NoticeOut(many=True)


class ReadIn(Strict):
    team = serializers.SlugField(required=False, help_text="Slug: those of that team alone.")


class ReadOut(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many were unread.")


class KindOut(serializers.Serializer[Any]):
    """How one is told of a kind."""

    title = serializers.CharField(source="kind.label")
    in_portal = serializers.BooleanField()
    by_mail = serializers.ChoiceField(ByMail.choices, help_text=BY_MAIL)
    always = serializers.BooleanField(source="kind.secures", help_text="It guards the account: not to be turned down.")


class ChoicesOut(serializers.Serializer[Any]):
    mails_paused = serializers.BooleanField(help_text="No mails but those that guard the account.")
    kinds = serializers.DictField(child=KindOut())


class KindIn(Strict):
    in_portal = serializers.BooleanField(required=False)
    by_mail = serializers.ChoiceField(ByMail.choices, required=False, help_text=BY_MAIL)


class ChoicesEdit(Strict):
    mails_paused = serializers.BooleanField(required=False)
    kinds = serializers.DictField(child=KindIn(), required=False, help_text="Kinds that are not named stay.")
