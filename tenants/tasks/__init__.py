"""Thin tasks, one a kind of operation: claim by id, load the current intent, call the gateway, record the outcome.

Letters leave in the same way, by a task of their own.
"""

from tenants.tasks import apps, letters, namespaces, secrets, volumes

__all__ = ["apps", "letters", "namespaces", "secrets", "volumes"]
