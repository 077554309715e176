"""For whom a transaction acts: said once around the work, and nobody where nothing was said."""

import asyncio
from typing import Any, cast
from uuid import UUID

import pytest

from shared.runtime.reach import NOTHING, SERVICE, Reach, act, acting, as_sql, current

A, B = UUID(int=1), UUID(int=2)


def test_nobody_acts_until_somebody_says_so():
    assert current() == NOTHING == Reach()
    with acting(Reach(agency=A)):
        assert current().agency == A
    assert current() == NOTHING


def test_the_end_of_a_part_gives_back_what_was_before_also_after_an_error():
    with acting(Reach(agency=A)):
        with pytest.raises(ZeroDivisionError), acting(SERVICE):
            act(Reach(agency=B))
            raise ZeroDivisionError
        assert current() == Reach(agency=A)


def test_all_four_are_said_so_that_none_is_left_over_from_before():
    said = as_sql(Reach(agency=A))
    assert said.count("SET LOCAL app.") == 4
    assert f"SET LOCAL app.agency = '{A}';" in said
    assert "SET LOCAL app.person = '';" in said
    assert "SET LOCAL app.reach = '';" in said
    assert "SET LOCAL app.reach = 'service';" in as_sql(SERVICE)


@pytest.mark.parametrize("text", ["'; SET LOCAL app.reach = 'service", "1", "x" * 32])
def test_what_is_no_uuid_never_gets_into_a_statement(text: str):
    with pytest.raises(ValueError):
        as_sql(Reach(agency=cast(Any, text)))


async def test_a_task_keeps_the_reach_that_it_was_made_in_and_two_never_mix():
    async def seen() -> Reach:
        await asyncio.sleep(0)
        return current()

    tasks = []
    for reach in (Reach(agency=A), Reach(agency=B), SERVICE) * 50:
        with acting(reach):
            tasks.append((reach, asyncio.create_task(seen())))
    assert all([await task == reach for reach, task in tasks])
    assert current() == NOTHING
