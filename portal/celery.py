"""The Celery application: `celery -A portal worker`."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")


def _settings() -> dict[str, Any]:
    """Read when the worker starts, not when this module is imported."""
    return dict(settings.CELERY)


app = Celery("berth")
app.add_defaults(_settings)
app.autodiscover_tasks(["tenants"])
