"""Quota, use over time and unused quota as the API tells them: whole numbers of a base unit, and words."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants.api.fields import RuleField, Strict
from tenants.rules import periods
from tenants.rules.resources import base_unit, say
from tenants.selectors.chargeback import PERIODS
from tenants.selectors.quota import Figures
from tenants.selectors.reclaim import Offer, Unused
from tenants.selectors.usage import Point, Statistics

UNIT = "“millicores”, “bytes”; empty for counts."
AMOUNTS = ("limit", "used", "reserved", "free", "over")


class UnitOut(serializers.CharField):
    """Of the row's own resource."""

    def __init__(self) -> None:
        super().__init__(source="*", help_text=UNIT)

    def to_representation(self, row: Any) -> str:
        return base_unit(row.resource)


class WordsOut(serializers.Serializer[Any]):
    """The same for people: “512 MiB”."""

    def get_fields(self) -> dict[str, Any]:
        return {name: _Said(name) for name in AMOUNTS}


class _Said(serializers.CharField):
    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(source="*")

    def to_representation(self, row: Any) -> str:
        return say(row.resource, getattr(row, self.name))


class QuotaRowOut(serializers.Serializer[Figures]):
    """`used`: counted by the cluster; `reserved`: that, or more where apps (with a rollout's surge), volumes and
    secrets may come to take more; `free`: limit less reserved."""

    resource = serializers.CharField()
    unit = UnitOut()
    limit = serializers.IntegerField()
    used = serializers.IntegerField()
    reserved = serializers.IntegerField()
    free = serializers.IntegerField()
    over = serializers.IntegerField(help_text="Taken beyond the limit: nothing is stopped, new work is refused.")
    until = serializers.DateField(allow_null=True, help_text="Last day of a raise for a time.")
    back_to = serializers.IntegerField(allow_null=True, help_text="The limit after that day.")
    words = WordsOut(source="*")


class QuotaOut(serializers.Serializer[Any]):
    """`at`: when the cluster was last seen to count so; `silent_since`: it has not answered since."""

    topic = serializers.CharField(help_text="What /ws/live/ calls it.")
    at = serializers.DateTimeField(allow_null=True)
    silent_since = serializers.DateTimeField(allow_null=True)
    rows = QuotaRowOut(many=True)


class HistoryQuery(Strict):
    resource = serializers.CharField(max_length=200, help_text="One of those that GET …/quota answers.")
    days = serializers.IntegerField(min_value=1, max_value=periods.LONGEST, required=False, help_text="30 unless told.")


class PointOut(serializers.Serializer[Point]):
    """A span of `seconds` from `at` on: 300 for a week, then hours for ninety days, then days."""

    at = serializers.DateTimeField()
    seconds = serializers.IntegerField()
    mean = serializers.FloatField(help_text="Used, on average.")
    most = serializers.IntegerField(help_text="Used, at most.")
    reserved = serializers.IntegerField(help_text="Reserved, at most.")
    limit = serializers.IntegerField()


class StatisticsOut(serializers.Serializer[Statistics]):
    """Of two weeks."""

    peak = serializers.IntegerField(help_text="The most used or reserved.")
    peak_at = serializers.DateTimeField(allow_null=True)
    percentile = serializers.IntegerField(help_text="Used, not exceeded in 95% of the time.")
    trend = serializers.FloatField(allow_null=True, help_text="The second week's mean against the first's; 0.1: +10%.")


class HistoryOut(serializers.Serializer[Any]):
    resource = serializers.CharField()
    unit = serializers.CharField(help_text=UNIT)
    statistics = StatisticsOut()
    samples = PointOut(many=True)


class OfferOut(serializers.Serializer[Offer]):
    resource = serializers.CharField()
    unit = UnitOut()
    limit = serializers.IntegerField()
    peak = serializers.IntegerField(help_text="The most that was used in 30 days.")
    most = serializers.IntegerField(help_text="A limit that would do.")


class UnusedOut(serializers.Serializer[Unused]):
    team = serializers.CharField(source="namespace.team.slug")
    namespace = serializers.CharField(source="namespace.name")
    yours = serializers.BooleanField(source="mine", help_text="You may lower it: POST …/quota/limits.")
    offers = OfferOut(many=True)


class UsageQuery(Strict):
    begin = RuleField(periods.day, required=False, help_text="First day, UTC; thirty days before the last.")
    end = RuleField(periods.day, required=False, help_text="Last day; today.")
    period = serializers.ChoiceField(PERIODS, required=False, help_text="What a line is of; “day” unless told.")
