"""Promise P6 in the mirror: however it is cut and however often told, each fact counts once, and can be rebuilt."""

import json
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.reporting.reactions import reactions
from services.reporting.store import PROJECTIONS
from shared.contracts.consent import Revoked
from shared.contracts.person import Acknowledged, AnswerLate
from shared.contracts.portrait import Told
from shared.contracts.topics import LISTENS
from shared.runtime.ids import uuid7
from tests.integration.reporting.histories import oracle, some_deliveries, some_histories
from tests.integration.reporting.world import OCTOBER, World

pytestmark = pytest.mark.network


def readable(rows: dict[str, dict[UUID, dict[str, Any]]]) -> dict[str, dict[UUID, dict[str, Any]]]:
    """Calendars as what they say, not as how they are written."""
    for row in rows["agency"].values():
        if isinstance(row["calendar"], str):
            row["calendar"] = json.loads(row["calendar"])
    return rows


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(random=st.randoms(use_true_random=True), subjects=st.integers(1, 40))
async def test_the_projections_are_what_a_naive_fold_of_the_log_says(world: World, random: Random, subjects: int):
    await world.wipe()
    records = some_histories(random, subjects)
    for batch in some_deliveries(random, records):
        await world.inbox.process(batch)
    first = readable(await world.rows())
    assert first == oracle(records)
    await world.wipe()
    assert not any((await world.rows()).values())
    for batch in some_deliveries(random, records):
        await world.inbox.process(batch)
    assert readable(await world.rows()) == first


async def test_a_wipe_forgets_what_was_read_and_nothing_else(world: World):
    for batch in some_deliveries(Random(3), some_histories(Random(3), 20)):
        await world.inbox.process(batch)
    await world.owner.execute("INSERT INTO progress VALUES ('somebody else', 't', 's', 1, 4)")
    await world.wipe()
    assert await world.inbox.next_offsets() == {}
    assert await world.pool.fetchval("SELECT array_agg(consumer) FROM progress") == ["somebody else"]


async def test_a_record_that_is_broken_is_parked_and_the_others_count(world: World):
    records = some_histories(Random(5), 30)
    broken = next(r for r in records if r.topic == "throughcare.promise.v1")
    subject = dict(broken.headers)["ce_subject"]
    told = [r._replace(value=b"{}") if r is broken else r for r in records]
    await world.inbox.process(told)
    rows = readable(await world.rows())
    expected = oracle(r for r in records if dict(r.headers)["ce_subject"] != subject)
    assert rows == expected


async def test_no_row_can_tell_who_it_is_about(world: World):
    columns = await world.pool.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'reporting'"
    )
    ours = {row["column_name"] for row in columns if row["table_name"] in PROJECTIONS}
    assert not ours & {"person", "worker", "recorded_by", "actor", "partitionkey", "concern", "consent"}
    setback = {row["column_name"] for row in columns if row["table_name"] == "setback"}
    assert "agency" not in setback and "pace" not in setback
    door = {row["column_name"] for row in columns if row["table_name"] in ("arrival", "telling", "revocation")}
    assert "answer_by" in door and "agency" not in door


async def test_the_rows_of_one_person_at_the_door_are_not_to_be_put_together(world: World):
    """Only a consent's two ends are: who asked, what they told and which yes they took back share no id."""
    somebody = uuid7()
    sitting: dict[str, Any] = {"by": "person", "section": "portrait", "sitting": 1, "day": 1, "answered": ("joys",)}
    await world.hear(
        (Acknowledged(person=somebody, answer_by=OCTOBER), OCTOBER),
        (AnswerLate(person=somebody, agency=uuid7(), answer_by=OCTOBER), OCTOBER),
        (Told(person=somebody, agency=uuid7(), **sitting), OCTOBER),
        (Revoked(consent=uuid7(), person=somebody, given="page"), OCTOBER),
    )
    rows = await world.rows()
    ids = [id for table in ("arrival", "telling", "revocation") for id in rows[table]]
    assert len(set(ids)) == 4 and somebody not in ids


def test_what_is_heard_may_be_heard():
    assert set(reactions.topics) <= set(LISTENS["reporting"])
