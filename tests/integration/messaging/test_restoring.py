"""Promise P6 when a database is set back: sequences go on, lives are told apart, readers lose and repeat nothing."""

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from shared.contracts.topics import PARTITIONS
from shared.messaging import edge
from shared.messaging.kafka import client_options, reader
from shared.messaging.losses import log_ends, read
from shared.messaging.outbox import shard_of
from shared.messaging.publisher import Log
from shared.messaging.restoring import reconcile
from shared.runtime.settings import Settings
from tests.hands import hands
from tests.integration.messaging.world import TOPIC, Side, group, new, until, world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "clean_topics")]


async def copy_of(database, name: str) -> None:
    """A backup taken now: the whole database, under another name."""
    admin = await asyncpg.connect(await database(), timeout=10)
    here = await admin.fetchval("SELECT current_database()")
    await admin.close()
    outside = await asyncpg.connect((await database()).replace(f"/{here}", "/postgres"))
    await outside.execute(f'ALTER DATABASE "{here}" ALLOW_CONNECTIONS false')  # pools come back at once otherwise
    await outside.fetch(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()",
        here,
    )
    await outside.execute(f'CREATE DATABASE "{name}" TEMPLATE "{here}"')
    for opened in (here, name):
        await outside.execute(f'ALTER DATABASE "{opened}" ALLOW_CONNECTIONS true')
    await outside.close()


async def test_an_ordinary_start_takes_nothing_back(database):
    async with world(database) as w:
        w.writer.start("relay")
        await w.writer.say(new(), 3)
        await until(w.writer.sent)
        assert await reconcile(w.writer.pool, w.writer.settings, "notifications") == 0
        assert await w.writer.pool.fetchval("SELECT epoch FROM life") == 1


async def test_a_restored_source_goes_on_after_what_it_forgot(database):
    async with world(database) as w:
        known, forgotten = new(), new()
        w.writer.start("relay")
        w.reader.start("edge")
        await w.writer.say(known, 2)
        await until(w.writer.sent)
        await w.writer.stop()
        await w.reader.stop()
        backup = f"backup_{new().hex}"
        await copy_of(database, backup)
        w.writer.start("relay")
        w.reader.start("edge")
        await w.writer.say(known, 2)
        await w.writer.say(forgotten, 3)
        await w.reader.has(known, 4)
        await w.reader.has(forgotten, 3)
        await until(w.writer.sent)
        await w.writer.stop()

        changed = await database.settings("notifications")
        changed["database"] = changed["database"].rpartition("/")[0] + f"/{backup}"
        settings = Settings(**changed)
        async with hands(settings) as pool:
            refolded = []

            async def refold(tx, envelope, event):
                refolded.append((envelope.subject, envelope.sequence))

            assert await reconcile(pool, settings, "notifications", refold) == 5
            assert sorted(refolded) == sorted(
                [(str(known), 3), (str(known), 4), *((str(forgotten), n) for n in (1, 2, 3))]
            )
            assert await reconcile(pool, settings, "notifications", refold) == 0
            assert await pool.fetchval("SELECT epoch FROM life") == 2
            restored = Side(settings, "notifications", pool)
            restored.start("relay")
            await restored.say(known)
            await restored.say(forgotten)
            await w.reader.has(known, 5)
            await w.reader.has(forgotten, 4)
            assert await w.reader.effects(known) == [1, 2, 3, 4, 5]
            assert await w.reader.effects(forgotten) == [1, 2, 3, 4]
            epochs = await w.reader.pool.fetch(
                "SELECT epoch FROM progress WHERE subject IN ($1, $2)", str(known), str(forgotten)
            )
            assert [row["epoch"] for row in epochs] == [2, 2]
            assert await w.reader.never_parked()
            await restored.stop()


async def test_a_source_that_is_restored_twice_to_one_backup_begins_a_third_life(database):
    """The backup knows of the first life alone, and the log of the second: what is said now comes after both."""
    async with world(database) as w:
        subject = new()
        w.writer.start("relay")
        w.reader.start("edge")
        await w.writer.say(subject)
        await until(w.writer.sent)
        await w.writer.stop()
        backups = [f"backup_{new().hex}" for _ in range(2)]
        await w.reader.has(subject, 1)
        await w.reader.stop()
        for backup in backups:
            await copy_of(database, backup)
        w.writer.start("relay")
        w.reader.start("edge")
        await w.writer.say(subject)
        await until(w.writer.sent)
        await w.writer.stop()
        for life, backup in enumerate(backups, 2):
            changed = await database.settings("notifications")
            changed["database"] = changed["database"].rpartition("/")[0] + f"/{backup}"
            settings = Settings(**changed)
            async with hands(settings) as pool:
                assert await reconcile(pool, settings, "notifications") == life - 1
                assert await pool.fetchval("SELECT epoch FROM life") == life
                restored = Side(settings, "notifications", pool)
                restored.start("relay")
                await restored.say(subject)
                await w.reader.has(subject, life + 1)
                await restored.stop()
        assert await w.reader.effects(subject) == [1, 2, 3, 4]
        assert await w.reader.never_parked()


