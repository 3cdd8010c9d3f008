"""`manage.py local_sign_in NAME --reason …`: by password, where BERTH_LOCAL_SIGNIN is off."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse
from django.utils.http import urlencode

from tenants import audit
from tenants.models import User
from tenants.sign_in import entrance


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="who is let in: the account's name")
        parser.add_argument("--reason", required=True, help="the audit log keeps it")

    def handle(self, *args: Any, **options: Any) -> None:
        person = User.objects.filter(username=options["name"], is_active=True).first()
        if person is None:
            raise CommandError(f"There is no account “{options['name']}” that can sign in.")
        if not person.has_usable_password():
            raise CommandError(f"{person} has no password: set one with manage.py changepassword {person} first.")
        audit.record(actor=None, machine="operator", action="account.pass", thing=person, detail=options["reason"])
        query = urlencode({"pass": entrance.make_pass(person.get_username())})
        self.stdout.write(f"For {person} alone, for {entrance.PASS_SECONDS // 60} minutes; the password is asked:")
        self.stdout.write(f"{settings.SITE_URL}{reverse('local_sign_in')}?{query}")
