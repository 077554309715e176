"""Promise P6 when Kafka forgets: a log that lost its end, a topic that is not there, a cluster that is gone."""

import asyncpg
import pytest

from shared.contracts.control import RepairRequested
from shared.contracts.partner import Connected
from shared.contracts.topics import SERVICES
from shared.messaging import deadletters, losses
from shared.messaging.kafka import cluster_id, reader
from shared.messaging.outbox import put_events, shard_of
from shared.messaging.publisher import Log
from shared.messaging.relay import SQL
from tests.integration.messaging.world import TOPIC, new, until, world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "clean_topics"), pytest.mark.timeout(180)]


async def log_length(settings, shard: int) -> int:
    consumer = reader(settings)
    await consumer.start()
    try:
        return (await losses.log_ends(consumer, [Log(TOPIC, shard)]))[Log(TOPIC, shard)]
    finally:
        await consumer.stop()


async def written(settings, subject, count: int) -> list:
    """The records of the log that `subject` stands in."""
    consumer = reader(settings)
    await consumer.start()
    try:
        return await losses.read(consumer, Log(TOPIC, shard_of(str(subject))), 0, count)
    finally:
        await consumer.stop()


def cut_tail(kafka, shard: int, share: float) -> None:
    """What a power cut does to a log whose last pages were not yet on the disk."""
    segment = max((kafka.data / f"{TOPIC}-{shard}").glob("*.log"))
    size = segment.stat().st_size
    assert size
    with segment.open("r+b") as file:
        file.truncate(int(size * share))


async def test_what_a_log_lost_is_published_again_before_anything_newer(database, kafka):
    async with world(database) as w:
        subject = new()
        shard = shard_of(str(subject))
        w.writer.start("relay")
        for _ in range(20):
            await w.writer.say(subject)
            await until(w.writer.sent)
        await w.writer.stop("relay")
        await kafka.kill()
        cut_tail(kafka, shard, 0.5)
        await kafka.start()
        assert await log_length(w.writer.settings, shard) < 20

        await w.writer.say(subject, 2)
        w.writer.start("relay")
        w.reader.start("edge")
        await w.reader.has(subject, 22)
        assert await w.reader.effects(subject) == list(range(1, 23))
        assert await w.reader.parked(subject) is None


async def test_a_relay_that_lives_through_the_loss_notices_it(database, kafka):
    async with world(database) as w:
        subject = new()
        shard = shard_of(str(subject))
        w.writer.start("relay")
        w.reader.start("edge")
        for _ in range(20):
            await w.writer.say(subject)
            await until(w.writer.sent)
        await w.reader.has(subject, 20)
        await w.reader.stop()
        await kafka.kill()
        cut_tail(kafka, shard, 0.5)
        await kafka.start()
        await w.writer.say(subject, 2)
        await until(w.writer.sent, 60)
        w.reader.start("edge")
        await w.reader.has(subject, 22)
        assert await w.reader.effects(subject) == list(range(1, 23))
        cluster = await cluster_id(w.writer.settings)
        rows = await w.writer.pool.fetch(
            "SELECT sequence FROM event_archive WHERE cluster = $1 ORDER BY kafka_offset", cluster
        )
        assert sorted(row["sequence"] for row in rows) == list(range(1, 23))


async def test_a_missing_topic_blocks_its_own_subjects_until_it_is_there(database, cluster):
    async with world(database) as w:
        other, here = new(), new()
        await cluster.delete_topics([TOPIC])
        await w.writer.say(here)
        w.writer.start("relay")

        async def blocked() -> bool:
            return bool(await w.writer.pool.fetchval("SELECT count(*) FROM outbox_blocked"))

        await until(blocked, 60)
        async with w.writer.pool.acquire() as connection, connection.transaction():
            event = Connected(partner=other, agency=new(), slug="k7m2q9")
            await put_events(connection, other, [event], partitionkey=event.agency)

        async def other_sent() -> bool:
            return bool(
                await w.writer.pool.fetchval("SELECT count(*) FROM event_archive WHERE subject = $1", str(other))
            )

        await until(other_sent, 60)
        await w.writer.say(here)
        await cluster.ensure_topics()
        await w.writer.stop("relay")
        await w.writer.pool.execute(SQL["release_blocked"])
        w.writer.start("relay")
        w.reader.start("edge")
        await w.reader.has(here, 2)
        assert await w.reader.effects(here) == [1, 2]


