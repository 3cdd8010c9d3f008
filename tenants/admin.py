"""Django's admin, for whoever runs the site: domain objects to look at.

What people and the cluster want goes through the services, with rights, locks and audit lines, so nothing is changed
here; what guards accounts (addresses, second factors, sessions, groups) is not shown at all. Digests, passwords
and sealed values stand on no page of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

HIDDEN = frozenset({"password", "digest", "previous", "seal", "sealed", "stamp", "lease", "words"})
# Model → columns of its list, and what its search looks into.
LISTS: dict[str, tuple[Sequence[str], Sequence[str]]] = {
    "User": (("username", "email", "staff_role", "is_active", "seen_at"), ("username", "email")),
    "ApiToken": (("user", "name", "prefix", "expires_at", "revoked_at"), ("user__username", "prefix")),
    "Team": (("slug", "name", "suspended_at", "deleting_since", "created_at"), ("slug", "name")),
    "Membership": (("team", "user", "role", "by_group", "since"), ("team__slug", "user__username")),
    "Plan": (("title", "name", "cpu", "memory", "storage", "pods", "active", "position"), ("title", "name")),
    "Policy": (("__str__", "note", "created_by", "created_at", "live_at", "live_by"), ("note",)),
    "Namespace": (("cluster_name", "team", "plan", "cluster", "observed_at"), ("cluster_name",)),
    "App": (("name", "namespace", "health", "observed_at"), ("name", "namespace__cluster_name")),
    "Release": (("app", "number", "outcome", "created_by", "created_at"), ("app__name",)),
    "Volume": (("name", "namespace", "size", "phase"), ("name", "namespace__cluster_name")),
    "Secret": (("name", "namespace", "type", "version", "changed_by"), ("name", "namespace__cluster_name")),
    "Operation": (("kind", "target_name", "state", "actor", "created_at"), ("target_name", "team_slug")),
    "AuditEntry": (("at", "actor_name", "action", "outcome", "target"), ("actor_name", "team_slug", "request_id")),
    "Letter": (("kind", "to", "attempts", "sent_at", "given_up_at"), ("to",)),
}


class ReadOnly(admin.ModelAdmin):
    """Rows to look at. Nobody adds, changes or deletes one, whatever permissions they were given."""

    show_full_result_count = False
    list_select_related = True
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def own_password(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """One's own password is changed where all change theirs: other sessions and sockets end with it."""
    return redirect("account_change_password")


for other in apps.get_models():
    if admin.site.is_registered(other):
        admin.site.unregister(other)
for own in apps.get_app_config("tenants").get_models():
    columns, searched = LISTS.get(own.__name__, (("__str__",), ()))
    shown = [field.name for field in own._meta.fields if field.name not in HIDDEN]
    looks = {"list_display": columns, "search_fields": searched, "fields": shown}
    admin.site.register(own, ReadOnly, **looks)
admin.site.password_change = own_password  # type: ignore[method-assign, assignment]
