"""The tests' settings on the PostgreSQL of BERTH_TEST_DATABASE_PORT."""

from __future__ import annotations

from portal.settings import env
from portal.settings.test import *  # noqa: F403

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "PORT": env.text("BERTH_TEST_DATABASE_PORT"),
        "NAME": "berth",
        "USER": "berth",
        "PASSWORD": "",
    }
}
