"""For building an image: collects static files as production serves them; no secret, no database, no cluster."""

from portal.settings.base import *  # noqa: F403

SECRET_KEY = "only-while-an-image-is-built"
SEAL_KEY = SECRET_KEY
DATABASES = {"default": {"ENGINE": "django.db.backends.dummy"}}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
