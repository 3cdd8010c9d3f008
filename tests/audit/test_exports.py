"""Lines of the audit log as files: whose, without formulas, streamed, and enough to check the chain."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tenants import audit, chain
from tenants.models import Team, User
from tenants.selectors import auditlines
from tests.audit.conftest import Script

pytestmark = pytest.mark.django_db


def exported(answer: Any) -> str:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()


def test_csv_export_has_the_filters_and_no_formulas(browser: Any, alice: User, written: None) -> None:
    answer = browser(alice).get("/t/payments/activity/export?who=bob&format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="payments-audit-')
    rows = list(csv.DictReader(io.StringIO(exported(answer))))
    assert [row["action"] for row in rows] == ["volumes.delete", "app.release"]
    assert rows[1]["detail"] == "'=1+1"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_cell_that_a_spreadsheet_would_reckon_is_text(alice: User, team: Team, begin: str) -> None:
    entry = audit.record(actor=alice, action="team.edit", thing=team, detail=f"{begin}cmd|x")
    rows = list(csv.DictReader(io.StringIO(b"".join(auditlines.as_csv([[entry]])).decode(), newline="")))
    assert rows[0]["detail"] == f"'{begin}cmd|x"


def test_export_of_a_developer_has_own_lines(browser: Any, ask: Script, bob: User, written: None) -> None:
    lines = exported(browser(bob).get("/t/payments/activity/export?format=jsonl")).splitlines()
    assert {json.loads(line)["actor"] for line in lines} == {"bob"}
    lines = exported(ask(bob, "teams/payments/audit", accept="application/x-ndjson")).splitlines()
    assert {json.loads(line)["actor"] for line in lines} == {"bob"}


@pytest.mark.postgresql
def test_export_is_streamed_in_batches(
    browser: Any, alice: User, many: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.selectors.audit.BATCH", 25)
    answer = browser(alice).get("/t/payments/activity/export?format=jsonl")
    chunks = list(answer.streaming_content)
    assert len(chunks) == 5
    assert [json.loads(line)["id"] for line in b"".join(chunks).splitlines()] == many


@pytest.mark.postgresql
def test_whoever_has_the_json_lines_can_check_the_chain_without_berth(ask: Script, sam: User, written: None) -> None:
    """As docs/decisions/0010-audit-chain.md tells it."""
    ask(sam, "me")
    chain.link()
    text = exported(ask(sam, "audit", accept="application/x-ndjson"))
    lines = sorted((json.loads(line) for line in text.splitlines()), key=lambda line: line["chain"]["position"])
    names = {"actor": "actor_name", "team": "team_slug"}
    previous = "0" * 64
    for line in lines:
        place, stamp, pk = line.pop("chain"), line.pop("stamp"), line.pop("id")
        fields = {names.get(name, name): value for name, value in line.items()}
        fields["at"] = datetime.fromisoformat(line["at"]).astimezone(UTC).isoformat(timespec="microseconds")
        content = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert place["previous"] == previous
        previous = hashlib.sha256(f"{previous}\n{pk}\n{stamp}\n{content}".encode()).hexdigest()
        assert place["digest"] == previous


def test_unknown_format_is_refused(browser: Any, alice: User, written: None) -> None:
    assert browser(alice).get("/t/payments/activity/export?format=xls").status_code == 422
