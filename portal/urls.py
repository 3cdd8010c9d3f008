"""Every address of the site."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

handler403 = "tenants.views.errors.forbidden"
handler404 = "tenants.views.errors.not_found"
handler500 = "portal.broken.broken"
handler429 = "tenants.views.errors.too_many"  # allauth's, where a rate limit holds

# The admin has no sign-in of its own: that one knows no rate limit and no second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("accounts/", include("tenants.sign_in.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("tenants.api.urls")),
    path("", include("tenants.urls")),
]
