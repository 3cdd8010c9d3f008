"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

handler403 = "tenants.views.errors.forbidden"
handler404 = "tenants.views.errors.not_found"
handler500 = "portal.broken.broken"

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/", include("tenants.api.urls")),
    path("", include("tenants.urls")),
]
