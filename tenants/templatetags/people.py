"""Tags of pages about people: when somebody was here last, by the day, and what the site's staff may."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants import access

register = template.Library()


@register.filter
def last_active(when: datetime | None) -> SafeString:
    """`today`, `yesterday`, `3 days ago` in the viewer's time zone; nobody is told the hour of another."""
    if when is None:
        return format_html('<span class="b-faint">{}</span>', "never")
    then = timezone.localdate(when)
    days = (timezone.localdate() - then).days
    words = {0: "today", 1: "yesterday"}.get(max(days, 0), f"{days} days ago")
    return format_html('<time datetime="{}" title="{}">{}</time>', then.isoformat(), f"{then.day} {then:%b %Y}", words)


@register.simple_tag(takes_context=True)
def can_site(context: template.Context, verb: str) -> bool:
    """Whether the viewer may, as staff of the site: only to hide what would be refused."""
    return access.can_site(context["request"].user, verb)
