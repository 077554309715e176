"""Promise P6 on its happy path: what is committed arrives, once, in order, and stays in the archive."""

import asyncio

import pytest

from tests.integration.messaging.world import TOPIC, new, until, world

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
        await until(w.writer.sent)
        assert await w.writer.pool.fetchval("SELECT count(*) FROM event_archive") == 100


async def test_a_rolled_back_command_says_nothing(database):
    async with world(database) as w:
        subject = new()
        with pytest.raises(RuntimeError):
            async with w.writer.pool.acquire() as connection, connection.transaction():
                from shared.messaging.outbox import put_events
                from tests.integration.messaging.world import fact

                await put_events(connection, subject, [fact(subject)], partitionkey=subject)
                raise RuntimeError
        assert await w.writer.pool.fetchval("SELECT count(*) FROM outbox") == 0
        await w.writer.say(subject)
        assert await w.writer.pool.fetchval("SELECT sequence FROM outbox") == 1


async def test_many_aggregates_speak_in_one_statement_each_in_its_own_order(database):
    from shared.messaging.outbox import Saying, put_of_each
    from tests.integration.messaging.world import fact

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


async def test_a_reader_that_comes_back_reads_on_where_its_database_is(database):
    async with world(database) as w:
        subject = new()
        w.writer.start("relay")
        w.reader.start("edge")
        await w.writer.say(subject, 3)
        await w.reader.has(subject, 3)
        await w.reader.stop()
        await w.writer.say(subject, 3)
        w.reader.start("edge")
        await w.reader.has(subject, 6)
        assert await w.reader.effects(subject) == [1, 2, 3, 4, 5, 6]


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
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_topic_holds_what_the_archive_says(database, cluster):
    async with world(database) as w:
        w.writer.start("relay")
        for _ in range(10):
            await w.writer.say(new())
        await until(w.writer.sent)
        rows = await w.writer.pool.fetch("SELECT shard, max(kafka_offset) AS last FROM event_archive GROUP BY shard")
        marks = await w.writer.pool.fetch("SELECT shard, kafka_offset FROM relay_mark WHERE topic = $1", TOPIC)
        assert {r["shard"]: r["last"] for r in rows} == {m["shard"]: m["kafka_offset"] for m in marks}
