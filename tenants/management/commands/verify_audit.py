"""`manage.py verify_audit`: looks through the audit log's chain; prints the first break and ends with 1.

Keep the printed head (position:digest) outside the database, and give it to the next run by --head.
"""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from tenants import chain
from tenants.selectors import integrity


def head(text: str) -> tuple[int, str]:
    """`1200:9f86d081…` → position and digest."""
    if not re.fullmatch(r"\d{1,18}:[0-9a-f]{64}", text):
        raise ArgumentTypeError("write a head as it was printed: POSITION:DIGEST")
    position, _, digest = text.partition(":")
    return int(position), digest


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", type=int, default=1, dest="start", metavar="POSITION", help="begin here (1)")
        parser.add_argument("--head", type=head, metavar="POSITION:DIGEST", help="an end of the chain that was kept")
        parser.add_argument(
            "--sign",
            action="store_true",
            help="seal the head anew, after BERTH_SECRET_KEY was changed without fallback",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["start"] < 1:
            raise CommandError("Positions begin with 1.")
        if options["head"] and options["head"][0] < options["start"]:
            raise CommandError("The kept head is before the position to begin with: it would not be looked at.")
        verdict = integrity.verify(start=options["start"], kept=options["head"])
        found = verdict.found
        if options["sign"] and options["start"] == 1 and verdict.unsealed:
            chain.sign(verdict.position, verdict.digest)
            found = None
        if found is not None:
            where = [f"position {found.position}"] if found.position is not None else []
            where += [f"entry {found.entry}"] if found.entry is not None else []
            raise CommandError(f"Broken at {', '.join(where)}: {found.what}." if where else f"Broken: {found.what}.")
        waiting = f", {verdict.waiting:,} wait for their place" if verdict.waiting else ""
        self.stdout.write(f"{verdict.position:,} entries are as Berth wrote them{waiting}.")
        self.stdout.write(f"Head {verdict.position}:{verdict.digest}")
