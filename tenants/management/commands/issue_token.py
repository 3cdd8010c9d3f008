"""`manage.py issue_token NAME`: prints an API token of that account, for scripts. It is shown this once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.access import SCOPES
from tenants.errors import DomainError
from tenants.models import User
from tenants.services.tokens import create_token


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="whose token it is: the account's name")
        parser.add_argument("--title", default="command line", help="what the token is for, as the settings list it")
        parser.add_argument("--scope", action="append", choices=list(SCOPES), help="may be given again; default: all")
        parser.add_argument("--days", type=int, default=30, help="until it ends, 1 to 90")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["name"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no account “{options['name']}”.")
        try:
            _, text = create_token(
                actor=user, name=options["title"], scopes=options["scope"] or list(SCOPES), days=options["days"]
            )
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(text)
