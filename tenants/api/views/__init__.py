"""The doors for scripts: each finds its thing with the caller's rights, validates, calls one verb, answers."""
