"""Promise P6 on its happy path: what is committed arrives, once, in order, and stays in the archive."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from shared.messaging.kafka import client_options
from shared.messaging.outbox import put_events, shard_of
from tests.integration.messaging.world import TOPIC, archived, fact, group, logged, new, until, world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "clean_topics")]


async def test_what_is_committed_arrives_once_and_in_order(database):
    async with world(database) as w:
        subjects = [new() for _ in range(20)]
        w.writer.start("relay")
        w.reader.start("edge")
        for _ in range(5):
            await asyncio.gather(*(w.writer.say(subject) for subject in subjects))
        for subject in subjects:
            await w.reader.has(subject, 5)
            assert await w.reader.effects(subject) == [1, 2, 3, 4, 5]
        assert await w.reader.never_parked()
        await until(w.writer.sent)
        assert await w.writer.pool.fetchval("SELECT count(*) FROM event_archive") == 100


async def test_a_rolled_back_command_says_nothing(database):
    async with world(database) as w:
        subject = new()
        with pytest.raises(RuntimeError):
            async with w.writer.pool.acquire() as connection, connection.transaction():
                await put_events(connection, subject, [fact(subject)], partitionkey=subject)
                raise RuntimeError
        assert await w.writer.pool.fetchval("SELECT count(*) FROM outbox") == 0
        await w.writer.say(subject)
        assert await w.writer.pool.fetchval("SELECT sequence FROM outbox") == 1


async def test_many_aggregates_speak_in_one_statement_each_in_its_own_order(database):
    from shared.messaging.outbox import Saying, put_of_each

    async with world(database) as w:
        known, other, third = (new() for _ in range(3))
        await w.writer.say(known, 2)
        async with w.writer.pool.acquire() as connection, connection.transaction():
            await put_of_each(connection, [Saying(one, fact(one), one) for one in (known, other, third, other)])
        rows = await w.writer.pool.fetch("SELECT subject, sequence, shard FROM outbox ORDER BY position")
        said = {
            str(one): [row["sequence"] for row in rows if row["subject"] == str(one)] for one in (known, other, third)
        }
        assert said == {str(known): [1, 2, 3], str(other): [1, 2], str(third): [1]}
        assert len({(row["subject"], row["shard"]) for row in rows}) == 3
        w.writer.start("relay")
        w.reader.start("edge")
        await w.reader.has(known, 3)
        await w.reader.has(other, 2)
        await w.reader.has(third, 1)
        assert await w.reader.effects(known) == [1, 2, 3]
        assert await w.reader.effects(other) == [1, 2]
        assert await w.reader.never_parked()


async def test_a_reader_that_comes_back_reads_on_where_its_database_is_and_not_where_kafkas_group_is(database):
    async with world(database) as w:
        subject = new()
        place = TopicPartition(TOPIC, shard_of(str(subject)))
        w.writer.start("relay")
        w.reader.start("edge")
        await w.writer.say(subject, 3)
        await w.reader.has(subject, 3)
        await w.reader.stop()
        await w.writer.say(subject, 3)
        await until(w.writer.sent)
        async with group(w.reader, place) as told:
            await told.commit({place: 6})
        w.reader.start("edge")
        await w.reader.has(subject, 6)
        assert await w.reader.effects(subject) == [1, 2, 3, 4, 5, 6]
        assert await w.reader.never_parked()
        assert not w.reader.meters.duplicates.labels(TOPIC)._value.get(), "it began anew"


async def test_two_relays_share_the_shards_and_keep_the_order(database):
    from shared.messaging.relay import Relay

    async with world(database) as w:
        second = Relay(w.writer.settings, w.writer.service)
        w.writer.start("relay")
        task = asyncio.create_task(second.run())

        async def shared() -> bool:
            first = w.writer.relay.shards
            return bool(first and second.shards and len(first.owned) == len(second.shards.owned) == 6)

        await until(shared)
        w.reader.start("edge")
        subjects = [new() for _ in range(30)]
        for _ in range(4):
            await asyncio.gather(*(w.writer.say(subject, 2) for subject in subjects))
        for subject in subjects:
            await w.reader.has(subject, 8)
            assert await w.reader.effects(subject) == list(range(1, 9))
        assert await w.reader.never_parked()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_topic_holds_what_the_archive_says(database):
    async with world(database) as w:
        w.writer.start("relay")
        for _ in range(10):
            await w.writer.say(new(), 2)
        await until(w.writer.sent)
        on_topic = await logged(w.writer.settings)
        assert sum(map(len, on_topic.values())) == 20
        assert on_topic == await archived(w.writer)


async def test_what_commits_late_at_a_low_position_arrives_all_the_same(database):
    async with world(database) as w:
        person, late, quick = new(), new(), new()
        w.writer.start("relay")
        w.reader.start("edge")

        async def quick_is_archived() -> bool:
            return bool(await archived(w.writer))

        async with w.writer.pool.acquire() as connection, connection.transaction():
            await put_events(connection, late, [fact(late)], partitionkey=person)
            async with w.writer.pool.acquire() as other, other.transaction():
                await put_events(other, quick, [fact(quick)], partitionkey=person)
            await until(quick_is_archived)
        await w.reader.has(late, 1)
        await until(w.writer.sent)
        by_position = await w.writer.pool.fetch("SELECT subject, kafka_offset FROM event_archive ORDER BY position")
        assert [tuple(row) for row in by_position] == [(str(late), 1), (str(quick), 0)]


async def test_an_aggregate_stays_on_the_partition_of_its_first_event(database):
    async with world(database) as w:
        subject, first = new(), new()
        second = next(key for key in iter(new, None) if shard_of(str(key)) != shard_of(str(first)))
        for key in (first, second):
            async with w.writer.pool.acquire() as connection, connection.transaction():
                await put_events(connection, subject, [fact(subject)], partitionkey=key)
        rows = await w.writer.pool.fetch("SELECT partitionkey, shard FROM outbox")
        assert [tuple(row) for row in rows] == [(str(first), shard_of(str(first)))] * 2


async def test_headers_that_nobody_can_read_are_parked_and_the_next_sound_record_takes_effect(database):
    hostile = (("ce_subject", None), ("ce_subject", b"Andr\xe9"), ("trace", b"\xff\xfe"))
    async with world(database) as w:
        subject = new()
        w.reader.start("edge")
        async with AIOKafkaProducer(**client_options(w.writer.settings)) as producer:
            for header in hostile:
                await producer.send_and_wait(
                    TOPIC, b"{}", partition=shard_of(str(subject)), headers=[("ce_specversion", b"1.0"), header]
                )
        w.writer.start("relay")
        await w.writer.say(subject)
        await w.reader.has(subject, 1)
        assert await w.reader.pool.fetchval("SELECT count(*) FROM dead_letter WHERE state = 'parked'") == len(hostile)
