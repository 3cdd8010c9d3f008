"""Volumes: claims on storage that outlive the apps that mount them."""

from __future__ import annotations

from django.db import models

from tenants.models.namespace import InNamespace


class Volume(InNamespace):
    """`size` and `capacity` in bytes; `phase` as the claim's: "", Pending, Bound, Lost."""

    noun = "volume"

    size = models.BigIntegerField(help_text="bytes")
    storage_class = models.CharField(max_length=63, blank=True)  # empty: the cluster's default
    access_mode = models.CharField(max_length=20, default="ReadWriteOnce")
    phase = models.CharField(max_length=16, blank=True)
    capacity = models.BigIntegerField(null=True, blank=True)
    created_by = models.ForeignKey("tenants.User", on_delete=models.SET_NULL, null=True, related_name="+")
