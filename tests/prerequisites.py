"""`python -m tests.prerequisites`: says what this machine's test run will leave out, and how to get it.

In CI nothing may be left out.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

# The old headless shell draws the same pages for a third of the processor's time: it has no windows to keep.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
INITDB = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)
REDIS = shutil.which("redis-server")

NEEDS = {
    "browser tests": (CHROMIUM, "chromium-headless-shell"),
    "tests on PostgreSQL": (INITDB, "postgresql"),
    "tests on Redis": (REDIS, "redis-server"),
}


def main() -> int:
    missing = {what: package for what, (found, package) in NEEDS.items() if not found}
    for what, package in missing.items():
        print(f"Left out: {what}. To run them: apt-get install {package}")
    if missing and os.environ.get("CI"):
        print("In CI nothing may be left out.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
