"""Django's admin shows plans alone for now; staff set them there."""

from django.contrib import admin

from tenants.models import Plan


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin):
    list_display = ["title", "name", "cpu", "memory", "storage", "pods", "active", "position"]
