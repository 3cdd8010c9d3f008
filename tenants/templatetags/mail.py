"""What the texts of mails need."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def quoted(text: str) -> str:
    """Somebody else's words in a plain mail: each line behind "> ", so that none passes for the site's own."""
    return "\n".join(f"> {line}".rstrip() for line in str(text).splitlines())
