"""Addresses of the API (docs/architecture.md, Addresses)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
