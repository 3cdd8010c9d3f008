"""What the API server refuses with 422: each kind's rules, in its words (pkg/apis/*/validation of 1.37)."""

from simcluster.validation.rules import validate, validate_update

__all__ = ["validate", "validate_update"]
