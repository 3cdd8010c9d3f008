"""`manage.py reset_second_factor NAME --reason …`: for who lost the app, the passkeys and the recovery codes."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.errors import DomainError
from tenants.models import User
from tenants.services.lost_factors import reset_second_factor


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="whose second factor it is: the account's name")
        parser.add_argument("--reason", required=True, help="they are told, and the audit log keeps it")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["name"]).first()
        if person is None:
            raise CommandError(f"There is no account “{options['name']}”.")
        try:
            count = reset_second_factor(person=person, reason=options["reason"])
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{count} removed. {person} is signed out everywhere and told by mail.")
