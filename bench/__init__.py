"""`python -m bench`: Berth's figures beside those of its peers, measured in the same run (docs/benchmarks.md)."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.test")
django.setup()
