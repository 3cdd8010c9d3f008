"""Sockets that ask the same at the same time share an answer, and never one that was read before they asked."""

from __future__ import annotations

import asyncio

import pytest

from tenants.live import asking


class Slow:
    """Readings that end when they are let; each answers its number."""

    def __init__(self) -> None:
        self.begun = 0
        self.let = asyncio.Semaphore(0)

    async def read(self) -> int:
        self.begun += 1
        number = self.begun
        await self.let.acquire()
        return number


async def passed() -> None:
    """Whatever was ready has run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_together_is_answered_by_one_reading() -> None:
    slow = Slow()
    asked = [asyncio.create_task(asking.shared("a", slow.read)) for _ in range(50)]
    await passed()
    slow.let.release()
    assert await asyncio.gather(*asked) == [1] * 50


async def test_who_asks_while_it_is_read_gets_a_later_reading() -> None:
    slow = Slow()
    early = asyncio.create_task(asking.shared("a", slow.read))
    await passed()
    late = [asyncio.create_task(asking.shared("a", slow.read)) for _ in range(50)]
    await passed()
    assert slow.begun == 1
    slow.let.release()
    slow.let.release()
    assert await early == 1
    assert await asyncio.gather(*late) == [2] * 50


async def test_other_questions_do_not_wait() -> None:
    slow, quick = Slow(), Slow()
    waiting = asyncio.create_task(asking.shared("a", slow.read))
    quick.let.release()
    assert await asking.shared("b", quick.read) == 1
    slow.let.release()
    assert await waiting == 1


async def test_an_error_is_everybodys_and_the_next_reading_is_tried() -> None:
    async def fail() -> int:
        raise OSError

    asked = [asyncio.create_task(asking.shared("a", fail)) for _ in range(3)]
    for one in asked:
        with pytest.raises(OSError):
            await one
    slow = Slow()
    slow.let.release()
    assert await asking.shared("a", slow.read) == 1


async def test_who_goes_away_takes_no_answer_from_others() -> None:
    slow = Slow()
    gone, stays = (asyncio.create_task(asking.shared("a", slow.read)) for _ in range(2))
    await passed()
    gone.cancel()
    slow.let.release()
    assert await stays == 1
