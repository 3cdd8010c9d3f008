"""The Celery application: `celery -A portal worker`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.backends.base import DisabledBackend
from django.conf import settings
from django.utils.functional import cached_property

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")


def _settings() -> dict[str, Any]:
    """Read when the worker starts, not when this module is imported."""
    return dict(settings.CELERY)


class Application(Celery):
    """Celery, which keeps no results.

    Its own `backend` is looked up once for each thread, among the entry points of all that is installed: 15 ms of each
    request that publishes, since each request of an ASGI server has a thread of its own.
    """

    @cached_property
    def backend(self) -> DisabledBackend:
        return DisabledBackend(app=self)


app = Application("berth")
app.add_defaults(_settings)
app.autodiscover_tasks(["tenants"])
