"""`manage.py create_default_plans`: small, medium and large for a new installation; nothing where staff set plans."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal.plans import create_defaults


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        made = create_defaults()
        self.stdout.write(f"{made} plans made." if made else "There are plans already.")
