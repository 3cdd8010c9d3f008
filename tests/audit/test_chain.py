"""The chain: who gets which place, and that nothing is changed, removed or slipped in unnoticed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connections, transaction
from pytest_django import Settings

from tenants import audit, chain
from tenants.models import AuditEntry, AuditHead, AuditLink, Team, User
from tenants.selectors import integrity
from tests.audit.tampering import tampered

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Links after each commit, however soon it follows the last."""
    monkeypatch.setattr(chain, "SOON", 0.0)


@pytest.fixture
def just_linked(unhurried: None, db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process linked a moment ago: what comes now is left to the dispatcher."""
    chain.link_soon()
    monkeypatch.setattr(chain, "SOON", 3600.0)


@pytest.fixture
def entries(alice: User, team: Team) -> list[AuditEntry]:
    """Five entries in their places."""
    return [audit.record(actor=alice, action="team.edit", thing=team, detail=f"edit {n}") for n in range(5)]


def found() -> integrity.Break | None:
    return integrity.verify().found


def test_each_entry_gets_its_place_after_the_commit(entries: list[AuditEntry]) -> None:
    links = list(AuditLink.objects.order_by("position"))
    assert [link.entry_id for link in links] == [entry.pk for entry in entries]
    assert [link.position for link in links] == [1, 2, 3, 4, 5]
    assert [link.previous for link in links] == [chain.GENESIS, *(link.digest for link in links[:-1])]
    assert found() is None


def test_nothing_is_linked_before_the_commit(alice: User, team: Team) -> None:
    with transaction.atomic():
        audit.record(actor=alice, action="team.edit", thing=team)
        assert not AuditLink.objects.exists()
    assert AuditLink.objects.count() == 1


def test_a_longer_detail_than_the_row_holds_is_cut(alice: User, team: Team) -> None:
    entry = audit.record(actor=alice, action="team.edit", thing=team, detail="x" * 401)
    assert len(entry.detail) == AuditEntry._meta.get_field("detail").max_length == 400


def test_undone_entry_leaves_no_gap(alice: User, team: Team, entries: list[AuditEntry]) -> None:
    with transaction.atomic():
        audit.record(actor=alice, action="team.edit", thing=team)
        transaction.set_rollback(True)
    audit.record(actor=alice, action="team.edit", thing=team)
    assert AuditLink.objects.count() == 6
    assert found() is None


def test_process_that_just_linked_leaves_the_next_to_the_dispatcher(alice: User, team: Team, just_linked: None) -> None:
    for _ in range(3):
        audit.record(actor=alice, action="team.edit", thing=team)
    assert AuditLink.objects.count() == 0
    assert chain.link() == 3
    assert found() is None


def test_entry_that_commits_late_is_linked_though_its_number_is_smaller(
    alice: User, team: Team, entries: list[AuditEntry], just_linked: None
) -> None:
    late = audit.record(actor=alice, action="team.edit", thing=team, detail="late")
    newer = audit.record(actor=alice, action="team.edit", thing=team, detail="newer")
    AuditLink.objects.create(
        position=6, entry=newer, previous=AuditLink.objects.get(position=5).digest, digest=(end := _digest(5, newer))
    )
    AuditHead.objects.update(position=6, digest=end, entry_id=newer.pk, seal=chain.seal(6, end))
    assert chain.link() == 1
    assert AuditLink.objects.get(position=7).entry_id == late.pk
    assert found() is None


def _digest(position: int, entry: AuditEntry) -> str:
    return chain.digest(AuditLink.objects.get(position=position).digest, entry)


def test_entry_far_behind_is_found_by_a_look_through_the_whole(
    alice: User, team: Team, just_linked: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain, "RECENT", 0)
    entry = audit.record(actor=alice, action="team.edit", thing=team)
    AuditHead.objects.update(entry_id=entry.pk + 1)
    assert chain.link() == 0
    assert chain.link(whole=True) == 1


def test_many_at_once_make_one_chain(alice: User, team: Team) -> None:
    def write(number: int) -> None:
        try:
            audit.record(actor=alice, action="team.edit", thing=team, detail=str(number))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(80)))
    chain.link()
    assert AuditLink.objects.count() == 80
    assert found() is None


# -- what verify_audit finds ---------------------------------------------------------------------------------


CHANGES = {
    "actor_name": "mallory",
    "role": "viewer",
    "door": "socket",
    "action": "team.delete",
    "outcome": "denied",
    "team_slug": "other",
    "target": "team Other",
    "target_id": "999",
    "detail": "nothing",
    "address": "192.0.2.9",
    "request_id": "r2",
    "changes": [{"field": "name", "old": "A", "new": "B"}],
    "actor_id": 999,
    "team_id": 999,
    "at": "2020-01-01T00:00:00Z",
}


@pytest.mark.parametrize("field", CHANGES)
def test_changed_entry_is_found(entries: list[AuditEntry], field: str) -> None:
    with tampered():
        AuditEntry.objects.filter(pk=entries[2].pk).update(**{field: CHANGES[field]})
    assert found() == integrity.Break("the entry was changed", 3, entries[2].pk)


@pytest.mark.parametrize("place", [1, 3, 5])
def test_removed_entry_is_found(entries: list[AuditEntry], place: int) -> None:
    with tampered():
        AuditEntry.objects.filter(pk=entries[place - 1].pk).delete()
    assert found() == integrity.Break("the entry was removed", place, entries[place - 1].pk)


@pytest.mark.parametrize("place", [1, 3, 5])
def test_entry_removed_with_its_link_is_found(entries: list[AuditEntry], place: int) -> None:
    with tampered():
        AuditLink.objects.filter(position=place).delete()
        AuditEntry.objects.filter(pk=entries[place - 1].pk).delete()
    assert found() == integrity.Break("the link is missing", place)


def test_end_that_was_cut_off_with_the_head_moved_back_is_found(entries: list[AuditEntry]) -> None:
    with tampered():
        before = AuditLink.objects.get(position=4)
        AuditLink.objects.filter(position=5).delete()
        AuditEntry.objects.filter(pk=entries[4].pk).delete()
        AuditHead.objects.update(position=4, digest=before.digest, entry_id=before.entry_id)
    assert found() == integrity.Break("the head is not sealed by Berth's key", 4)


def test_end_that_was_cut_off_with_an_old_head_put_back_shows_against_a_kept_head(entries: list[AuditEntry]) -> None:
    kept = AuditHead.objects.get()
    with tampered():
        before = AuditLink.objects.get(position=4)
        AuditLink.objects.filter(position=5).delete()
        AuditEntry.objects.filter(pk=entries[4].pk).delete()
        AuditHead.objects.update(position=4, digest=before.digest, seal=chain.seal(4, before.digest))
    assert found() is None
    verdict = integrity.verify(kept=(kept.position, kept.digest))
    assert verdict.found == integrity.Break("the end of the chain was cut off", 5)


def test_chain_written_anew_shows_against_a_kept_head(entries: list[AuditEntry]) -> None:
    verdict = integrity.verify(kept=(3, "f" * 64))
    assert verdict.found is not None
    assert verdict.found.position == 3


def test_head_that_was_removed_is_found(entries: list[AuditEntry]) -> None:
    with tampered():
        AuditHead.objects.all().delete()
    try:
        assert found() == integrity.Break("the chain's head was removed")
        assert chain.link() == 0
    finally:
        AuditHead.objects.create(digest=chain.GENESIS, seal=chain.seal(0, chain.GENESIS))


def test_link_that_was_changed_is_found(entries: list[AuditEntry]) -> None:
    with tampered():
        AuditLink.objects.filter(position=2).update(digest="0" * 64)
    assert found() == integrity.Break("the link was changed", 2, entries[1].pk)


def test_links_written_anew_from_the_middle_are_found(entries: list[AuditEntry]) -> None:
    """Somebody changed an entry and reckoned all digests after it, as the decision page tells how."""
    with tampered():
        AuditEntry.objects.filter(pk=entries[1].pk).update(detail="harmless")
        previous = AuditLink.objects.get(position=1).digest
        for link in AuditLink.objects.filter(position__gte=2).select_related("entry"):
            link.previous, link.digest = previous, chain.digest(previous, link.entry)
            previous = link.digest
            link.save()
        AuditHead.objects.update(digest=previous)
    assert found() == integrity.Break("the head is not sealed by Berth's key", 5)


def test_entry_written_past_berth_gets_no_place_and_is_found(entries: list[AuditEntry], team: Team) -> None:
    forged = AuditEntry.objects.create(actor_name="alice", door="page", action="team.edit", team=team, target="x")
    assert chain.link(whole=True) == 0
    verdict = integrity.verify()
    assert verdict.found is not None
    assert verdict.found.entry == forged.pk


def test_entry_changed_before_it_got_its_place_is_found(alice: User, team: Team, just_linked: None) -> None:
    entry = audit.record(actor=alice, action="team.edit", thing=team)
    with tampered():
        AuditEntry.objects.update(detail="else")
    assert chain.link() == 0
    assert (verdict := found()) is not None
    assert verdict.entry == entry.pk


def test_link_added_past_berth_is_found_and_not_built_upon(entries: list[AuditEntry], team: Team) -> None:
    forged = AuditEntry.objects.create(actor_name="alice", door="page", action="team.edit", team=team, target="x")
    AuditLink.objects.create(position=6, entry=forged, previous="x", digest=_digest(5, forged))
    assert found() == integrity.Break("a link was added past Berth", 6, forged.pk)


def test_chain_goes_on_under_a_new_key_while_the_old_is_a_fallback(
    entries: list[AuditEntry], alice: User, team: Team, settings: Settings
) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key" * 6
    assert found() is None
    audit.record(actor=alice, action="team.edit", thing=team)
    settings.SECRET_KEY_FALLBACKS = []
    assert integrity.verify().position == 6
    assert found() is None


def test_chain_under_an_unknown_key_stops_until_it_is_signed(
    entries: list[AuditEntry], alice: User, team: Team, settings: Settings
) -> None:
    settings.SECRET_KEY = "another-key" * 6
    audit.record(actor=alice, action="team.edit", thing=team)
    assert AuditLink.objects.count() == 5
    call_command("verify_audit", "--sign", stdout=StringIO())
    assert chain.link() == 1
    assert found() is None


# -- the command ----------------------------------------------------------------------------------------------


def command(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_command_prints_the_head_to_keep(entries: list[AuditEntry]) -> None:
    said = command()
    head = AuditHead.objects.get()
    assert said == f"5 entries are as Berth wrote them.\nHead 5:{head.digest}\n"
    assert command("--head", f"5:{head.digest}") == said


def test_command_names_the_first_break(entries: list[AuditEntry]) -> None:
    with tampered():
        AuditEntry.objects.filter(pk__in=[entries[1].pk, entries[3].pk]).delete()
    with pytest.raises(CommandError, match=f"Broken at position 2, entry {entries[1].pk}: the entry was removed"):
        command()
    with pytest.raises(CommandError, match=f"Broken at position 4, entry {entries[3].pk}"):
        command("--from", "3")


def test_signing_is_no_cure_for_a_break(entries: list[AuditEntry], settings: Settings) -> None:
    settings.SECRET_KEY = "another-key" * 6
    with tampered():
        AuditEntry.objects.filter(pk=entries[1].pk).delete()
    with pytest.raises(CommandError, match="the entry was removed"):
        command("--sign")


@pytest.mark.parametrize("words", [("--from", "0"), ("--head", "nonsense"), ("--from", "4", "--head", f"2:{'a' * 64}")])
def test_command_refuses_what_makes_no_sense(words: tuple[str, ...], entries: list[AuditEntry]) -> None:
    with pytest.raises(CommandError):
        command(*words)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain, "BATCH", 2)
    monkeypatch.setattr(integrity, "BATCH", 2)


@pytest.mark.parametrize("removed", [None, 2, 3, 4, 5])
def test_batches_have_no_seams(alice: User, team: Team, small_batches: None, removed: int | None) -> None:
    for number in range(5):
        audit.record(actor=alice, action="team.edit", thing=team, detail=str(number))
    if removed is not None:
        with tampered():
            AuditLink.objects.filter(position=removed).delete()
        assert found() == integrity.Break("the link is missing", removed)
    else:
        assert found() is None
