"""`manage.py set_staff_role NAME support|approver|none`: makes somebody staff of the site, or takes it from them."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants.errors import DomainError
from tenants.models import StaffRole, User
from tenants.services.staff_roles import set_staff_role

NONE = "none"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the account's name")
        parser.add_argument("role", choices=[StaffRole.SUPPORT.value, StaffRole.APPROVER.value, NONE])

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["name"]).first()
        if person is None:
            raise CommandError(f"There is no account “{options['name']}”.")
        try:
            set_staff_role(person=person, role="" if options["role"] == NONE else options["role"])
        except DomainError as error:
            raise CommandError(error.message) from error
        self.stdout.write(f"{person}: {options['role']}. It holds at once, and they are told by mail.")
