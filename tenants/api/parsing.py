"""The body of a call: JSON within bounds, and text that every database and cluster can hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import JSONParser

from tenants.api.errors import Malformed, too_large


class Body(JSONParser):
    """JSON of at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes; NaN, doubled keys and lone surrogates are refused."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise too_large()
        try:
            data = json.loads(raw.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_once)
        except RecursionError:
            raise Malformed("This is nested too deeply.") from None
        except ValueError as error:
            raise Malformed(f"This is no JSON: {error}") from None
        if b"\\u" in raw:
            _check_text(data)
        return data


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A key that stands twice would make two readers of the same text disagree."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object.")
    return found


def _check_text(data: Any) -> None:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Malformed("There is half of a character in it (a lone surrogate): leave it out.") from None
