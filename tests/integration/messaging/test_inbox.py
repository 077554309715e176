"""The inbox's promises, record by record: exactly once, in order, nothing skipped, nothing lost, nobody held up."""

import pytest

from shared.contracts.data import decode_data
from shared.contracts.deadletter import Released
from shared.messaging import deadletters
from shared.runtime.errors import Conflict, Retryable
from tests.integration.messaging.world import TOPIC, new

pytestmark = pytest.mark.network


async def account(reader):
    return await deadletters.account(reader.pool, "reporting")


async def announced(reader):
    """What the service's dlq topic says of letters that wait no more: which record, and how."""
    rows = await reader.pool.fetch("SELECT type, data FROM outbox WHERE type = $1", Released.type)
    found = [decode_data(row["type"], row["data"]) for row in rows]
    return {(event.record_id, event.how) for event in found}


async def test_a_record_read_three_times_has_one_effect(reader, log):
    subject = new()
    records = [log.put(subject, n) for n in (1, 2, 3)]
    for _ in range(3):
        await reader.inbox.process(records)
    assert await reader.effects(subject) == [1, 2, 3]
    assert (await account(reader)).applied == 3


async def test_a_gap_parks_its_subject_asks_the_owner_and_heals_when_the_record_comes(reader, log):
    subject, other = new(), new()
    missing = log.put(subject, 2)
    await reader.inbox.process([log.put(subject, 1), log.put(subject, 3), log.put(subject, 4), log.put(other, 1)])
    assert await reader.effects(subject) == [1]
    assert await reader.effects(other) == [1]
    assert await reader.parked(subject) == "gap"
    assert await reader.asked() == [(TOPIC, str(subject), 2)]

    await reader.inbox.process([missing])
    assert await reader.effects(subject) == [1, 2, 3, 4]
    assert await reader.parked(subject) is None
    found = await account(reader)
    assert (found.applied, found.parked) == (5, 0)


async def test_a_second_gap_behind_the_first_is_asked_for_too(reader, log):
    subject = new()
    two, four = log.put(subject, 2), log.put(subject, 4)
    await reader.inbox.process([log.put(subject, 1), log.put(subject, 3), log.put(subject, 5)])
    await reader.inbox.process([two])
    assert await reader.effects(subject) == [1, 2, 3]
    assert await reader.parked(subject) == "gap"
    assert await reader.asked() == [(TOPIC, str(subject), 2), (TOPIC, str(subject), 4)]
    await reader.inbox.process([four])
    assert await reader.effects(subject) == [1, 2, 3, 4, 5]
    assert await reader.parked(subject) is None


async def test_a_fork_is_parked_and_changes_nothing(reader, log):
    subject = new()
    await reader.inbox.process([log.put(subject, 1), log.put(subject, 1), log.put(subject, 2)])
    assert await reader.effects(subject) == [1]
    assert await reader.parked(subject) == "fork"
    assert await reader.asked() == [(TOPIC, str(subject), 1)]
    fork, behind = await deadletters.letters(reader.pool, "reporting")
    assert (fork["reason"], behind["reason"]) == ("fork", "fork")
    assert await deadletters.drop(reader.inbox, fork["number"], "ops:test", "only a test") == "dropped"
    assert await announced(reader) == {(fork["event_id"], "dropped"), (behind["event_id"], "replayed")}
    assert await reader.effects(subject) == [1, 2]
    assert await reader.parked(subject) is None


async def test_a_higher_epoch_goes_on_at_the_next_sequence_and_an_earlier_life_does_not_come_back(reader, log):
    subject = new()
    await reader.inbox.process([log.put(subject, 1), log.put(subject, 2, epoch=2)])
    assert await reader.effects(subject) == [1, 2]
    await reader.inbox.process([log.put(subject, 3, epoch=1)])
    assert await reader.parked(subject) == "fork"


async def test_a_handler_that_breaks_parks_its_subject_and_nobody_else(reader, log):
    subject, bad = new(), new()
    others = [new() for _ in range(200)]
    reader.refuse.add(bad)
    records = [log.put(subject, 1), log.put(subject, 2, about=bad), log.put(subject, 3)]
    await reader.inbox.process(records + [log.put(other, 1) for other in others])
    assert await reader.effects(subject) == [1]
    assert await reader.parked(subject) == "poison"
    for other in others:
        assert await reader.effects(other) == [1]
    letters = await deadletters.letters(reader.pool, "reporting")
    assert [row["sequence"] for row in letters] == [2, 3]
    assert letters[0]["detail"] == "handler: ValueError"
    assert await reader.pool.fetchval("SELECT count(*) FROM outbox WHERE topic LIKE '%dlq%'") == 2

    assert await deadletters.replay(reader.inbox, letters[0]["number"], "ops:test") == "parked"
    reader.refuse.clear()
    assert await deadletters.replay(reader.inbox, letters[0]["number"], "ops:test") == "replayed"
    assert await reader.effects(subject) == [1, 2, 3]
    assert await announced(reader) == {(row["event_id"], "replayed") for row in letters}
    await reader.inbox.process(records)
    assert await reader.effects(subject) == [1, 2, 3]
    found = await account(reader)
    assert (found.applied, found.parked) == (203, 0)


