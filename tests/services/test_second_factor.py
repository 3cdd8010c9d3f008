"""Whom BERTH_REQUIRE_MFA asks for a second factor."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.sign_in import second_factor
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("who", [{"staff_role": "support"}, {"is_staff": True}, {"is_superuser": True}])
def test_staff_of_every_kind_needs_one(settings: Any, who: dict[str, Any]) -> None:
    """Whoever opens Django's admin sees as much as the site's own staff."""
    settings.REQUIRE_SECOND_FACTOR = frozenset({"staff"})
    assert second_factor.missing(factories.make_user("root", **who))


def test_others_need_none(settings: Any) -> None:
    settings.REQUIRE_SECOND_FACTOR = frozenset({"staff"})
    assert not second_factor.missing(factories.make_user("bob"))
