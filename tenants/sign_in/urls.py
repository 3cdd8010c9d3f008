"""Addresses below /accounts/ that are not allauth's own, or come before its own.

The organization's sign-in, the pass to sign in here, and a first password, which allauth would let an old session set.
"""

from allauth.account.views import password_set
from allauth.socialaccount import views as allauths
from django.urls import URLPattern, path

from tenants.views import organization
from tenants.views.recent import recently_signed_in

urlpatterns: list[URLPattern] = [
    path("oidc/<slug:provider_id>/login/", organization.sign_in, name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", organization.back, name="openid_connect_callback"),
    path("organization/", organization.connections, name="socialaccount_connections"),
    path("organization/sign-up/", allauths.signup, name="socialaccount_signup"),
    path("organization/cancelled/", allauths.login_cancelled, name="socialaccount_login_cancelled"),
    path("password/set/", recently_signed_in(from_get=True)(password_set), name="account_set_password"),
    path("pass/", organization.use_pass, name="local_sign_in"),
]
