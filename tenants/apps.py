"""Django's handle on the domain."""

from django.apps import AppConfig


class TenantsConfig(AppConfig):
    name = "tenants"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants.sign_in import receivers  # noqa: F401, PLC0415 - models must stand before they are named
