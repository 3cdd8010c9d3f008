"""What holds in every environment. Nothing here reads a secret."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF

from portal.settings import logs
from portal.settings.accounts import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parents[2]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",  # allauth's pages load its tags
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "channels",
    "csp",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "rest_framework",
    "template_partials",
    "portal",
    "tenants",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.static.StaticFilesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.views.middleware.OriginMiddleware",
    "tenants.views.middleware.PrivatePagesMiddleware",
    "tenants.views.middleware.PlainAddressMiddleware",
    "tenants.views.viewer.ViewerMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
WSGI_APPLICATION = "portal.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["template_partials.templatetags.partials", "tenants.templatetags.berth"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.views.context.frame",
            ],
        },
    }
]

SESSION_ENGINE = "tenants.sign_in.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "tenants.views.errors.forged"

TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT: Path | None = BASE_DIR / "build" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# The body of a form or an API call: a secret's values are the largest thing (1 MiB in Kubernetes).
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tenants.api.parsing.Body"],
    "DEFAULT_SCHEMA_CLASS": "tenants.api.schema.Schema",
    "EXCEPTION_HANDLER": "tenants.api.answers.handle",
    "URL_FORMAT_OVERRIDE": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Berth",
    "DESCRIPTION": (
        "Everything that the browser can do, for scripts. "
        "Calls that change a cluster answer 202 with an operation to follow."
    ),
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    # Two nouns have a field of this name.
    "ENUM_NAME_OVERRIDES": {
        "OperationState": "tenants.models.operation.OperationState",
        "RequestState": "tenants.models.joining.RequestState",
        "QuotaRequestState": "tenants.models.granting.State",
    },
}

# Clusters are configured like databases; a namespace row names its alias.
# Each: {"kubeconfig": path, "context": name} or {"in_cluster": True} or {"server": "http://127.0.0.1:…"}, and "title".
CLUSTERS: dict[str, dict[str, object]] = {}
# Begins every namespace's name in a cluster. Immutable once namespaces exist: it anchors the trust of the second wall.
NAMESPACE_PREFIX = ""
# What one person may make for themselves: who needs more asks the platform team, which sets more here.
MAX_TEAMS_PER_PERSON = 10
# What mails and pages call the site.
SITE_NAME = "Berth"
# How long an invitation can be accepted; how many one team sends within an hour, and how often one person asks to join.
INVITATION_DAYS = 7
INVITATIONS_PER_HOUR = 100
JOIN_REQUESTS_PER_HOUR = 10
# Registries that images may come from; empty allows all.
IMAGE_HOSTS: tuple[str, ...] = ()
# How many proxies in front add an address to X-Forwarded-For (tenants.peer); 0: the header counts for nothing.
TRUSTED_PROXIES = 0
# Whether this process serves sockets and therefore watches the cluster.
LIVE = True

CELERY = {
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "task_default_queue": "berth",
    "broker_transport_options": {
        "visibility_timeout": 600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        # A page that publishes does not wait for a dead broker: the dispatcher publishes again.
        "socket_connect_timeout": 2,
        "max_retries": 1,
        "interval_start": 0,
        "interval_step": 0.1,
        "interval_max": 0.1,
    },
}
# How long one worker may hold an operation before another takes it over, seconds; every cluster call is shorter.
OPERATION_LEASE = 30
# The dispatcher publishes what was committed and never ran after this many seconds.
OPERATION_REDRIVE = 3

LOGGING = logs.logging(json=True)
# A request's log lines do not name its user: to find them would ask the database, also when that is what just failed.
# The audit log says who did what, by the request's id.
DJANGO_STRUCTLOG_USER_ID_FIELD = None
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = False  # nobody chooses the id that the audit log keeps
