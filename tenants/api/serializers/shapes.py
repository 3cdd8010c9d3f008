"""Shapes around the nouns: pages of a list, what a change answers, errors, a name typed to delete."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tenants.api.fields import NumberField, Strict
from tenants.api.pagination import Pages
from tenants.api.serializers.figures import FigureOut
from tenants.api.serializers.operations import OperationOut
from tenants.rules.quantities import whole

Shape = type[serializers.Serializer[Any]]

_made: dict[str, Shape] = {}


class NoQuery(Strict):
    """A call without parameters."""


def _page(text: str | int) -> int:
    return whole(text, 1, 1_000_000, "pages")


def rows_of_page(text: str | int) -> int:
    return whole(text, 1, Pages.max_page_size, "rows")


class PageQuery(Strict):
    """`Pages` reads them; they are named here so that others are refused."""

    page = NumberField(_page, required=False, help_text="From 1 on.")
    page_size = NumberField(rows_of_page, required=False, help_text="At most 200; 50 unless told otherwise.")


class Confirm(Strict):
    confirm = serializers.CharField(
        trim_whitespace=True,
        allow_blank=True,
        help_text="The name of what is deleted, typed again.",
        error_messages={"required": "Say the name of what is deleted: ?confirm=NAME."},
    )


class TeamDeletion(serializers.Serializer[Any]):
    """A team goes when the last of its namespaces is gone: follow their operations."""

    team = serializers.CharField()
    gone = serializers.BooleanField(help_text="It had no namespace and is gone already.")
    operations = OperationOut(many=True)


class ErrorBody(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="For programs: invalid, quota_exceeded, taken, overtaken, …")
    message = serializers.CharField(help_text="For people: what is wrong and what to do.")
    fields_ = serializers.DictField(child=serializers.CharField(), help_text="Key → what is wrong with it.")
    figures = FigureOut(many=True, required=False, help_text="With “quota_exceeded”: what the wish takes.")

    def get_fields(self) -> dict[str, Any]:
        """`fields` is a name that serializers need for themselves."""
        found = super().get_fields()
        found["fields"] = found.pop("fields_")
        return found


class ErrorOut(serializers.Serializer[Any]):
    error = ErrorBody()


class ConditionOut(serializers.Serializer[Any]):
    """One part of a thing as the cluster holds it."""

    type = serializers.CharField()
    status = serializers.ChoiceField(["True", "False", "Unknown"])
    reason = serializers.CharField()
    message = serializers.CharField()
    since = serializers.DateTimeField()


def page_of(shape: Shape) -> Shape:
    """The shape of one page of a list."""
    return _make(
        f"{_plain(shape)}Page",
        count=serializers.IntegerField(),
        next=serializers.CharField(allow_null=True),
        previous=serializers.CharField(allow_null=True),
        results=shape(many=True),
    )


def accepted(**nouns: Shape) -> Shape:
    """The answer to a change that the cluster has to carry out: the operation, and the things as they are now."""
    name = "".join(_plain(shape) for shape in nouns.values())
    return _make(f"{name}Accepted", operation=OperationOut(), **{noun: shape() for noun, shape in nouns.items()})


def _plain(shape: Shape) -> str:
    return shape.__name__.removesuffix("Out")


def _make(name: str, **fields: serializers.Field[Any, Any, Any, Any]) -> Shape:
    if name not in _made:
        _made[name] = type(name, (serializers.Serializer,), fields)
    return _made[name]
