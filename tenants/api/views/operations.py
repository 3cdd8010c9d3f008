"""Operations to follow."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.serializers.operations import OperationOut
from tenants.api.views.door import Door, call
from tenants.errors import NotFound
from tenants.selectors import finding


class OneOperation(Door):
    @call("get_operation", "How far a change is", answer=OperationOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(OperationOut(finding.operation(self.user, pk)).data)


class Nowhere(Door):
    """Whatever else is asked for."""

    schema = None

    def get(self, request: Request, **names: str) -> Response:
        raise NotFound("There is no such address: GET /api/schema/ lists them all.")

    post = put = patch = delete = get