async def test_a_whole_cluster_that_is_gone_is_filled_from_the_archive(database, kafka, cluster, network):
    async with world(database) as w:
        subjects = [new() for _ in range(10)]
        w.writer.start("relay")
        for subject in subjects:
            await w.writer.say(subject, 3)
        await until(w.writer.sent)
        await w.writer.stop()
        before = await cluster_id(w.writer.settings)
        await kafka.kill()
        kafka.wipe()
        await kafka.start()
        await cluster.ensure_topics()
        await cluster.ensure_services({name: network.access(name).password for name in SERVICES})
        assert await cluster_id(w.writer.settings) != before
        w.writer.start("relay")
        w.reader.start("edge")
        for subject in subjects:
            await w.reader.has(subject, 3)
            assert await w.reader.effects(subject) == [1, 2, 3]
        await until(w.writer.sent)
        assert await w.writer.pool.fetchval("SELECT count(*) FROM event_archive") == 30


async def test_a_reader_that_lost_everything_is_repaired_by_the_owner(database):
    """Its log no longer holds the beginning, so the owner's archive has to."""
    async with world(database) as w:
        subject = new()
        w.writer.start("relay", "edge")
        await w.writer.say(subject, 5)
        await until(w.writer.sent)
        records = await written(w.reader.settings, subject, 5)
        w.reader.inbox.cluster = await cluster_id(w.reader.settings)
        await w.reader.inbox.process(records[3:])
        assert await w.reader.parked(subject) == "gap"
        w.reader.start("relay", "edge")
        await w.reader.has(subject, 5)
        assert await w.reader.effects(subject) == [1, 2, 3, 4, 5]
        assert await w.reader.parked(subject) is None


async def test_what_nobody_has_any_more_is_said_to_be_lost(database):
    """The owner still has later ones, as it always does where somebody noticed a gap."""
    async with world(database) as w:
        subject = new()
        shard = shard_of(str(subject))
        w.writer.start("relay", "edge")
        await w.writer.say(subject, 4)
        await until(w.writer.sent)
        owner = await asyncpg.connect(
            await database("notifications", owner=True), server_settings={"search_path": "notifications"}
        )
        await owner.execute("DELETE FROM event_archive WHERE subject = $1 AND sequence = 2", str(subject))
        await owner.close()
        first, _, third, _ = await written(w.reader.settings, subject, 4)
        w.reader.inbox.cluster = await cluster_id(w.reader.settings)
        await w.reader.inbox.process([first, third])
        assert await w.reader.parked(subject) == "gap"

        async def said_again() -> bool:
            return (await w.reader.inbox.next_offsets())[TOPIC, shard] == 6

        async def lost() -> bool:
            return await w.reader.parked(subject) == "lost"

        w.reader.start("relay", "edge")
        await until(lost)
        await until(said_again)
        await until(w.reader.sent)
        assert await lost()
        assert await w.reader.effects(subject) == [1]
        said = "SELECT count(*) FROM event_archive WHERE type = $1"
        assert await w.reader.pool.fetchval(said, RepairRequested.type) == 1

        third, fourth = await deadletters.letters(w.reader.pool, "reporting")
        assert await deadletters.accept(w.reader.inbox, fourth["number"], "ops:test", "known gone") == "replayed"
        assert await w.reader.effects(subject) == [1, 3, 4]
        assert await w.reader.parked(subject) is None
