"""The demo and development on one machine: SQLite, everything in one process, loopback only."""

from __future__ import annotations

from portal.settings import env, logs
from portal.settings.accounts import LIMITS
from portal.settings.base import *  # noqa: F403
from portal.settings.base import BASE_DIR, CELERY
from portal.settings.mail import mail
from portal.settings.organization import organization
from portal.settings.sqlite import database

DEBUG = env.flag("BERTH_DEBUG", False)
SECRET_KEY = "for-one-machine-only-never-in-production-" + "0" * 24
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS: list[str] = []
DATA_DIR = BASE_DIR / "var"
(DATA_DIR / "demo").mkdir(parents=True, exist_ok=True)
DATABASES = {"default": database(env.text("BERTH_DATABASE", str(DATA_DIR / "demo" / "berth.sqlite3")))}
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
CELERY = {**CELERY, "broker_url": "memory://", "broker_transport_options": {"polling_interval": 0.02}}
# The demo puts its own port here.
SITE_URL = "http://127.0.0.1:8000"
globals().update(mail(sender="Berth <berth@localhost>", printed=True))
globals().update(organization(plain_http=True))
# One machine, and everybody on it has the same address.
ACCOUNT_RATE_LIMITS = {**LIMITS, "login": "600/m/ip", "signup": "60/m/ip"}
SEAL_KEY = "for-one-machine-only"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CLUSTERS = {"default": {"title": "harbor-1", "kubeconfig": env.text("KUBECONFIG", "")}}
# Found where they lie: nothing is collected on a developer's machine.
STATIC_ROOT = None
LOGGING = logs.logging(
    json=False,
    levels={
        "django_structlog": "WARNING",
        "uvicorn.error": "WARNING",
        "celery": "WARNING",
        "kombu": "ERROR",
        "tenants": "WARNING",
    },
)
