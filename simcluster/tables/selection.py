"""Label selectors as text (metav1.FormatLabelSelector)."""

from typing import Any


def spoken_selector(selector: dict[str, Any] | None) -> str:
    """`app=web,tier in (a,b)`; `<none>` for an absent or empty one."""
    if not selector:
        return "<none>"
    plain = selector.get("matchLabels", {} if "matchExpressions" in selector else selector)
    terms = {key: f"{key}={value}" for key, value in plain.items()}
    for term in selector.get("matchExpressions") or ():
        key, values = term["key"], ",".join(sorted(term.get("values") or ()))
        terms[key] = {
            "In": f"{key} in ({values})",
            "NotIn": f"{key} notin ({values})",
            "Exists": key,
            "DoesNotExist": f"!{key}",
        }.get(term["operator"], key)
    return ",".join(terms[key] for key in sorted(terms)) or "<none>"
