"""Sign-in through the organization's own accounts: allauth's OpenID Connect, with what it leaves open closed.

allauth brings the flow, its state and PKCE. Here the ID token is bound to the browser by a nonce, its signature is
checked although it came over TLS, its issuer is the one of the settings, and userinfo must be about the same person
(OpenID Connect Core 1.0, 3.1.3.7 and 5.3.2; Discovery 1.0, 4.3). An e-mail address counts as confirmed where the
settings trust the provider for it, and not because the provider says so.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import jwt
from allauth.account.models import EmailAddress
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

# Signatures by a key that the provider alone holds; never "none", never one made with a secret that both sides know.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
CLOCK_SKEW = 60
NEEDED = ("iss", "sub", "aud", "exp", "iat")
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# What is kept of the claims: who it is; and, below GROUPS, their groups as of the last sign-in.
KEPT = ("sub", "email", "preferred_username", "name", "given_name", "family_name")
GROUPS = "groups"


class Refused(OAuth2Error):
    """What came back is not what this sign-in asked for; says why, for the log."""


class OidcClient(OpenIDConnectOAuth2Adapter):
    """Talks to one provider for one sign-in."""

    nonce = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        wanted = str(self.get_provider().app.settings["server_url"])
        if str(config.get("issuer", "")).rstrip("/") != wanted.rstrip("/"):
            raise Refused("the discovery document names another issuer")
        if any(not isinstance(config.get(name), str) for name in ENDPOINTS):
            raise Refused("the discovery document lacks an endpoint")
        return config

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        path = reverse("openid_connect_callback", kwargs={"provider_id": self.provider_id})
        return f"{settings.SITE_URL}{path}"

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        self.nonce = nonce_of(pkce_code_verifier or "")
        return super().get_access_token_data(request, app, client, pkce_code_verifier)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        claims = self._claims(app, kwargs["response"].get("id_token") or "")
        if self.openid_config.get("userinfo_endpoint"):
            told = self._fetch_user_info(token.token)
            if not isinstance(told, dict) or told.get("sub") != claims["sub"]:
                raise Refused("userinfo is about somebody else")
            claims = {**told, **claims}
        return self.get_provider().sociallogin_from_response(request, claims)

    def _claims(self, app: Any, id_token: str) -> dict[str, Any]:
        """Those of the ID token, once everything about it is right. Raises Refused."""
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key(id_token),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCK_SKEW,
                options={"require": list(NEEDED)},
            )
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise Refused(f"its ID token is not good: {error}") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", "" if several else app.client_id) != app.client_id:
            raise Refused("its ID token is for another client")
        if not self.nonce or not hmac.compare_digest(str(claims.get("nonce", "")), self.nonce):
            raise Refused("its ID token answers another sign-in")
        return claims

    def _key(self, id_token: str) -> jwt.PyJWK:
        header = jwt.get_unverified_header(id_token)
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        fit = [key for key in keys if key.key_id == header.get("kid") or (header.get("kid") is None and len(keys) == 1)]
        if not fit:
            raise Refused("its ID token is signed by no key of the provider")
        return fit[0]


class OrganizationProvider(OpenIDConnectProvider):
    """One provider of the settings. Nothing of how it is asked comes from the browser's request."""

    oauth2_adapter_class = OidcClient

    def get_pkce_params(self) -> dict[str, Any]:
        """The nonce hangs on the PKCE verifier, which the session keeps, so that one answer fits both or neither."""
        params: dict[str, Any] = super().get_pkce_params()
        return {**params, "nonce": nonce_of(params["code_verifier"])}

    def get_scope_from_request(self, request: HttpRequest) -> list[str]:
        return list(self.get_scope())

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:
        return dict(self.get_auth_params())

    def get_redirect_from_request_kwargs(self, request: HttpRequest) -> dict[str, Any]:
        asked: dict[str, Any] = super().get_redirect_from_request_kwargs(request)
        return {**asked, "process": "connect" if asked["process"] == "connect" else "login"}

    def extract_uid(self, data: Mapping[str, Any]) -> str:
        return str(data["sub"])

    def extract_extra_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        known = {key: data[key] for key in KEPT if key in data}
        return {**known, GROUPS: groups_of(data, self.app.settings["groups_claim"])}

    def extract_email_addresses(self, data: Mapping[str, Any]) -> list[EmailAddress]:
        email = data.get("email")
        if not isinstance(email, str) or not email:
            return []
        return [EmailAddress(email=email, verified=self._trusts(email, data.get("email_verified")), primary=True)]

    def _trusts(self, email: str, said: object) -> bool:
        """True: where the provider says that it was confirmed. Domains: there, unless it says that it was not."""
        trusted = self.app.settings["trust_email"]
        confirmed = said is True or str(said).lower() == "true"
        if trusted is True:
            return confirmed
        return email.rpartition("@")[2].lower() in trusted and (confirmed or said is None)


def nonce_of(verifier: str) -> str:
    """The nonce of a sign-in whose PKCE verifier is `verifier`; tells nothing about it."""
    return hashlib.sha256(b"nonce " + verifier.encode()).hexdigest() if verifier else ""


def groups_of(claims: Mapping[str, Any], claim: str) -> list[str] | None:
    """The person's groups; None where the provider says that there are too many to tell (Entra's overage)."""
    value = claims.get(claim)
    if value is None and claim in (claims.get("_claim_names") or {}):
        return None
    if isinstance(value, str):
        return [value]
    return [str(group) for group in value] if isinstance(value, list) else []
