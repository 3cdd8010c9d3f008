"""An OpenID Connect provider for tests: discovery, a sign-in form, PKCE, signed ID tokens, userinfo with groups.

It keeps to OpenID Connect Core 1.0 (code flow) and RFC 7636; `fault` makes it do one thing wrong.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.processes.stack import free_port, until

CLIENT = {"client_id": "berth", "client_secret": "a-secret-of-the-client"}
ELSEWHERE = "https://elsewhere.example"
FAULTS = (
    "wrong nonce",
    "no nonce",
    "wrong audience",
    "another authorized party",
    "expired",
    "unsigned",
    "signed with the client's secret",
    "another key",
    "unknown key",
    "wrong issuer",
    "another's discovery",
    "another's discovery and tokens",
    "userinfo of somebody else",
    "no ID token",
)


@dataclass
class Grant:
    """One code: for which browser's request it was given, and to whom."""

    person: str
    nonce: str
    challenge: str
    redirect_uri: str


@dataclass
class Provider:
    """`people`: user name → claims beside sub and preferred_username. `asked`: each authorization request's query."""

    address: str
    redirect_uris: set[str] = field(default_factory=set)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    fault: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, Grant] = {}
        self._access: dict[str, str] = {}

    def settings(self, **more: Any) -> dict[str, Any]:
        """As an item of BERTH_OIDC."""
        return {"id": "harbor", "name": "Harbor ID", "server_url": self.address, **CLIENT, **more}

    def app(self) -> Starlette:
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/authorize", self._authorize, methods=["GET", "POST"]),
            Route("/token", self._token, methods=["POST"]),
            Route("/keys", self._keys),
            Route("/userinfo", self._userinfo),
            Route("/favicon.ico", lambda request: Response(status_code=204)),  # browsers ask everybody for one
        ]
        return Starlette(routes=routes)

    async def _discovery(self, request: Request) -> Response:
        issuer = ELSEWHERE if self.fault.startswith("another's discovery") else self.address
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "userinfo_endpoint": f"{self.address}/userinfo",
                "jwks_uri": f"{self.address}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            }
        )

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        if request.method == "GET":
            self.asked.append(query)
        if (
            query.get("client_id") != CLIENT["client_id"]
            or query.get("redirect_uri") not in self.redirect_uris
            or query.get("response_type") != "code"
            or query.get("code_challenge_method") != "S256"
            or not query.get("state")
            or "openid" not in query.get("scope", "").split()
        ):
            return HTMLResponse("This request is not good.", status_code=400)
        if request.method == "GET":
            return HTMLResponse(FORM.format(address=html.escape(str(request.url))))
        form = dict(parse_qsl((await request.body()).decode()))
        back: dict[str, str] = {"state": query["state"]}
        person = str(form.get("person", ""))
        if form.get("answer") == "no" or person not in self.people:
            back["error"] = "access_denied"
        else:
            back["code"] = secrets.token_urlsafe(24)
            grant = Grant(person, query.get("nonce", ""), query["code_challenge"], query["redirect_uri"])
            self._codes[back["code"]] = grant
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}", status_code=303)

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        if any(form.get(name) != value for name, value in CLIENT.items()):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        grant = self._codes.pop(str(form.get("code")), None)
        proof = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
        challenge = base64.urlsafe_b64encode(proof).rstrip(b"=").decode()
        if grant is None or grant.challenge != challenge or grant.redirect_uri != form.get("redirect_uri"):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        access = secrets.token_urlsafe(24)
        self._access[access] = grant.person
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        if self.fault != "no ID token":
            answer["id_token"] = self._id_token(grant)
        return JSONResponse(answer)

    async def _keys(self, request: Request) -> Response:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key()))
        return JSONResponse({"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]})

    async def _userinfo(self, request: Request) -> Response:
        person = self._access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if person is None:
            return JSONResponse({"error": "invalid_token"}, status_code=401)
        sub = "sub-of-mallory" if self.fault == "userinfo of somebody else" else f"sub-of-{person}"
        return JSONResponse({"sub": sub, "preferred_username": person, **self.people[person]})

    def _id_token(self, grant: Grant) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.address,
            "sub": f"sub-of-{grant.person}",
            "aud": CLIENT["client_id"],
            "iat": now,
            "exp": now + 300,
            "nonce": grant.nonce,
        }
        wrong: dict[str, dict[str, Any]] = {
            "wrong nonce": {"nonce": "of-another-sign-in"},
            "wrong audience": {"aud": "another-client"},
            "another authorized party": {"aud": ["berth", "another"], "azp": "another"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
            "wrong issuer": {"iss": ELSEWHERE},
            "another's discovery and tokens": {"iss": ELSEWHERE},
        }
        claims |= wrong.get(self.fault, {})
        if self.fault == "no nonce":
            del claims["nonce"]
        if self.fault == "unsigned":
            return jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})
        if self.fault == "signed with the client's secret":
            return jwt.encode(claims, CLIENT["client_secret"].ljust(32, "-"), algorithm="HS256", headers={"kid": "one"})
        key = self._stranger if self.fault == "another key" else self._key
        return jwt.encode(claims, key, "RS256", headers={"kid": "two" if self.fault == "unknown key" else "one"})


FORM = """<!doctype html><html lang="en"><title>Harbor ID</title><h1>Harbor ID</h1>
<form method="post" action="{address}"><label>Who <input name="person"></label>
<button name="answer" value="yes">Continue</button><button name="answer" value="no">Back</button></form></html>"""


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers on a free port of this machine."""
    port = free_port()
    provider = Provider(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(provider.app(), port=port, log_level="warning"))
    thread = threading.Thread(target=server.run, name="oidc-provider")
    thread.start()
    try:
        until("the provider", lambda: server.started)
        yield provider
    finally:
        server.should_exit = True
        thread.join(10)