async def test_a_dropped_record_stays_dropped_when_the_log_is_read_again(reader, log):
    subject, bad = new(), new()
    reader.refuse.add(bad)
    records = [log.put(subject, 1, about=bad), log.put(subject, 2)]
    await reader.inbox.process(records)
    first, second = await deadletters.letters(reader.pool, "reporting")
    with pytest.raises(Conflict):
        await deadletters.drop(reader.inbox, second["number"], "ops:test", "only a test")
    assert await deadletters.drop(reader.inbox, first["number"], "ops:test", "only a test") == "dropped"
    await reader.inbox.process(records)
    assert await reader.effects(subject) == [2]
    found = await account(reader)
    assert (found.applied, found.parked, found.dropped) == (1, 0, 1)


async def test_a_type_from_the_future_is_ignored_by_rule_and_advances(reader, log):
    subject = new()
    await reader.inbox.process([log.put(subject, 1), log.put(subject, 2, type="throughcare.message.sung.v1")])
    await reader.inbox.process([log.put(subject, 3)])
    assert await reader.effects(subject) == [1, 3]
    found = await account(reader)
    assert (found.applied, found.ignored) == (2, 1)


HOSTILE = {
    "no headers": {"headers": []},
    "a header without value": {"headers": [("ce_specversion", None)]},
    "latin-1": {"headers": [("ce_specversion", b"1.0"), ("ce_subject", "Jos\xe9".encode("latin-1"))]},
    "tombstone": {"value": None, "headers": []},
    "a megabyte": {"value": b"x" * 1_000_000, "headers": [("ce_specversion", b"1.0")]},
    "not json": {"value": b"{", "headers": [("content-type", b"application/cloudevents+json")]},
}


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
async def test_a_record_that_names_no_subject_is_parked_alone_and_once(reader, log, change):
    subject = new()
    foreign = log.raw(**change)
    for _ in range(2):
        await reader.inbox.process([log.put(subject, 1) if not await reader.effects(subject) else foreign, foreign])
    assert await reader.effects(subject) == [1]
    found = await account(reader)
    assert (found.applied, found.foreign) == (1, 1)
    (letter,) = await deadletters.letters(reader.pool, "reporting")
    kept = await deadletters.letter(reader.pool, "reporting", letter["number"])
    assert kept["value"] == foreign.value


async def test_broken_data_in_a_sound_envelope_holds_its_own_subject(reader, log):
    subject, other = new(), new()
    await reader.inbox.process([log.put(subject, 1, value=b'{"message": 7}'), log.put(subject, 2), log.put(other, 1)])
    assert await reader.effects(subject) == []
    assert await reader.effects(other) == [1]
    assert await reader.parked(subject) == "poison"
    found = await account(reader)
    assert (found.applied, found.parked) == (1, 2)


async def test_what_may_pass_is_tried_again_and_nothing_is_parked(reader, log):
    subject, tries = new(), []

    @reader.reactions.on("throughcare.answer.v1")
    async def never(tx, facts):
        raise AssertionError

    heard = reader.reactions.to(TOPIC)

    async def flaky(tx, facts):
        tries.append(1)
        await heard(tx, facts)
        if len(tries) < 3:
            raise Retryable("not yet")

    reader.reactions._by_topic[TOPIC] = flaky
    await reader.inbox.process([log.put(subject, 1)])
    assert await reader.effects(subject) == [1]
    assert len(tries) == 3


async def test_two_processes_with_the_same_batch_make_each_effect_once(reader, log):
    import asyncio

    subjects = [new() for _ in range(50)]
    records = [log.put(subject, n) for subject in subjects for n in (1, 2)]
    await asyncio.gather(*(reader.inbox.process(records) for _ in range(4)))
    for subject in subjects:
        assert await reader.effects(subject) == [1, 2]


async def test_an_urgent_type_acts_at_once_whatever_it_jumps_and_again_in_order(reader, log):
    subject = new()
    reader.reactions.at_once("throughcare.message.decided.v1")
    two = log.put(subject, 2)
    await reader.inbox.process([log.put(subject, 1), log.put(subject, 3)])
    assert await reader.effects(subject) == [1, 3]
    assert await reader.parked(subject) == "gap"
    await reader.inbox.process([two])
    assert await reader.effects(subject) == [1, 3, 2, 3]


async def test_the_sums_add_up_over_a_bad_day(reader, log):
    good, gone, bad = [new() for _ in range(30)], new(), new()
    reader.refuse.add(bad)
    records = [log.put(subject, n) for subject in good for n in (1, 2, 3)]
    records += [log.put(gone, 1), log.put(gone, 3)]
    records += [log.put(bad, 1, about=bad), log.put(bad, 2)]
    records += [log.raw(value=b"?") for _ in range(5)]
    records += [log.put(good[0], 4, type="throughcare.message.sung.v1")]
    for _ in range(2):
        await reader.inbox.process(records)
    found = await account(reader)
    assert (found.applied, found.ignored, found.parked, found.foreign) == (91, 1, 3, 5)
    assert found.applied + found.ignored + found.parked + found.foreign == len(records)
