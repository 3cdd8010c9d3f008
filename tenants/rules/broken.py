"""What a rule raises: for a person, what is wrong and what to do."""

from __future__ import annotations


class Broken(ValueError):
    """A value breaks a rule. `message` is a sentence or two for the person who typed it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
