"""Every door of Berth but the calls, a line each, and who of the cast it lets in (`cast.py`; calls: `calls.py`).

A door without a line fails test_matrix.py.
"""

from __future__ import annotations

from tenants.notices import KINDS
from tests.access.cast import ADMINS, ALL, ASKED, OWNER, RECEPTION, SEEN, SIGNED_IN, STAFF, WRITERS, Door, post

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
REJECTION = {"decision": "reject", "revision": "1", "text": "The cluster is full"}
MAIL_FIELDS = [f"mail-{name}" for name, kind in KINDS.items() if not kind.secures]

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
    Door("notices", SIGNED_IN),
    Door("notice", OWNER, status=302, hidden=True),
    post("notice_read", OWNER, {}, hidden=True),
    post("notices_read", SIGNED_IN, {}),
    Door("notice_choices", SIGNED_IN),
    post("notice_choices", SIGNED_IN, {"mails_paused": "on", **dict.fromkeys(MAIL_FIELDS, "daily")}),
    Door("turn_down", ALL),
    post("turn_down", ALL, {}, status=200),
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
    Door("quota", SEEN),
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
    Door("approvals", STAFF, hidden=True, query="?q=pay&hint=no&sort=size"),
    Door("approval", STAFF, hidden=True),
    post("approval", "dave", REJECTION, hidden=True, forbidden="sam"),
    post("approval_beside", STAFF, REJECTION, status=200, hidden=True),
    post("approval_comment", STAFF, {"text": "Which app?"}, hidden=True),
    Door("clusters", STAFF, hidden=True),
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
    # Quota: alice asked for memory, keeps a draft, and has a raise that runs.
    Door("quota_request_new", ADMINS),
    post("quota_request_new", ADMINS, {"cpu": "8", "reason": "The sale"}),
    Door("quota_lower", ADMINS),
    post("quota_lower", ADMINS, {"storage": "40"}, "namespace.apply"),
    Door("team_quota_requests", SEEN),
    Door("quota_request", SEEN, hidden=True),
    Door("quota_request_edit", ADMINS, hidden=True, forbidden="bob carol sam dave"),
    post("quota_request_edit", ADMINS, {"memory": "12", "reason": "Less"}, hidden=True, forbidden="bob carol sam dave"),
    post("quota_request_withdraw", ADMINS, {}, hidden=True, forbidden="bob carol sam dave"),
    post("quota_request_comment", "alice andy sam dave", {"text": "Soon"}, hidden=True, forbidden="bob carol"),
    Door("quota_request_extend", ADMINS, status=302, hidden=True, forbidden="bob carol sam dave"),
    post("quota_request_extend", ADMINS, {}, hidden=True, forbidden="bob carol sam dave"),
    post("quota_request_discard", "alice", {}, hidden=True),
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


# Who signed in long ago is asked for the password again (tenants.views.recent).
RECENT = {
    ("tokens", "POST"),
    ("account_delete", "GET"),
    ("account_delete", "POST"),
    ("team_delete", "GET"),
    ("team_delete", "POST"),
    ("team_transfer", "POST"),
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
    "openid_connect_login": (404, 404),
    "openid_connect_callback": (404, 404),
    "socialaccount_connections": (200, 302),
    "socialaccount_signup": (302, 302),
    "socialaccount_login_cancelled": (200, 200),
    "local_sign_in": (302, 302),
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
    "socialaccount_connections",
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
