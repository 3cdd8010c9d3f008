"""Filters and tags of every template: icons, states, amounts, times and bars.

A state is always icon, word and colour together; an amount always has its unit; a time is relative with the exact
one beside it. Everything here escapes what it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from cluster import refusals
from cluster.rollout.facts import seconds as span
from tenants import access, rules
from tenants.selectors import changes, teams

register = template.Library()

ICONS = {
    "ok": "circle-check",
    "busy": "loader-2",
    "warn": "alert-triangle",
    "waiting": "hourglass",
    "stopping": "hourglass",
    "bad": "alert-octagon",
    "off": "circle-minus",
    "next": "circle-dashed",
}
COLOURS = {"waiting": "warn", "stopping": "off", "next": "off"}
EMPTY = mark_safe("")


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of static/icons.svg; `size` 14 or 20, else 16 px. Always beside a word or in a labelled control."""
    extra = f" b-i-{size}" if size else ""
    return format_html(
        '<svg class="b-i{}" aria-hidden="true"><use href="{}#i-{}"/></svg>', extra, static("icons.svg"), name
    )


@register.simple_tag
def state(kind: str, words: str, rest: str = "", large: bool = False) -> SafeString:
    """Icon, word and colour; `rest` is the reason in muted text. `kind` is a key of ICONS."""
    muted = format_html(' <span class="b-rest">{}</span>', rest) if rest else EMPTY
    return format_html(
        '<span class="b-state b-{}{}">{}<span>{}{}</span></span>',
        COLOURS.get(kind, kind),
        " b-state-lg" if large else "",
        icon(ICONS[kind]),
        words,
        muted,
    )


@register.simple_tag
def bar(parts: Iterable[Mapping[str, Any]], big: bool = False, label: str = "") -> SafeString:
    """A bar of SVG rects in a box 100 wide: `parts` are {"kind", "x", "width"} in percent."""
    rects = format_html_join(
        "",
        '<rect class="{}" x="{}" width="{}" height="6"/>',
        ((part["kind"], f"{part['x']:.1f}", f"{max(part['width'], 0):.1f}") for part in parts),
    )
    named = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="b-bar{}" viewBox="0 0 100 6" preserveAspectRatio="none" {}>{}</svg>',
        " b-bar-8" if big else "",
        named,
        rects,
    )


@register.simple_tag
def pods(kinds: Iterable[str]) -> SafeString:
    """Pods at 8 px: `kinds` are ok, busy, bad, none; always beside the number in words. At most 12 are drawn."""
    shown = list(kinds)[:12]
    if not shown:
        return EMPTY
    rects = format_html_join("", "{}", ((_pod(kind, 1 + 12 * at),) for at, kind in enumerate(shown)))
    width = 12 * len(shown) - 2
    return format_html('<svg class="b-pods" width="{}" height="12" aria-hidden="true">{}</svg>', width, rects)


def _pod(kind: str, x: int) -> SafeString:
    rect = format_html('<rect class="{}" x="{}" y="2" width="8" height="8" rx="2"/>', kind, x)
    if kind == "bad":
        return format_html('{}<path class="bad-x" d="M{} 4l4 4m0 -4l-4 4"/>', rect, x + 2)
    return rect


@register.simple_tag(takes_context=True)
def can(context: template.Context, verb: str, thing: Any) -> bool:
    """Whether the viewer may: only to hide what would be refused, never instead of asking in the service."""
    return access.can(context["request"].user, verb, thing)


@register.simple_tag
def whom_to_ask(team: Any) -> str:
    """An owner in words, `alice (owner)`, for somebody who may only look."""
    return teams.whom_to_ask([team]).get(team.pk, "an owner")


@register.filter
def ago(when: Any) -> SafeString:
    """A moment as people say it, with the exact one as title: `2 min ago`. Takes datetimes and ISO 8601 texts."""
    moment = _moment(when)
    if moment is None:
        return format_html('<span class="b-faint">{}</span>', "never")
    return _time(moment, _relative((timezone.now() - moment).total_seconds()), "relative")


@register.filter
def clock(when: Any) -> SafeString:
    """The time of day, with the exact moment as title."""
    moment = _moment(when)
    return _time(moment, f"{timezone.localtime(moment):%H:%M:%S}", "clock") if moment else EMPTY


@register.filter
def day(when: Any) -> SafeString:
    """The day, with the exact moment as title."""
    moment = _moment(when)
    if moment is None:
        return EMPTY
    local = timezone.localtime(moment)
    return _time(moment, f"{local.day} {local:%b %Y}")


@register.filter
def age(when: Any) -> SafeString:
    """How long it has been, for small places: `54 s`, `1 min 48 s`, `14 min`, `6 days`; or how long until then."""
    moment = _moment(when)
    if moment is None:
        return EMPTY
    seconds = abs((timezone.now() - moment).total_seconds())
    # From ten minutes on its first unit is enough.
    return _time(moment, " ".join(span(seconds).split()[: 4 if seconds < 600 else 2]), "age")


