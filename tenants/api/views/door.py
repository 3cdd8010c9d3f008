"""What every call does first and last: read it strictly, find its things with the caller's rights, answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, cast

from django.db.models import Model, QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tenants import access
from tenants.api.errors import Malformed
from tenants.api.fields import Strict
from tenants.api.pagination import Pages
from tenants.api.serializers.operations import OperationOut
from tenants.api.serializers.shapes import NoQuery, PageQuery, Shape, page_of
from tenants.models import App, Namespace, Operation, Team, User
from tenants.models.intent import Intent
from tenants.selectors import finding

Handler = Callable[..., HttpResponseBase]


class Door(APIView):
    """Base of all calls. `sent` is the clean body, `asked` the clean query of the call at hand."""

    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    sent: Mapping[str, Any] = {}
    asked: Mapping[str, Any] = {}

    @property
    def user(self) -> User:
        return cast(User, self.request.user)

    def team(self) -> Team:
        """The team of the address. Raises NotFound, as all of these."""
        return finding.team(self.user, self.kwargs["team"])

    def namespace(self) -> Namespace:
        return finding.namespace(self.user, self.kwargs["team"], self.kwargs["namespace"])

    def app(self) -> App:
        return finding.app(self.user, self.kwargs["team"], self.kwargs["namespace"], self.kwargs["app"])

    def page(self, rows: QuerySet[Any] | Sequence[Any], shape: Shape, **context: Any) -> Response:
        """One page of a list."""
        paginator = Pages()
        found = paginator.paginate_queryset(rows, self.request, view=self)
        return paginator.get_paginated_response(shape(found, many=True, context=context).data)

    def deleting(self, operation: Operation, **noun: tuple[Shape, Intent]) -> Response:
        """202 for a deletion. A quick cluster may have taken the thing away by now: it is told as it was, and going."""
        for _, row in noun.values():
            row.deleting_since, row.generation = operation.created_at, operation.generation
        return self.accepted(operation, **noun)

    def accepted(self, operation: Operation, **nouns: tuple[Shape, Model]) -> Response:
        """202: the operation to follow, and the things as they are now."""
        body = {noun: shape(row).data for noun, (shape, row) in nouns.items()}
        told = OperationOut(operation).data
        return Response({"operation": told, **body}, status=202, headers={"Location": told["url"]})


def call(
    name: str,
    summary: str,
    *,
    body: type[Strict] | None = None,
    query: type[Strict] = NoQuery,
    answer: Any = None,
    many: Shape | None = None,
    status: int = 200,
    any_scope: bool = False,
    reads: bool = False,
) -> Callable[[Handler], Handler]:
    """A method of a Door: what it takes and answers, checked when called and told in the OpenAPI document.

    `many` answers pages of that shape; `answer` may be {(status, media type): shape}. Reading takes the scope “read”,
    unless `any_scope`, whatever the method where it `reads`; what writing takes is for the services to say.
    """
    if many is not None:
        query, answer = (PageQuery if query is NoQuery else query), page_of(many)

    def wrap(handler: Handler) -> Handler:
        @extend_schema(
            operation_id=name,
            summary=summary,
            request=body,
            parameters=[query] if query is not NoQuery else [],
            responses=answer if isinstance(answer, Mapping) else {status: answer},
        )
        @wraps(handler)
        def inner(self: Door, request: Request, **names: Any) -> HttpResponseBase:
            if (reads or request.method in ("GET", "HEAD")) and not any_scope:
                access.require_scope(self.user, "team.read", self.user)
            self.asked = _clean(query, request.query_params.dict())
            self.sent = _clean(body or Strict, _object(request.data))
            return handler(self, request, **names)

        return inner

    return wrap


def _object(data: Any) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise Malformed('Send one JSON object, such as {"name": "checkout"}.')
    return data


def _clean(shape: type[serializers.Serializer[Any]], data: Mapping[str, Any]) -> Mapping[str, Any]:
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    return cast(Mapping[str, Any], serializer.validated_data)
