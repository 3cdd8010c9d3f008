"""Browsers of people who are signed in, as after the sign-in page."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client

from tenants.models import User

OWNER_OF_RECORDS = "account_authentication_methods_user"


def signed_in(user: User, *, ago: float = 0, **options: Any) -> Client:
    """`ago`: seconds since the password was typed; after 15 minutes, some pages ask for it again.

    The visit is noted already, so that counts of queries are of what a page asks.
    """
    client = Client(**options)
    client.force_login(user)
    prove(client, user, ago=ago)
    client.get("/healthz")
    return client


def prove(client: Client, user: User, *, ago: float = 0) -> None:
    """The person typed their password `ago` seconds before."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": "password", "at": time.time() - ago}]
    session[OWNER_OF_RECORDS] = str(user.pk)
    session.save()
