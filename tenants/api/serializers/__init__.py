"""The shapes of the API: what calls take (`…In`, which refuse unknown keys) and what they answer (`…Out`)."""
