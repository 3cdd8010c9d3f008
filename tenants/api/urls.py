"""Addresses of the API (docs/architecture.md, Addresses). No trailing slash."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path, re_path

from tenants.api.views import (
    account,
    approvals,
    apps,
    audit,
    docs,
    joining,
    logs,
    members,
    namespaces,
    notices,
    operations,
    parts,
    preflight,
    staff,
    teams,
)

app_name = "api"
USERNAME = r"(?P<username>[\w.@+-]{1,150})"

app_patterns = [
    path("releases", apps.Releases.as_view(), name="releases"),
    path("releases/<int:number>", apps.OneRelease.as_view(), name="release"),
    path("rollback", apps.Rollback.as_view(), name="rollback"),
    path("refresh-secrets", apps.RefreshSecrets.as_view(), name="refresh_secrets"),
    path("rollout", apps.Rollout.as_view(), name="rollout"),
    path("logs", logs.Logs.as_view(), name="logs"),
]
namespace_patterns: list[URLPattern | URLResolver] = [
    path("quota", namespaces.Quota.as_view(), name="quota"),
    path("quota/preflight", preflight.Preflight.as_view(), name="preflight"),
    path("apps", apps.Apps.as_view(), name="apps"),
    path("apps/<slug:app>", apps.OneApp.as_view(), name="app"),
    path("apps/<slug:app>/", include(app_patterns)),
    path("volumes", parts.Volumes.as_view(), name="volumes"),
    path("volumes/<slug:volume>", parts.OneVolume.as_view(), name="volume"),
    path("secrets", parts.Secrets.as_view(), name="secrets"),
    path("secrets/<slug:secret>", parts.OneSecret.as_view(), name="secret"),
]
team_patterns: list[URLPattern | URLResolver] = [
    path("audit", audit.TeamAudit.as_view(), name="audit"),
    path("members", members.Members.as_view(), name="members"),
    re_path(rf"^members/{USERNAME}$", members.OneMember.as_view(), name="member"),
    path("transfers", members.TeamTransfers.as_view(), name="team_transfers"),
    path("invitations", joining.Invitations.as_view(), name="invitations"),
    path("invitations/<uuid:pk>", joining.OneInvitation.as_view(), name="invitation"),
    path("invitations/<uuid:pk>/resend", joining.Resend.as_view(), name="invitation_resend"),
    path("join-requests", joining.JoinRequests.as_view(), name="join_requests"),
    path("join-requests/<uuid:pk>", joining.OneJoinRequest.as_view(), name="join_request"),
    path("join-requests/<uuid:pk>/accept", joining.AcceptRequest.as_view(), name="join_request_accept"),
    path("join-requests/<uuid:pk>/decline", joining.DeclineRequest.as_view(), name="join_request_decline"),
    path("join-requests/<uuid:pk>/messages", joining.RequestMessages.as_view(), name="join_request_messages"),
    path("namespaces", namespaces.Namespaces.as_view(), name="namespaces"),
    path("namespaces/<slug:namespace>", namespaces.OneNamespace.as_view(), name="namespace"),
    path("namespaces/<slug:namespace>/", include(namespace_patterns)),
]
v1_patterns: list[URLPattern | URLResolver] = [
    path("me", account.Me.as_view(), name="me"),
    path("me/invitations", joining.MyInvitations.as_view(), name="my_invitations"),
    path("me/invitations/<uuid:pk>", joining.OneOfMyInvitations.as_view(), name="my_invitation"),
    path("me/join-requests", joining.MyJoinRequests.as_view(), name="my_join_requests"),
    path("me/join-requests/<uuid:pk>", joining.OneOfMyJoinRequests.as_view(), name="my_join_request"),
    path("me/join-requests/<uuid:pk>/messages", joining.MyRequestMessages.as_view(), name="my_join_request_messages"),
    path("me/notices", notices.Choices.as_view(), name="notice_choices"),
    path("notices", notices.Notices.as_view(), name="notices"),
    path("notices/read", notices.ReadAll.as_view(), name="notices_read"),
    path("notices/<int:pk>/read", notices.ReadOne.as_view(), name="notice_read"),
    path("directory", joining.Directory.as_view(), name="directory"),
    path("invitations/accept", joining.AcceptInvitation.as_view(), name="invitation_accept"),
    path("join-requests", joining.Adoptable.as_view(), name="adoptable"),
    path("plans", namespaces.Plans.as_view(), name="plans"),
    path("teams", teams.Teams.as_view(), name="teams"),
    path("teams/<slug:team>", teams.OneTeam.as_view(), name="team"),
    path("teams/<slug:team>/", include(team_patterns)),
    path("audit", audit.SiteAudit.as_view(), name="site_audit"),
    path("audit/<int:pk>", audit.OneEntry.as_view(), name="audit_entry"),
    path("transfers", members.Transfers.as_view(), name="transfers"),
    path("transfers/<uuid:pk>", members.OneTransfer.as_view(), name="transfer"),
    path("transfers/<uuid:pk>/accept", members.AcceptTransfer.as_view(), name="transfer_accept"),
    path("transfers/<uuid:pk>/decline", members.DeclineTransfer.as_view(), name="transfer_decline"),
    path("transfers/<uuid:pk>/withdraw", members.WithdrawTransfer.as_view(), name="transfer_withdraw"),
    path("staff/people", staff.People.as_view(), name="people"),
    re_path(rf"^staff/people/{USERNAME}$", staff.OnePerson.as_view(), name="person"),
    re_path(rf"^staff/people/{USERNAME}/suspension$", staff.PersonSuspension.as_view(), name="person_suspension"),
    path("staff/teams", staff.StaffTeams.as_view(), name="staff_teams"),
    path("staff/teams/<slug:team>/suspension", staff.TeamSuspension.as_view(), name="team_suspension"),
    path("approvals", approvals.Approvals.as_view(), name="approvals"),
    path("approvals/<int:number>", approvals.OneApproval.as_view(), name="approval"),
    path("quota-requests/<int:number>/decision", approvals.Decision.as_view(), name="quota_request_decision"),
    path("clusters", approvals.Clusters.as_view(), name="clusters"),
    path("operations/<uuid:pk>", operations.OneOperation.as_view(), name="operation"),
    path("sessions", account.Sessions.as_view(), name="sessions"),
    path("sessions/<int:pk>", account.OneSession.as_view(), name="session"),
    path("tokens", account.Tokens.as_view(), name="tokens"),
    path("tokens/<uuid:pk>", account.OneToken.as_view(), name="token"),
    re_path(r"^.*$", operations.Nowhere.as_view(), name="nowhere"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("schema/", docs.schema, name="schema"),
    path("docs/", docs.reference, name="docs"),
    path("v1/", include(v1_patterns)),
]
