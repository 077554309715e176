"""Fences: one look at the table for all who ask, no belief without it, and what was raised here counts here at once."""

import asyncio
from contextlib import asynccontextmanager
from math import inf
from uuid import UUID

import pytest

from shared.runtime.database import DatabaseAway
from shared.security import demo
from shared.security.fences import FRESH_FOR, Fences
from shared.security.identity import NotSignedIn
from shared.security.tokens import Token

DANA = demo.by_id(demo.DANA).actor
SID = UUID(int=9)


class Table:
    """A pool whose one table is `rows`."""

    def __init__(self) -> None:
        self.rows: dict[UUID, float] = {}
        self.looks = 0
        self.is_away = False

    @asynccontextmanager
    async def acquire(self):
        yield self

    async def fetch(self, statement: str) -> list[dict]:
        self.looks += 1
        await asyncio.sleep(0)
        if self.is_away:
            raise ConnectionError
        return [{"id": id, "before": before} for id, before in self.rows.items()]


class Clock:
    at = 1000.0

    def __call__(self) -> float:
        return self.at


def token(issued: float = 500.0, sid: UUID | None = SID) -> Token:
    return Token(DANA, sid, issued, issued + 300, issued)


@pytest.fixture
def here() -> tuple[Fences, Table, Clock]:
    table, clock = Table(), Clock()
    return Fences(lambda: table, clock), table, clock  # type: ignore[arg-type, return-value]


async def test_a_crowd_costs_one_look(here):
    fences, table, clock = here
    await asyncio.gather(*(fences.check(token()) for _ in range(50)))
    clock.at += FRESH_FOR / 2
    await fences.check(token())
    assert table.looks == 1
    clock.at += FRESH_FOR
    await fences.check(token())
    assert table.looks == 2


async def test_a_session_that_ended_is_refused_half_a_second_later_at_most(here):
    fences, table, clock = here
    await fences.check(token())
    table.rows[SID] = inf
    clock.at += FRESH_FOR
    with pytest.raises(NotSignedIn):
        await fences.check(token())
    await fences.check(token(sid=UUID(int=10)))


async def test_an_account_is_refused_what_was_signed_until_then_and_believed_what_came_after(here):
    fences, table, _ = here
    table.rows[demo.DANA] = 600.0
    for issued in (500.0, 600.0):
        with pytest.raises(NotSignedIn):
            await fences.check(token(issued))
    await fences.check(token(600.001))
    await fences.check(token(700.0, sid=None))


async def test_what_this_process_has_raised_counts_with_the_next_request(here):
    fences, table, _ = here
    await fences.check(token())
    table.rows[SID] = inf
    fences.look_again()
    with pytest.raises(NotSignedIn):
        await fences.check(token())


async def test_without_its_table_a_process_believes_nobody_and_says_so_to_all_at_once(here):
    fences, table, clock = here
    await fences.check(token())
    table.is_away = True
    clock.at += FRESH_FOR
    answers = await asyncio.gather(*(fences.check(token()) for _ in range(20)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {DatabaseAway}
    assert table.looks == 2
    table.is_away = False
    await fences.check(token())
