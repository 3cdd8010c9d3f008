"""The caller's own account. Passwords, addresses, second factors and the account's end are pages alone."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from tenants import access
from tenants.api.serializers.account import MeEdit, MeOut, SessionOut, TokenOut
from tenants.api.views.door import Door, call
from tenants.errors import NotFound
from tenants.models import ApiToken, Membership, User
from tenants.selectors import accounts as shown
from tenants.selectors import finding
from tenants.services import accounts, tokens
from tenants.sign_in import second_factor


class Me(Door):
    @call("get_me", "Who calls, in which teams, with which token", answer=MeOut, any_scope=True)
    def get(self, request: Request) -> Response:
        return Response(MeOut(self.shown(self.user)).data)

    @call("edit_me", "Change your profile", body=MeEdit, answer=MeOut)
    def patch(self, request: Request) -> Response:
        return Response(MeOut(self.shown(accounts.edit_profile(actor=self.user, **self.sent))).data)

    def shown(self, user: User) -> dict[str, Any]:
        return {
            "username": user.get_username(),
            "name": user.get_full_name(),
            "email": user.email,
            "staff_role": user.staff_role,
            "time_zone": user.time_zone,
            "language": user.language or "en",
            "theme": user.theme,
            "second_factor": second_factor.has(user),
            "teams": dict(Membership.objects.filter(user=user).values_list("team__slug", "role")),
            "token": self.request.auth,
        }


class Sessions(Door):
    @call("list_sessions", "Where you are signed in with a browser", many=SessionOut, any_scope=True)
    def get(self, request: Request) -> Response:
        access.require(self.user, "sessions.own", self.user)
        return self.page(shown.sessions(self.user), SessionOut)

    @call("end_sessions", "Sign out everywhere", status=204)
    def delete(self, request: Request) -> Response:
        accounts.end_other_sessions(actor=self.user, keep=None)
        return Response(status=204)


class OneSession(Door):
    @call("end_session", "Sign out somewhere", status=204)
    def delete(self, request: Request, pk: int) -> Response:
        session = shown.session(self.user, pk)
        if session is None:
            raise NotFound("There is no such session.")
        accounts.end_session(actor=self.user, session=session)
        return Response(status=204)


class Tokens(Door):
    @call("list_tokens", "Your tokens", many=TokenOut)
    def get(self, request: Request) -> Response:
        return self.page(ApiToken.objects.visible_to(self.user), TokenOut)

    @call("revoke_tokens", "End all your tokens at once, this one too", status=204)
    def delete(self, request: Request) -> Response:
        tokens.revoke_all(actor=self.user)
        return Response(status=204)


class OneToken(Door):
    def token(self) -> ApiToken:
        return finding.token(self.user, self.kwargs["pk"])

    @call("get_token", "One of your tokens", answer=TokenOut)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(TokenOut(self.token()).data)

    @call("revoke_token", "End a token at once", answer=TokenOut)
    def delete(self, request: Request, pk: UUID) -> Response:
        return Response(TokenOut(tokens.revoke_token(actor=self.user, token=self.token())).data)
