"""What a call for log lines may say."""

from __future__ import annotations

from rest_framework import serializers

from tenants.api.fields import NumberField, Strict
from tenants.live.logs.view import MAX_TAIL
from tenants.rules.quantities import whole


def _tail(text: str | int) -> int:
    return whole(text, 0, MAX_TAIL, "lines")


class LogsQuery(Strict):
    tail = NumberField(_tail, required=False, help_text="So many lines of each pod from before now; 200 unless told.")
    follow = serializers.BooleanField(required=False, help_text="Stay open for what comes next.")
