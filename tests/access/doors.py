"""Every door of Berth, a line each, and who of the cast it lets in. A door without a line fails test_matrix.py.

alice owns the team, andy is its admin, bob a developer, carol a viewer; erin owns another team; sam supports and dave
approves quotas, both staff; zoe was a developer of the team and is suspended; "nobody" is signed out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

CAST = ("alice", "andy", "bob", "carol", "erin", "sam", "dave", "zoe", "nobody")
OWNER = "alice"
ADMINS = "alice andy"
WRITERS = "alice andy bob"
STAFF = "sam dave"
RECEPTION = "alice andy sam"  # who read invitations and requests
ASKED = "alice andy sam erin"  # erin asked to join
SEEN = "alice andy bob carol sam dave"  # all who know of the team
SIGNED_IN = "alice andy bob carol erin sam dave"
ALL = " ".join(CAST)


@dataclass(frozen=True)
class Door:
    """One method of one address.

    `may` get `status`. Of the others, those who know of the team get 403, strangers 404 (everybody, where `hidden`),
    and who is signed out or suspended is sent to sign in: 302 on pages, 401 by calls. `kind`: the operation that it
    opens.
    """

    name: str
    may: str
    status: int = 200
    method: str = "GET"
    body: dict[str, Any] = field(default_factory=dict)
    query: str = ""
    kind: str = ""
    hidden: bool = False
    forbidden: str = ""  # who gets 403 although it is hidden from the others

    def expected(self, *, signed_out: int) -> dict[str, int]:
        """Who → status."""
        refused = {name: 403 if name in SEEN.split() and not self.hidden else 404 for name in CAST}
        refused |= dict.fromkeys(self.forbidden.split(), 403)
        return refused | {"nobody": signed_out, "zoe": signed_out} | dict.fromkeys(self.may.split(), self.status)


def post(name: str, may: str, body: dict[str, Any], kind: str = "", status: int = 302, **more: Any) -> Door:
    return Door(name, may, status, "POST", body, kind=kind, **more)


SPEC_FORM = {
    "image": "registry.example/shop:2",
    "reach": "namespace",
    "port": "8080",
    "size": "small",
    "replicas": "2",
    "health_kind": "none",
    "health_path": "/",
    "health_period": "5",
    "health_start": "60",
}

PAGES = [
    Door("healthz", ALL),
    Door("readyz", ALL),
    Door("api:schema", ALL),
    Door("api:docs", ALL),
    # Everybody's own.
    Door("home", SIGNED_IN),
    Door("search", SIGNED_IN, query="?q=check"),
    Door("settings", SIGNED_IN),
    post("settings", SIGNED_IN, {"name": "", "time_zone": "UTC", "language": "en", "theme": "auto"}),
    Door("sessions", SIGNED_IN),
    post("session_end", OWNER, {}, hidden=True),
    post("sessions_end", SIGNED_IN, {}),
    Door("account_delete", SIGNED_IN),
    post("account_delete", SIGNED_IN, {"confirm": "somebody else"}, status=200),
    post("theme", SIGNED_IN, {"theme": "dark"}),
    Door("tokens", SIGNED_IN),
    post("tokens", SIGNED_IN, {"name": "ci", "scopes": ["read"], "days": "30"}, status=200),
    post("token_revoke", OWNER, {}, hidden=True),
    post("tokens_revoke", SIGNED_IN, {}),
    # Coming into a team: erin is invited, and asked another.
    Door("directory", SIGNED_IN, query="?q=harbor"),
    Door("ask", SIGNED_IN),
    post("ask", SIGNED_IN, {"message": "Let me in"}),
    Door("requests", SIGNED_IN),
    post("invitation_accept", "erin", {}, hidden=True),
    post("invitation_decline", "erin", {}, hidden=True),
    Door("join", ALL),
    post("join", ALL, {"code": "<token>"}),
    Door("join_invitation", ALL, status=302),
    post("join_invitation", ALL, {}),
    post("join_sign_up", ALL, {}, status=404),
    post("join_switch", ALL, {}),
    Door("team_new", SIGNED_IN),
    post("team_new", SIGNED_IN, {"name": "Shop", "slug": "shop"}),
    # The team.
    Door("team", SEEN),
    Door("team_apps", SEEN),
    Door("team_volumes", SEEN),
    Door("team_secrets", SEEN),
    Door("team_activity", SEEN),
    Door("team_audit_export", SEEN),
    Door("team_quota", SEEN),
    Door("team_members", SEEN),
    post("member_change", ADMINS, {"role": "developer"}),
    Door("member_remove", f"{ADMINS} carol"),  # whose membership it is: everybody may leave
    post("member_remove", f"{ADMINS} carol", {}),
    post("members_change", ADMINS, {"member": ["carol"], "act": "developer"}),
    # Handing over: alice offers payments to andy, and can offer ports.
    Door("team_transfer", OWNER),
    post("team_transfer", OWNER, {"to": "bob", "keeps": "admin"}),
    Door("transfer", "alice andy sam", hidden=True),
    post("transfer_accept", "andy", {}, hidden=True),
    post("transfer_decline", "andy", {}, hidden=True),
    post("transfer_withdraw", "alice", {}, hidden=True, forbidden="andy sam"),
    # The site's staff.
    Door("staff_people", STAFF, hidden=True, query="?q=ali&role=owner&state=open&factor=no&seen=never"),
    Door("staff_person", STAFF, hidden=True),
    Door("person_suspend", "sam", hidden=True, forbidden="dave"),
    post("person_suspend", "sam", {"reason": "Left the company"}, hidden=True, forbidden="dave"),
    post("person_lift", "sam", {}, hidden=True, forbidden="dave"),
    Door("staff_teams", STAFF, hidden=True, query="?q=pay&state=open&owned=yes"),
    Door("team_suspend", "sam", hidden=True, forbidden="dave"),
    post("team_suspend", "sam", {"reason": "Unpaid"}, hidden=True, forbidden="dave"),
    post("team_lift", "sam", {}, hidden=True, forbidden="dave"),
    Door("team_invitations", RECEPTION),
    post("team_invitations", ADMINS, {"people": "zoe@example.com", "role": "viewer", "note": ""}),
    post("invitation_resend", ADMINS, {}),
    post("invitation_revoke", ADMINS, {}),
    Door("team_requests", RECEPTION),
    Door("request", ASKED, hidden=True),
    post("request", "alice andy erin", {"text": "Hello"}, hidden=True, forbidden="sam"),
    post("request_accept", ADMINS, {"role": "viewer"}, hidden=True, forbidden="sam"),
    post("request_decline", ADMINS, {}, hidden=True, forbidden="sam"),
    post("request_withdraw", "erin", {}, hidden=True),
    Door("team_settings", SEEN),
    post("team_settings", ADMINS, {"name": "Paying"}),
    Door("team_delete", OWNER),
    post("team_delete", OWNER, {"confirm": "payments"}, "namespace.delete"),
    Door("operation", SEEN),
    # The audit log of the site, and an entry of alice's.
    Door("audit", STAFF, hidden=True),
    Door("audit_export", STAFF, hidden=True),
    Door("audit_entry", f"{ADMINS} {STAFF}", hidden=True),
    # Namespaces.
    Door("namespace_new", ADMINS),
    post("namespace_new", ADMINS, {"name": "prod", "plan": "<plan>"}, "namespace.apply"),
    Door("namespace", SEEN),
    Door("namespace_delete", ADMINS),
    post("namespace_delete", ADMINS, {"confirm": "payments-dev"}, "namespace.delete"),
    # Apps.
    Door("app_new", WRITERS),
    post("app_new", WRITERS, {"name": "web", **SPEC_FORM}, "app.apply"),
    Door("app", SEEN),
    Door("app_deploy", SEEN),
    post("app_deploy", WRITERS, {"image": "registry.example/shop:3"}, "app.apply"),
    post("app_rollback", WRITERS, {"number": "1"}, "app.apply"),
    post("app_refresh_secrets", WRITERS, {}, "app.apply"),
    Door("app_logs", WRITERS),
    Door("app_releases", SEEN),
    Door("app_compare", SEEN),
    Door("app_configuration", SEEN),
    post("app_configuration", WRITERS, {**SPEC_FORM, "env_name": "A", "env_value": "1"}, "app.apply"),
    Door("app_scale", SEEN),
    post("app_scale", WRITERS, {"size": "small", "replicas": "3"}, "app.apply"),
    Door("app_events", SEEN),
    Door("app_settings", SEEN),
    Door("app_delete", WRITERS),
    post("app_delete", WRITERS, {"confirm": "checkout"}, "app.delete"),
    # Volumes and secrets.
    Door("volume_new", WRITERS),
    post(
        "volume_new",
        WRITERS,
        {"name": "files", "size": "1 GiB", "storage_class": "", "access_mode": "ReadWriteOnce"},
        "volume.apply",
    ),
    Door("volume", SEEN),
    Door("volume_delete", ADMINS),
    post("volume_delete", ADMINS, {"confirm": "data"}, "volume.delete"),
    Door("secret_new", WRITERS),
    post(
        "secret_new",
        WRITERS,
        {"name": "mail", "type": "Opaque", "values_key": "USER", "values_value": "berth"},
        "secret.apply",
    ),
    Door("secret", SEEN),
    post("secret", WRITERS, {"values_key": "PASSWORD", "values_value": "x"}, "secret.apply"),
    Door("secret_delete", WRITERS),
    post("secret_delete", WRITERS, {"confirm": "spare"}, "secret.delete"),
]


def call(method: str, name: str, may: str, status: int = 202, body: Any = None, kind: str = "", **more: Any) -> Door:
    return Door(f"api:{name}", may, status, method, body or {}, kind=kind, **more)


IMAGE = {"image": "registry.example/shop:3"}

CALLS = [
    *(call(method, "nowhere", "", hidden=True) for method in ("GET", "POST", "PUT", "PATCH", "DELETE")),
    # Everybody's own.
    call("GET", "me", SIGNED_IN, 200),
    call("PATCH", "me", SIGNED_IN, 200, {"time_zone": "Europe/Berlin"}),
    call("GET", "sessions", SIGNED_IN, 200),
    call("DELETE", "sessions", SIGNED_IN, 204),
    call("DELETE", "session", OWNER, 204, hidden=True),
    call("GET", "plans", SIGNED_IN, 200),
    call("GET", "tokens", SIGNED_IN, 200),
    call("POST", "tokens", SIGNED_IN, 403, {"name": "ci", "scopes": ["read"], "days": 30}),
    call("DELETE", "tokens", SIGNED_IN, 204),
    call("GET", "token", OWNER, 200, hidden=True),
    call("DELETE", "token", OWNER, 200, hidden=True),
    call("GET", "directory", SIGNED_IN, 200),
    call("GET", "my_invitations", SIGNED_IN, 200),
    call("DELETE", "my_invitation", "erin", 204, hidden=True),
    call("POST", "invitation_accept", "erin", 200, {"id": "<invitation>"}, hidden=True),
    call("GET", "my_join_requests", SIGNED_IN, 200),
    call("GET", "my_join_request", "erin", 200, hidden=True),
    call("DELETE", "my_join_request", "erin", 200, hidden=True),
    call("POST", "my_join_request_messages", "erin", 201, {"text": "Hello"}, hidden=True),
    call("GET", "adoptable", SIGNED_IN, 200),
    call("GET", "teams", SIGNED_IN, 200),
    call("POST", "teams", SIGNED_IN, 201, {"name": "Shop", "slug": "shop"}),
    # The team.
    call("GET", "team", SEEN, 200),
    call("PATCH", "team", ADMINS, 200, {"name": "Paying"}),
    call("DELETE", "team", OWNER, kind="namespace.delete", query="?confirm=payments"),
    call("GET", "members", SEEN, 200),
    call("PATCH", "members", ADMINS, 200, {"members": ["carol"], "role": "developer"}),
    call("GET", "member", SEEN, 200),
    call("PATCH", "member", ADMINS, 200, {"role": "developer"}),
    call("DELETE", "member", f"{ADMINS} carol", 204),  # whose membership it is: everybody may leave
    call("GET", "team_transfers", SEEN, 200),
    call("POST", "team_transfers", OWNER, 201, {"to": "bob"}),
    call("GET", "transfers", SIGNED_IN, 200),
    call("GET", "transfer", "alice andy sam", 200, hidden=True),
    call("POST", "transfer_accept", "andy", 200, hidden=True),
    call("POST", "transfer_decline", "andy", 200, hidden=True),
    call("POST", "transfer_withdraw", "alice", 200, hidden=True, forbidden="andy sam"),
    # The site's staff.
    call("GET", "people", STAFF, 200, hidden=True),
    call("GET", "person", STAFF, 200, hidden=True),
    call("PUT", "person_suspension", "sam", 200, {"reason": "Left"}, hidden=True, forbidden="dave"),
    call("DELETE", "person_suspension", "sam", 200, hidden=True, forbidden="dave"),
    call("GET", "staff_teams", STAFF, 200, hidden=True),
    call("PUT", "team_suspension", "sam", 200, {"reason": "Unpaid"}, hidden=True, forbidden="dave"),
    call("DELETE", "team_suspension", "sam", 200, hidden=True, forbidden="dave"),
    call("GET", "invitations", RECEPTION, 200),
    call("POST", "invitations", ADMINS, 201, {"people": ["zoe@example.com"], "role": "viewer"}),
    call("GET", "invitation", RECEPTION, 200),
    call("DELETE", "invitation", ADMINS, 204),
    call("POST", "invitation_resend", ADMINS, 200),
    call("GET", "join_requests", RECEPTION, 200),
    call("POST", "join_requests", SIGNED_IN, 201, {"message": "Let me in"}),
    call("GET", "join_request", RECEPTION, 200),
    call("POST", "join_request_accept", ADMINS, 200, {"role": "viewer"}),
    call("POST", "join_request_decline", ADMINS, 200),
    call("POST", "join_request_messages", ADMINS, 201, {"text": "Hello"}),
    call("GET", "audit", SEEN, 200),
    call("GET", "site_audit", STAFF, 200, hidden=True),
    call("GET", "audit_entry", f"{ADMINS} {STAFF}", 200, hidden=True),
    call("GET", "operation", SEEN, 200),
    # Namespaces.
    call("GET", "namespaces", SEEN, 200),
    call("POST", "namespaces", ADMINS, 202, {"name": "prod", "plan": "small"}, "namespace.apply"),
    call("GET", "namespace", SEEN, 200),
    call("DELETE", "namespace", ADMINS, kind="namespace.delete", query="?confirm=payments-dev"),
    call("GET", "quota", SEEN, 200),
    call("POST", "preflight", SEEN, 200, {"volume_size": "1 GiB"}),
    # Apps.
    call("GET", "apps", SEEN, 200),
    call("POST", "apps", WRITERS, 202, {"name": "web", **IMAGE}, "app.apply"),
    call("GET", "app", SEEN, 200),
    call("DELETE", "app", WRITERS, kind="app.delete", query="?confirm=checkout"),
    call("GET", "releases", SEEN, 200),
    call("POST", "releases", WRITERS, 202, IMAGE, "app.apply"),
    call("GET", "release", SEEN, 200),
    call("POST", "rollback", WRITERS, 202, {"number": 1}, "app.apply"),
    call("POST", "refresh_secrets", WRITERS, 202, {}, "app.apply"),
    call("GET", "rollout", SEEN, 200),
    call("GET", "logs", WRITERS, 503),  # past the right: this process watches no cluster
    # Volumes and secrets.
    call("GET", "volumes", SEEN, 200),
    call("POST", "volumes", WRITERS, 202, {"name": "files", "size": "1 GiB"}, "volume.apply"),
    call("GET", "volume", SEEN, 200),
    call("DELETE", "volume", ADMINS, kind="volume.delete", query="?confirm=data"),
    call("GET", "secrets", SEEN, 200),
    call("POST", "secrets", WRITERS, 202, {"name": "mail", "values": {"A": "1"}}, "secret.apply"),
    call("GET", "secret", SEEN, 200),
    call("PATCH", "secret", WRITERS, 202, {"values": {"PASSWORD": "x"}}, "secret.apply"),
    call("DELETE", "secret", WRITERS, kind="secret.delete", query="?confirm=spare"),
]

# Who signed in long ago is asked for the password again (tenants.views.recent).
RECENT = {
    ("tokens", "POST"),
    ("account_delete", "GET"),
    ("account_delete", "POST"),
    ("team_delete", "GET"),
    ("team_delete", "POST"),
}

# allauth's own pages, by GET: signed in → status, signed out → status. They are about one's own account alone.
ACCOUNT = {
    "account_login": (302, 200),
    "account_logout": (200, 302),
    "account_inactive": (200, 200),
    "account_signup": (302, 200),
    "account_reauthenticate": (200, 302),
    "account_email": (200, 302),
    "account_email_verification_sent": (200, 200),
    "account_change_password": (200, 302),
    "account_set_password": (302, 302),
    "account_reset_password": (200, 200),
    "account_confirm_login_code": (302, 302),
    "account_confirm_email": (200, 200),
    "account_reset_password_from_key": (200, 200),
    "account_reset_password_from_key_done": (200, 200),
    "account_reset_password_done": (200, 200),
    "mfa_index": (200, 302),
    "mfa_authenticate": (302, 302),
    "mfa_reauthenticate": (302, 302),
    "mfa_activate_totp": (200, 302),
    "mfa_deactivate_totp": (404, 302),
    "mfa_view_recovery_codes": (404, 302),
    "mfa_generate_recovery_codes": (200, 302),
    "mfa_download_recovery_codes": (404, 302),
    "mfa_list_webauthn": (200, 302),
    "mfa_add_webauthn": (200, 302),
    "mfa_reauthenticate_webauthn": (302, 302),
    "mfa_remove_webauthn": (404, 302),
    "mfa_edit_webauthn": (404, 302),
    "mfa_login_webauthn": (302, 302),
}

# Of these, what changes how one signs in: asked of who signed in recently alone.
ACCOUNT_RECENT = {
    "mfa_activate_totp",
    "mfa_generate_recovery_codes",
    "mfa_add_webauthn",
    "mfa_remove_webauthn",
    "mfa_edit_webauthn",
}

# Sockets → who gets what they ask for: the team's app, live; its log. The others are refused.
SOCKETS = {"ws/live/": SEEN, "ws/logs/": WRITERS}

# A mail on its way out: whoever may do what it tells had it written.
MAILS = {"letter.send"}

# Tasks are no doors of people: a kind of operation each, opened by whom the lines above let do it.
TASKS = {
    "namespace.apply",
    "namespace.delete",
    "app.apply",
    "app.delete",
    "volume.apply",
    "volume.delete",
    "secret.apply",
    "secret.delete",
}
