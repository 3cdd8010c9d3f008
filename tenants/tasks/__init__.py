"""Thin tasks, one a kind of operation: claim by id, load the current intent, call the gateway, record the outcome."""

from tenants.tasks import apps, namespaces, secrets, volumes

__all__ = ["apps", "namespaces", "secrets", "volumes"]
