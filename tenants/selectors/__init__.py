"""Reads for lists and pages: rows → what a template draws. Nothing here changes anything or asks a cluster."""

from tenants.selectors import apps, changes, frame, ledger, namespaces, operations, preview, quota, search, teams, usage

__all__ = [
    "apps",
    "changes",
    "frame",
    "ledger",
    "namespaces",
    "operations",
    "preview",
    "quota",
    "search",
    "teams",
    "usage",
]
