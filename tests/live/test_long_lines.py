"""Programs write what they like, and browsers say what they like: what is held of it has bounds in bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from cluster.logs import LINE_BYTES, Line
from tenants import clusters
from tenants.api import loglines
from tenants.live.logs import upstream
from tenants.live.logs.endings import Endings
from tenants.live.logs.messages import log_decoder
from tenants.live.logs.places import Places
from tenants.live.logs.runs import Run
from tenants.live.logs.streams import SourceKey

KEY = SourceKey("default", "ns", "web-1", "uid", "web", 0)
LINES = 5_000


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A log of the longest lines; answers which of them were read."""
    numbers: list[int] = []

    async def follow(*_: Any, tail: int | None = None, **__: Any) -> AsyncIterator[Line]:
        text = "x" * LINE_BYTES
        for number in range(LINES - tail if tail else 0, LINES):
            numbers.append(number)
            yield Line(number, text)

    monkeypatch.setattr(clusters, "connection", lambda _: None)
    monkeypatch.setattr(upstream, "follow", follow)
    monkeypatch.setattr(loglines.logs, "follow", follow)
    return numbers


async def test_catching_up_reads_so_many_bytes_at_most(read: list[int]) -> None:
    await upstream.Upstream(Endings({})).since(KEY, 0)
    assert len(read) <= upstream.REREAD_BYTES // LINE_BYTES + 1


async def test_a_call_holds_the_newest_lines_that_fit_and_says_what_is_left_out(read: list[int]) -> None:
    run = Run(KEY, "node", "1", over=False)
    lines = await loglines.last(Places(), [run] * 64, 100, user=1, team=1)
    texts = [line for line in lines if "text" in line]
    assert sum(len(line["text"]) for line in texts) <= loglines.MOST
    assert {line["at"] for line in texts} == {loglines._instant(number) for number in range(LINES - 32, LINES)}
    assert [line["notice"].split()[0] for line in lines if "notice" in line] == ["68"] * 64


@pytest.mark.parametrize("last", [[["9" * 20, 0]], [["-1", 0]], [["1_0", 0]], [["", 0]], [["1", 0]] * 65])
def test_a_token_that_no_browser_makes_is_malformed(last: list[Any]) -> None:
    text = msgspec.json.encode({"type": "open", "app": 1, "resume": [{"source": "a/b/0", "last": last}]})
    with pytest.raises(msgspec.DecodeError):
        log_decoder.decode(text)
