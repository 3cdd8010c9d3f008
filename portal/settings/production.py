"""Production: everything from the environment; a weak or missing value stops the start (docs/operations.md)."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.settings import env
from portal.settings.base import *  # noqa: F403
from portal.settings.base import CELERY
from portal.settings.mail import mail
from portal.settings.organization import organization

DEBUG = False
SECRET_KEY = env.text("BERTH_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.items("BERTH_SECRET_KEY_FALLBACKS", "")
# Encrypts a secret's values while they wait in the outbox; not SECRET_KEY, so that each can be changed alone.
SEAL_KEY = env.text("BERTH_SEAL_KEY")
for _name, _value in (("BERTH_SECRET_KEY", SECRET_KEY), ("BERTH_SEAL_KEY", SEAL_KEY)):
    if len(_value) < 50 or len(set(_value)) < 10:
        raise ImproperlyConfigured(f"{_name} is too weak: use at least 50 random characters.")

PUBLIC_URL = env.text("BERTH_PUBLIC_URL").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in {"https", "http"} or not _public.hostname:
    raise ImproperlyConfigured("BERTH_PUBLIC_URL is not an address like https://berth.example.")
# Plain http is for a gateway inside a test cluster; it must be asked for by name.
INSECURE_HTTP = env.flag("BERTH_INSECURE_HTTP", False)
if _public.scheme == "http" and not INSECURE_HTTP:
    raise ImproperlyConfigured("BERTH_PUBLIC_URL must be https (or set BERTH_INSECURE_HTTP=true for a test).")
ALLOWED_HOSTS = env.items("BERTH_ALLOWED_HOSTS", _public.hostname)
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("BERTH_ALLOWED_HOSTS must name hosts, not *.")
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

_database = urlsplit(env.text("BERTH_DATABASE_URL"))
if _database.scheme not in {"postgres", "postgresql"}:
    raise ImproperlyConfigured("BERTH_DATABASE_URL must begin with postgresql://.")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": _database.hostname or "",
        "PORT": str(_database.port or 5432),
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username or "",
        "PASSWORD": _database.password or env.text("BERTH_DATABASE_PASSWORD", ""),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {"min_size": 1, "max_size": env.number("BERTH_DATABASE_POOL", 8, least=2), "timeout": 5},
            "connect_timeout": 5,
        },
    }
}
REDIS_URL = env.text("BERTH_REDIS_URL").rstrip("/")
CACHES = {
    "default": {
        "BACKEND": "portal.cache.SteadyCache",
        "LOCATION": f"{REDIS_URL}/1",
        "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [f"{REDIS_URL}/0"], "prefix": "berth-live"},
    }
}
CELERY = {**CELERY, "broker_url": f"{REDIS_URL}/0"}

SITE_NAME = env.text("BERTH_SITE_NAME", SITE_NAME)
SITE_URL = PUBLIC_URL
globals().update(mail(sender=f"{SITE_NAME} <berth@{_public.hostname}>"))

globals().update(organization(plain_http=INSECURE_HTTP))

SECURE_SSL_REDIRECT = not INSECURE_HTTP and env.flag("BERTH_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = None if INSECURE_HTTP else ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 0 if INSECURE_HTTP else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = not INSECURE_HTTP
SECURE_HSTS_PRELOAD = not INSECURE_HTTP
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not INSECURE_HTTP
if not INSECURE_HTTP:
    SESSION_COOKIE_NAME = "__Host-berth-session"
    CSRF_COOKIE_NAME = "__Host-berth-csrf"
TRUSTED_PROXIES = ALLAUTH_TRUSTED_PROXY_COUNT = env.number("BERTH_TRUSTED_PROXIES", 0)
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public.scheme
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = INSECURE_HTTP
SUPPORT_CONTACT = env.text("BERTH_SUPPORT_CONTACT", "")
REQUIRE_SECOND_FACTOR = frozenset(env.items("BERTH_REQUIRE_MFA", ""))
if REQUIRE_SECOND_FACTOR - {"owners", "staff"}:
    raise ImproperlyConfigured("BERTH_REQUIRE_MFA takes owners, staff, or both with a comma between.")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

NAMESPACE_PREFIX = env.text("BERTH_NAMESPACE_PREFIX", "")
INVITATION_DAYS = env.number("BERTH_INVITATION_DAYS", INVITATION_DAYS, least=1)
INVITATIONS_PER_HOUR = env.number("BERTH_INVITATIONS_PER_HOUR", INVITATIONS_PER_HOUR, least=1)
JOIN_REQUESTS_PER_HOUR = env.number("BERTH_JOIN_REQUESTS_PER_HOUR", JOIN_REQUESTS_PER_HOUR, least=1)
MAX_TEAMS_PER_PERSON = env.number("BERTH_MAX_TEAMS_PER_PERSON", MAX_TEAMS_PER_PERSON, least=1)
IMAGE_HOSTS = tuple(env.items("BERTH_IMAGE_HOSTS", ""))
LIVE = env.flag("BERTH_LIVE", False)


def _clusters() -> dict[str, dict[str, object]]:
    """BERTH_CLUSTERS is JSON: {"default": {"title": …, "kubeconfig": path} or {"in_cluster": true}}."""
    raw = env.text("BERTH_CLUSTERS")
    try:
        clusters = json.loads(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"BERTH_CLUSTERS is not JSON: {error}.") from error
    if not isinstance(clusters, dict) or "default" not in clusters:
        raise ImproperlyConfigured('BERTH_CLUSTERS needs a cluster named "default".')
    for alias, config in clusters.items():
        unknown = set(config) - {"title", "kubeconfig", "context", "in_cluster", "server"}
        if unknown:
            raise ImproperlyConfigured(f"BERTH_CLUSTERS: {alias} has unknown keys: {', '.join(sorted(unknown))}.")
        if "server" in config and not str(config["server"]).startswith("http://127.0.0.1:"):
            raise ImproperlyConfigured(
                f"BERTH_CLUSTERS: {alias}: a plain server is for a simulated cluster on this machine."
            )
    return clusters


CLUSTERS = _clusters()
