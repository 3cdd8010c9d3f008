"""Addresses of the pages (docs/architecture.md, Addresses)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
