"""Operations to follow, and the caller's own tokens."""

from __future__ import annotations

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.serializers.operations import OperationOut
from tenants.api.serializers.teams import TokenIn, TokenOut
from tenants.api.views.door import Door, call
from tenants.errors import NotFound
from tenants.models import ApiToken
from tenants.selectors import finding
from tenants.services import tokens


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


class Tokens(Door):
    @call("list_tokens", "Your tokens", many=TokenOut)
    def get(self, request: Request) -> Response:
        return self.page(ApiToken.objects.visible_to(self.user), TokenOut)

    @call(
        "create_token", "Refused: a token makes no tokens, sign in for that", body=TokenIn, answer=TokenOut, status=201
    )
    def post(self, request: Request) -> Response:
        token, _ = tokens.create_token(actor=self.user, **self.sent)
        return Response(TokenOut(token).data, status=201)


class OneToken(Door):
    def token(self) -> ApiToken:
        return finding.token(self.user, self.kwargs["pk"])

    @call("get_token", "One of your tokens", answer=TokenOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(TokenOut(self.token()).data)

    @call("revoke_token", "End a token at once", answer=TokenOut)
    def delete(self, request: Request, pk: UUID) -> Response:
        return Response(TokenOut(tokens.revoke_token(actor=self.user, token=self.token())).data)
