"""How often what differs again and again is repaired: two controllers that undo each other must not run hot."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tenants.models import AuditEntry, Operation, Volume
from tenants.observer import healing
from tenants.observer.healing import Healer
from tenants.observer.sights import Key, Sight

pytestmark = pytest.mark.django_db


def test_the_pause_between_repairs_of_one_thing_doubles_up_to_a_most(volume: Volume) -> None:
    now = 1000.0
    healer = Healer("default", clock=lambda: now)
    Volume.objects.update(observed_generation=volume.generation)
    volume.refresh_from_db()
    missing = Sight(Key("volume", volume.namespace.cluster_name, volume.name), {})
    repaired: list[float] = []
    while len(repaired) < 10:
        healer.volume(volume, missing)
        Operation.objects.update(state="succeeded")
        if AuditEntry.objects.filter(action="drift.repaired").count() > len(repaired):
            repaired.append(now)
        now += 1
    pauses = [later - earlier for earlier, later in pairwise(repaired)]
    assert pauses == [min(healing.PAUSE_LAST, healing.PAUSE_FIRST * 2**n) for n in range(9)]
