"""The tests' PostgreSQL, with log lines as in production."""

from __future__ import annotations

from portal.settings import logs
from tests.postgresql.settings import *  # noqa: F403

LOGGING = logs.logging(json=True, levels={"django": "ERROR", "tenants": "WARNING", "django_structlog": "WARNING"})
