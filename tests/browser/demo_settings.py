"""The demo's settings, but for what a password costs: a third of a second by design, at each of many sign-ins."""

from __future__ import annotations

from portal.settings.dev import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