@register.filter
def lasting(when: Any) -> SafeString:
    """How long it has been, in two units: `14 min 5 s`."""
    moment = _moment(when)
    return _time(moment, span(abs((timezone.now() - moment).total_seconds())), "lasting") if moment else EMPTY


@register.filter
def cores(millicores: Any) -> str:
    """`250` → `0.25 core`."""
    return rules.say_cpu(int(millicores)) if millicores is not None else "–"


@register.filter
def size(amount: Any) -> str:
    """Bytes with their unit: `512 MiB`."""
    return rules.say_bytes(int(amount)) if amount is not None else "–"


@register.filter
def kind_words(kind: str) -> str:
    """A kind of the cluster in words: `ReplicaSet` → `replica set`; a claim is what people here know as a volume."""
    return "volume" if kind == "PersistentVolumeClaim" else re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


@register.filter
def initials(text: str) -> str:
    """Two letters for a team's tile."""
    return text[:1].upper() + text[1:2].lower()


@register.filter
def get(mapping: Mapping[str, Any], key: str) -> Any:
    """`mapping[key]`, or nothing."""
    return mapping.get(key, "")


def _time(moment: datetime, words: str, grows: str = "") -> SafeString:
    """`grows`: how static/js/times.js keeps the words true, and in the viewer's zone; "" for those that stay."""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}"{}>{}</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}",
        format_html(" data-{}", grows) if grows else "",
        words,
    )


def _moment(when: Any) -> datetime | None:
    if isinstance(when, str):
        when = parse_datetime(when)
    if not isinstance(when, datetime):
        return None
    return when if timezone.is_aware(when) else when.replace(tzinfo=UTC)


def _relative(seconds: float) -> str:
    if abs(seconds) < 45:
        return "just now" if seconds >= -5 else "in a moment"
    for length, unit in ((86400, "day"), (3600, "h"), (60, "min")):
        if abs(seconds) >= length or unit == "min":
            number = max(1, round(abs(seconds) / length))
            said = f"{number} {unit}{'s' if unit == 'day' and number > 1 else ''}"
            return f"{said} ago" if seconds > 0 else f"in {said}"
    return ""


@register.filter
def control(field: Any, hint: Any = None) -> SafeString:
    """A form field's input in the site's look, tied to its hint and its errors for screen readers."""
    kind = getattr(field.field.widget, "input_type", "")
    look = {"checkbox": "form-check-input", "radio": "form-check-input", "select": "form-select"}.get(
        kind, "form-control"
    )
    attrs = {"class": f"{look} is-invalid" if field.errors else look}
    described = [f"{field.id_for_label}-{part}" for part, there in (("hint", hint), ("error", field.errors)) if there]
    if described:
        attrs["aria-describedby"] = " ".join(described)
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)


@register.simple_tag
def state_icon(kind: str) -> SafeString:
    """The icon alone, where the words beside it are put together by the template."""
    return icon(ICONS[kind])


@register.filter
def colour(kind: str) -> str:
    """The colour's class of a state: `b-{{ kind|colour }}`."""
    return COLOURS.get(kind, kind)


@register.filter
def deed(entry: Any) -> str:
    """An audit line in words."""
    return changes.deed(entry)


@register.filter
def rows(value: Any, empty: int = 0) -> list[tuple[str, str]]:
    """Rows of two texts as they were typed; without any, one empty row where `empty` asks for it."""
    typed = [(str(row[0]), str(row[1])) for row in value or () if any(row)]
    return typed or ([("", "")] if empty else [])


@register.simple_tag
def volume_state(volume: Any, large: bool = False) -> SafeString:
    """A claim's state in words; waiting for the first pod is no error."""
    bound, applied = volume.condition("Bound"), volume.condition("Applied")
    if volume.deleting:
        return state("stopping", "Being deleted", "", large)
    if applied is not None and applied["status"] == "False":
        return state("bad", "Refused", refusals.said(applied["message"]), large)
    if volume.phase == "Bound":
        return state("ok", "Ready", "", large)
    if volume.phase == "Lost":
        return state("bad", "Lost", "the storage behind it is gone", large)
    if bound is not None and bound["reason"] == "WaitForFirstConsumer":
        return state("waiting", "Waits for its first pod", "no error: mount it in an app", large)
    return state("waiting", "Waiting", bound["message"] if bound else "", large)


@register.simple_tag
def secret_state(secret: Any) -> SafeString:
    """Whether the cluster holds the newest values."""
    applied = secret.condition("Applied")
    if secret.deleting:
        return state("stopping", "Being deleted", "", True)
    if applied is not None and applied["status"] == "False":
        return state("bad", "Refused", refusals.said(applied["message"]), True)
    if secret.observed_generation >= secret.generation:
        return state("ok", "Set", "the cluster holds its values", True)
    return state("busy", "Being set", "", True)
