"""The figures of a quota beside a wish: the same in a preflight's answer and in a refusal."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants.rules.quota import FIGURES


class FigureWordsOut(serializers.Serializer[Any]):
    """The same for people: “512 MiB”."""

    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.CharField() for name in FIGURES}


class FigureOut(serializers.Serializer[Any]):
    """One resource, in whole numbers of its unit.

    `others`: what the rest takes, `this`: the wish, `surge`: what its rollout takes on top for a while, `free`: what
    the rest leaves, `short`: what is too much.
    """

    resource = serializers.CharField()
    unit = serializers.CharField(help_text="“millicores”, “bytes”; empty for counts.")
    words = FigureWordsOut()

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        amounts = {name: serializers.IntegerField() for name in FIGURES}
        return {"resource": found["resource"], "unit": found["unit"], **amounts, "words": found["words"]}
