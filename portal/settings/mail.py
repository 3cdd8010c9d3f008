"""Where mail goes, from the environment: a mail server, or the terminal where the caller says so."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from portal.settings import env


def mail(*, sender: str, printed: bool = False) -> dict[str, Any]:
    """Django's mail settings, and MAIL_IS_PRINTED, which pages tell. `sender`: the From where none is given.

    `printed`: without BERTH_EMAIL_HOST mails are printed in the terminal; otherwise they go to this machine's port 25.
    """
    host = env.text("BERTH_EMAIL_HOST", "")
    if env.flag("BERTH_EMAIL_TLS", False) and env.flag("BERTH_EMAIL_SSL", False):
        raise ImproperlyConfigured("Choose one of BERTH_EMAIL_TLS (STARTTLS) and BERTH_EMAIL_SSL (TLS at once).")
    backend = "console" if printed and not host else "smtp"
    return {
        "EMAIL_BACKEND": f"django.core.mail.backends.{backend}.EmailBackend",
        "MAIL_IS_PRINTED": backend == "console",
        "EMAIL_HOST": host or "localhost",
        "EMAIL_PORT": env.number("BERTH_EMAIL_PORT", 25, least=1),
        "EMAIL_HOST_USER": env.text("BERTH_EMAIL_USER", ""),
        "EMAIL_HOST_PASSWORD": env.text("BERTH_EMAIL_PASSWORD", ""),
        "EMAIL_USE_TLS": env.flag("BERTH_EMAIL_TLS", False),
        "EMAIL_USE_SSL": env.flag("BERTH_EMAIL_SSL", False),
        "EMAIL_TIMEOUT": 10,
        "DEFAULT_FROM_EMAIL": env.text("BERTH_EMAIL_FROM", sender),
    }