async def test_a_source_takes_back_what_a_cut_log_holds_at_other_offsets_than_its_backup_knows(database, cluster):
    """The log lost its end after the backup and got it again, without what nobody of ours had written into it."""
    async with world(database) as w:
        subject = new()
        async with AIOKafkaProducer(**client_options(w.writer.settings)) as stranger:
            for partition in range(PARTITIONS):
                for _ in range(3):
                    await stranger.send_and_wait(TOPIC, b"{}", partition=partition)
        w.writer.start("relay")
        await w.writer.say(subject, 2)
        await until(w.writer.sent)
        await w.writer.stop()
        backup = f"backup_{new().hex}"
        await copy_of(database, backup)
        await cluster.delete_topics([TOPIC])
        await cluster.ensure_topics()
        w.writer.start("relay")
        await w.writer.say(subject, 3)
        await until(w.writer.sent)
        await w.writer.stop()

        changed = await database.settings("notifications")
        changed["database"] = changed["database"].rpartition("/")[0] + f"/{backup}"
        settings = Settings(**changed)
        async with hands(settings) as pool:
            assert await reconcile(pool, settings, "notifications") == 3
            known = await pool.fetch("SELECT sequence FROM event_archive WHERE subject = $1 ORDER BY 1", str(subject))
            assert [row["sequence"] for row in known] == [1, 2, 3, 4, 5]


async def test_a_source_takes_back_in_order_what_a_refilled_log_holds_out_of_order(database, cluster):
    """A log that lost its end was given first what was in the air, and then what it had lost."""
    async with world(database) as w:
        subject, other = new(), new()
        backup = f"backup_{new().hex}"
        await copy_of(database, backup)
        w.writer.start("relay")
        await w.writer.say(subject, 4)
        await w.writer.say(other, 2)
        await until(w.writer.sent)
        await w.writer.stop()
        logs = [Log(TOPIC, shard) for shard in range(PARTITIONS)]
        settings = w.writer.settings
        async with AIOKafkaProducer(**client_options(settings)) as producer, reader(settings) as consumer:
            ends = await log_ends(consumer, logs)
            held = {where: await read(consumer, where, 0, end) for where, end in ends.items()}
            await cluster.delete_topics([TOPIC])
            await cluster.ensure_topics()
            for where, records in held.items():
                for one in (*records[2:], *records):
                    sent = {"key": one.key, "headers": list(one.headers), "partition": where.shard}
                    await producer.send_and_wait(TOPIC, one.value, **sent)

        changed = await database.settings("notifications")
        changed["database"] = changed["database"].rpartition("/")[0] + f"/{backup}"
        settings = Settings(**changed)
        async with hands(settings) as pool:
            refolded = []

            async def refold(tx, envelope, event):
                refolded.append((envelope.subject, envelope.sequence))

            assert await reconcile(pool, settings, "notifications", refold) == 6
            for one, count in ((subject, 4), (other, 2)):
                assert [number for whose, number in refolded if whose == str(one)] == list(range(1, count + 1))
                known = await pool.fetch("SELECT sequence FROM event_archive WHERE subject = $1 ORDER BY 1", str(one))
                assert [row["sequence"] for row in known] == list(range(1, count + 1))


async def test_a_restored_reader_rewinds_itself(database, monkeypatch):
    """Kafka's group knows by then how far the reader was before."""
    monkeypatch.setattr(edge, "MEASURE_EVERY", 0.05)
    async with world(database) as w:
        subject = new()
        place = TopicPartition(TOPIC, shard_of(str(subject)))
        w.writer.start("relay")
        w.reader.start("edge")
        await w.writer.say(subject, 2)
        await w.reader.has(subject, 2)
        await w.reader.stop()
        backup = f"backup_{new().hex}"
        await w.writer.stop()
        await copy_of(database, backup)
        w.writer.start("relay")
        w.reader.start("edge")
        await w.writer.say(subject, 2)
        await w.reader.has(subject, 4)
        async with group(w.reader, place) as told:

            async def all_is_told() -> bool:
                return await told.committed(place) == 4

            await until(all_is_told)
        await w.reader.stop()

        changed = await database.settings("reporting")
        changed["database"] = changed["database"].rpartition("/")[0] + f"/{backup}"
        settings = Settings(**changed)
        async with hands(settings) as pool:
            restored = Side(settings, "reporting", pool)
            restored.reactions = w.reader.reactions
            restored.inbox.reactions = w.reader.reactions
            restored.start("edge")
            await restored.has(subject, 4)
            assert await restored.effects(subject) == [1, 2, 3, 4]
            await restored.stop()
