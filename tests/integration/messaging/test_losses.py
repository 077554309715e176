"""Promise P6 when Kafka forgets: a log that lost its end, a topic that is not there, a cluster that is gone."""

from dataclasses import replace
from functools import partial
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.control import RepairRequested
from shared.contracts.envelope import LONGEST_TEXT
from shared.contracts.partner import Connected
from shared.contracts.topics import BY_NAME, PARTITIONS, SERVICES, Topic
from shared.messaging import deadletters, losses, publisher, relay
from shared.messaging.kafka import cluster_id, reader
from shared.messaging.outbox import Cause, put_events, shard_of
from shared.messaging.publisher import Log
from shared.messaging.shards import Shards
from shared.runtime.database import connect
from shared.runtime.reach import SERVICE
from tests.integration.messaging.world import TOPIC, Side, fact, logged, new, until, world

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


async def archived(side: Side, subject: UUID) -> bool:
    return bool(await side.pool.fetchval("SELECT count(*) FROM event_archive WHERE subject = $1", str(subject)))


async def blocked(side: Side, subject: UUID) -> bool:
    return bool(await side.pool.fetchval("SELECT count(*) FROM outbox_blocked WHERE subject = $1", str(subject)))


def taking(size: int) -> Topic:
    """The topic, where the broker takes that many bytes at once."""
    topic = BY_NAME[TOPIC]
    return replace(topic, config={**topic.config, "max.message.bytes": str(size)})


def ids(logs: dict[Log, dict[int, UUID | None]]) -> list[UUID | None]:
    """What stands there, partition by partition in its order."""
    return [id for log in sorted(logs) for id in logs[log].values()]


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
        assert await w.reader.never_parked()


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


async def test_a_missing_topic_blocks_who_speaks_on_it_until_it_is_there_and_nobody_else(
    database, cluster, monkeypatch
):
    monkeypatch.setattr(publisher, "TOPIC_WITHIN", 0.5)
    monkeypatch.setattr(relay, "CHECK_EVERY", 0.5)
    async with world(database) as w:
        here, elsewhere = new(), new()
        await cluster.delete_topics([TOPIC])
        await w.writer.say(here)
        w.writer.start("relay")
        await until(lambda: blocked(w.writer, here), 60)
        async with w.writer.pool.acquire() as connection, connection.transaction():
            event = Connected(partner=elsewhere, agency=new(), slug="k7m2q9")
            await put_events(connection, elsewhere, [event], partitionkey=event.agency)
        await until(lambda: archived(w.writer, elsewhere), 60)
        await w.writer.say(here)
        await cluster.ensure_topics()
        w.reader.start("edge")
        await w.reader.has(here, 2)
        assert await w.reader.effects(here) == [1, 2]
        assert await w.reader.never_parked()


async def test_what_is_blocked_and_lost_as_well_is_said_once_more(database, cluster, monkeypatch):
    """Refused while it was said again after a loss, and lost a second time: it waits in both places."""
    monkeypatch.setattr(publisher, "TOPIC_WITHIN", 0.5)
    monkeypatch.setattr(relay, "CHECK_EVERY", 0.5)
    async with world(database) as w:
        subject = new()
        w.writer.start("relay")
        await w.writer.say(subject, 2)
        await until(w.writer.sent)
        await w.writer.stop()
        await cluster.delete_topics([TOPIC])
        columns = (
            "shard, position, id, topic, subject, sequence, epoch, partitionkey, type, at,"
            " traceparent, causationid, actor, data"
        )
        again = f"INSERT INTO outbox ({columns}, again) OVERRIDING SYSTEM VALUE SELECT {columns}, true FROM "  # noqa: S608
        await w.writer.pool.execute(again + "event_archive")
        w.writer.start("relay")
        await until(lambda: blocked(w.writer, subject), 60)
        await w.writer.pool.execute(again + "outbox_blocked")
        await cluster.ensure_topics()
        w.reader.start("edge")
        await w.reader.has(subject, 2)
        await until(w.writer.sent)
        assert await w.reader.effects(subject) == [1, 2]


async def test_what_the_broker_refuses_waits_with_its_subjects_later_rows_while_others_go_on(
    database, cluster, monkeypatch
):
    """All of them on one partition, so that they share a batch until the row is found."""
    async with world(database) as w:
        person, large, other = new(), new(), new()

        async def say(subject: UUID, actor: str | None = None) -> None:
            async with w.writer.pool.acquire() as connection, connection.transaction():
                await put_events(connection, subject, [fact(subject)], partitionkey=person, cause=Cause(actor=actor))

        await cluster.delete_topics([TOPIC])
        await cluster.ensure_topics(
            [taking(830)]
        )  # an ordinary one takes 700 bytes, one with the longest of actors 970
        for actor in (None, "x" * LONGEST_TEXT, None):
            await say(large, actor)
        await say(other)
        w.writer.start("relay")
        await until(lambda: archived(w.writer, other))
        await until(lambda: blocked(w.writer, large))
        await say(other)
        w.reader.start("edge")
        await w.reader.has(other, 2)
        assert await w.reader.effects(large) == [1]
        held = await w.writer.pool.fetch("SELECT sequence FROM outbox_blocked UNION ALL SELECT sequence FROM outbox")
        assert [row["sequence"] for row in held] == [2, 3]

        await w.writer.stop("relay")
        await cluster.ensure_topics([taking(1_048_588)])
        monkeypatch.setattr(relay, "CHECK_EVERY", 0.1)
        w.writer.start("relay")
        await w.reader.has(large, 3)
        assert await w.reader.effects(large) == [1, 2, 3]
        assert await w.reader.never_parked()


async def test_a_relay_frees_what_is_blocked_on_its_own_shards_alone(database, monkeypatch):
    """Another may have later rows of the same subject on their way."""
    monkeypatch.setattr(relay, "CHECK_EVERY", 0.1)
    async with world(database) as w:
        connection = await connect(w.writer.settings, "another relay")
        another = Shards(connection, w.writer.service)
        await another.rebalance()
        subjects = {shard_of(str(subject)): subject for subject in (new() for _ in range(400))}
        for subject in subjects.values():
            await w.writer.say(subject)
        for row in await w.writer.pool.fetch("SELECT shard, position FROM outbox"):
            await w.writer.pool.execute(relay.SQL["block_row"], row["shard"], row["position"], "test")
        w.writer.start("relay")
        while len(another.owned) > PARTITIONS // 2:
            await another.rebalance()
        theirs = {subject for shard, subject in subjects.items() if shard in another.owned}
        for subject in set(subjects.values()) - theirs:
            await until(partial(archived, w.writer, subject))
        rows = await w.writer.pool.fetch("SELECT subject FROM outbox_blocked")
        assert {row["subject"] for row in rows} == {str(subject) for subject in theirs}
        await connection.close()


async def test_a_relay_with_nothing_to_say_fills_a_topic_that_was_made_again(database, cluster, monkeypatch):
    monkeypatch.setattr(relay, "CHECK_EVERY", 0.2)
    async with world(database) as w:
        w.writer.start("relay")
        for _ in range(10):
            await w.writer.say(new(), 2)
        await until(w.writer.sent)
        before = ids(await logged(w.writer.settings))
        await cluster.delete_topics([TOPIC])
        await cluster.ensure_topics()

        async def there_again() -> bool:
            return ids(await logged(w.writer.settings)) == before

        await until(there_again, 60)
        assert len(before) == 20


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
            await database("notifications", owner=True),
            server_settings={"search_path": "notifications"} | SERVICE.settings,
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
