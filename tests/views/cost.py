"""What an answer costs, counted: who measures its time learns whatever makes two of these differ.

Time itself is not measured: a machine that does other things as well would decide what a test says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test.signals import template_rendered
from django.test.utils import CaptureQueriesContext

HASH = "a password's hash"
_STATEMENT = re.compile(r'(\w+).*?(?:(?:FROM|INTO|UPDATE) "(\w+)"|$)', re.DOTALL)


def cost(ask: Callable[[], Any]) -> Counter[str]:
    """How often each thing was done that takes time: hashes, statements by verb and table, templates by name."""
    spent: Counter[str] = Counter()
    encode = MD5PasswordHasher.encode

    def hashed(*arguments: Any) -> str:
        spent[HASH] += 1
        return encode(*arguments)

    def rendered(template: Any, **_: Any) -> None:
        spent[f"template {template.name}"] += 1

    with ExitStack() as watched:
        watched.enter_context(patch.object(MD5PasswordHasher, "encode", hashed))
        queries = watched.enter_context(CaptureQueriesContext(connection))
        template_rendered.connect(rendered)
        watched.callback(template_rendered.disconnect, rendered)
        ask()
    for query in queries:
        verb, table = _STATEMENT.match(query["sql"]).groups()  # type: ignore[union-attr]
        spent[f"{verb} {table or ''}".rstrip()] += 1
    return spent
