"""Addresses below /accounts/ that are not allauth's own: the organization's sign-in, the pass to sign in here."""

from allauth.socialaccount import views as allauths
from django.urls import URLPattern, path

from tenants.views import organization

urlpatterns: list[URLPattern] = [
    path("oidc/<slug:provider_id>/login/", organization.sign_in, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", organization.back, name="openid_connect_callback"),
    path("organization/", organization.connections, name="socialaccount_connections"),
    path("organization/sign-up/", allauths.signup, name="socialaccount_signup"),
    path("organization/cancelled/", allauths.login_cancelled, name="socialaccount_login_cancelled"),
    path("pass/", organization.use_pass, name="local_sign_in"),
]
