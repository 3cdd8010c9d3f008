"""Settings of the workers that the tests start: the test's own database, broker and cluster."""

from __future__ import annotations

from portal.settings import env
from portal.settings.base import CELERY
from portal.settings.sqlite import database
from portal.settings.test import *  # noqa: F403

DATABASES = {"default": database(env.text("BERTH_DATABASE"))}
CLUSTERS = {"default": {"title": "harbor-1", "server": env.text("BERTH_TEST_SERVER")}}
CELERY = {**CELERY, "broker_url": env.text("BERTH_TEST_BROKER")}
OPERATION_LEASE = 2
