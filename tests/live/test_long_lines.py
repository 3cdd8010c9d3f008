"""Programs write what they like, and browsers say what they like: what is held of it has bounds in bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiohttp import web

from tenants import clusters
from tenants.api import loglines
from tenants.live.logs import upstream
from tenants.live.logs.endings import Endings
from tenants.live.logs.messages import log_decoder
from tenants.live.logs.places import Places
from tenants.live.logs.runs import Run
from tenants.live.logs.streams import SourceKey
from tests.cluster.scripted import served

KEY = SourceKey("default", "ns", "web-1", "uid", "web", 0)
LINES, LONG = 1_000, 4_000
RUNS = 16


@pytest.fixture
async def log(settings: Any) -> AsyncIterator[None]:
    """A cluster in which every container wrote long lines, more than anybody reads of one log."""

    async def answer(request: web.Request) -> web.StreamResponse:
        tail = int(request.query.get("tailLines", LINES))
        response = web.StreamResponse()
        await response.prepare(request)
        for number in range(LINES - tail, LINES):
            await response.write(b"1970-01-01T00:00:00.%09dZ %s\n" % (number, b"x" * LONG))
        return response

    async with served(answer) as url:
        settings.CLUSTERS = {"default": {"title": "harbor-1", "server": url}}
        yield
        await clusters.connection("default").close_aio()


async def test_catching_up_reads_so_many_bytes_at_most(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upstream, "REREAD_BYTES", 64 * LONG)
    entries = await upstream.Upstream(Endings({})).since(KEY, 0)
    assert [entry.ns for entry in entries] == list(range(65))


async def test_a_call_holds_the_newest_lines_that_fit_and_says_what_is_left_out(
    log: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loglines, "MOST", RUNS * 32 * LONG)
    lines = await loglines.last(Places(), [Run(KEY, "node", "1", over=False)] * RUNS, 100, user=1, team=1)
    texts = [line for line in lines if "text" in line]
    assert sum(len(line["text"]) for line in texts) <= loglines.MOST
    assert {line["at"] for line in texts} == {loglines._instant(number) for number in range(LINES - 32, LINES)}
    assert [line["notice"].split()[0] for line in lines if "notice" in line] == ["68"] * RUNS


@pytest.mark.parametrize("last", [[["9" * 20, 0]], [["-1", 0]], [["1_0", 0]], [["", 0]], [["1", 0]] * 65])
def test_a_token_that_no_browser_makes_is_malformed(last: list[Any]) -> None:
    text = msgspec.json.encode({"type": "open", "app": 1, "resume": [{"source": "a/b/0", "last": last}]})
    with pytest.raises(msgspec.DecodeError):
        log_decoder.decode(text)
