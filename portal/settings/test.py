"""Tests: as the demo, with a database of their own, fast hashing and no outside world."""

from __future__ import annotations

import os
import tempfile

from portal.settings.dev import *  # noqa: F403
from portal.settings.dev import DATA_DIR
from portal.settings.sqlite import database

# A file, one for each run: threads and processes of a test share it, which SQLite's memory does not do soundly.
DATABASES = {
    "default": {
        **database(DATA_DIR / "test.sqlite3"),
        "TEST": {"NAME": f"{tempfile.gettempdir()}/berth-test-{os.getpid()}.sqlite3"},
    }
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MAIL_IS_PRINTED = False
ACCOUNT_RATE_LIMITS = False
FAILED_TOKENS_RATE = None
LIVE = False
# Each test has clients of its own, and each would look through all static files before its first request.
WHITENOISE_AUTOREFRESH = True
CLUSTERS = {"default": {"title": "harbor-1", "server": "http://127.0.0.1:9"}}
