"""`manage.py create_defaults`: plans and a policy for a new installation; nothing where staff made their own."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal.defaults import create_defaults


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        made = create_defaults()
        self.stdout.write(f"Made: {', '.join(made)}." if made else "There are plans and a policy already.")
