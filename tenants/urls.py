"""Addresses of the pages (docs/architecture.md, Addresses)."""

from django.urls import URLPattern, URLResolver, include, path

from tenants.views import account, app_pages, apps, audit, health, home, members, namespaces, parts, teams

app_patterns: list[URLPattern] = [
    path("", apps.detail, name="app"),
    path("deploy/", apps.deploy, name="app_deploy"),
    path("rollback/", apps.roll_back, name="app_rollback"),
    path("refresh-secrets/", apps.refresh_secrets, name="app_refresh_secrets"),
    path("logs/", app_pages.logs, name="app_logs"),
    path("releases/", app_pages.releases, name="app_releases"),
    path("releases/compare/", app_pages.compare, name="app_compare"),
    path("configuration/", apps.configuration, name="app_configuration"),
    path("scale/", apps.scale, name="app_scale"),
    path("events/", app_pages.events, name="app_events"),
    path("settings/", app_pages.settings, name="app_settings"),
    path("delete/", app_pages.delete, name="app_delete"),
]
namespace_patterns: list[URLPattern | URLResolver] = [
    path("", namespaces.detail, name="namespace"),
    path("delete/", namespaces.delete, name="namespace_delete"),
    path("apps/new", apps.new, name="app_new"),
    path("apps/<slug:app>/", include(app_patterns)),
    path("volumes/new", parts.new_volume, name="volume_new"),
    path("volumes/<slug:volume>/", parts.volume, name="volume"),
    path("volumes/<slug:volume>/delete/", parts.delete_volume, name="volume_delete"),
    path("secrets/new", parts.new_secret, name="secret_new"),
    path("secrets/<slug:secret>/", parts.secret, name="secret"),
    path("secrets/<slug:secret>/delete/", parts.delete_secret, name="secret_delete"),
]
team_patterns: list[URLPattern | URLResolver] = [
    path("", teams.overview, name="team"),
    path("apps/", teams.app_list, name="team_apps"),
    path("volumes/", teams.volume_list, name="team_volumes"),
    path("secrets/", teams.secret_list, name="team_secrets"),
    path("activity/", audit.activity, name="team_activity"),
    path("activity/export", audit.export, name="team_audit_export"),
    path("members/", members.members, name="team_members"),
    path("members/<int:pk>/", members.change, name="member_change"),
    path("quota/", teams.quota_page, name="team_quota"),
    path("settings/", teams.settings, name="team_settings"),
    path("delete/", teams.delete, name="team_delete"),
    path("namespaces/new", namespaces.new, name="namespace_new"),
    path("n/<slug:namespace>/", include(namespace_patterns)),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("search/", home.find, name="search"),
    path("teams/new", teams.new, name="team_new"),
    path("t/<slug:team>/", include(team_patterns)),
    path("operations/<uuid:pk>/", home.operation, name="operation"),
    path("audit/", audit.site, name="audit"),
    path("audit/export", audit.export_site, name="audit_export"),
    path("audit/<int:pk>/", audit.entry, name="audit_entry"),
    path("settings/", account.settings, name="settings"),
    path("settings/theme/", home.theme, name="theme"),
    path("settings/tokens/", account.tokens, name="tokens"),
    path("settings/tokens/<uuid:pk>/revoke/", account.revoke, name="token_revoke"),
]
