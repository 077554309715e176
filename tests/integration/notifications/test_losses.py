"""A lost Kafka, a log that lost its end, a database set back: the partner's stream says what it is, and goes on."""

import pytest
from pydantic import SecretStr

from services.notifications.credentials import seal_password
from services.notifications.streams import relay as relays
from shared.contracts import referral
from shared.contracts.referral import Stage
from shared.runtime.settings import Settings
from tests.integration.notifications import clients
from tests.integration.notifications.world import open_world, until

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

RECEIVED = "partner.referral.received.v1"


async def begins_anew(world) -> None:
    """As if Kafka were another one: what the counters remember belongs to a cluster that is gone."""
    await world.pool.execute("UPDATE partner SET cluster = 'a cluster that is gone'")


async def test_in_a_new_cluster_the_stream_begins_a_new_life_with_what_may_be_told_today(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        opened, closed, revoked = [await world.referred(partner) for _ in range(3)]
        world.start_relay()
        await world.all_sent()
        await world.stop("relay")
        await world.hear(
            opened.says(referral.Accepted, Stage.ACCEPTED),
            closed.says(referral.Withdrawn, Stage.WITHDRAWN, withdraw_reason="not_asked"),
            revoked.revoked(),
        )
        await world.halt()
        await cluster.delete_topics(partner.rules.topics)  # Kafka is lost, and made anew from the database alone
        await cluster.lock_out(partner.slug)
        await begins_anew(world)
        assert await world.desk.rebuild() == [partner.slug]
        world.start_relay()
        await world.all_sent()
        shown = await world.desk.show(partner.slug)
        assert shown["life"] == 2
        events = await clients.read(shown, "referral")
        assert clients.said(events) == [RECEIVED, "partner.referral.updated.v1"]
        assert clients.sequences(events) == list(range(1, len(events) + 1))
        assert {event["data"]["life"] for event in events} == {2}
        called = await world.pool.fetchval("SELECT reference FROM telling WHERE thing = $1", opened.referral)
        assert {e["data"]["reference"] for e in events if "reference" in e["data"]} == {called}


async def test_a_password_whose_sealing_key_has_left_stops_nobody_and_is_made_anew(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        left = Settings(demo=True, sealing_key=SecretStr("one that left the file long ago"))
        sealed = seal_password(left, partner.id, "as it was on the day of the backup")
        await world.pool.execute("UPDATE partner SET password = $2 WHERE id = $1", partner.id, sealed)
        assert await world.desk.rebuild() == [partner.slug]
        assert (await world.desk.show(partner.slug))["password"] is None
        password = await world.desk.rotate(partner.slug)
        assert (await world.desk.show(partner.slug))["password"] == password


async def test_a_stream_with_nothing_to_say_begins_its_new_life_as_well(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        world.start_relay()
        await world.all_sent()
        await world.stop("relay")
        await begins_anew(world)
        world.start_relay()

        async def begun() -> bool:
            return await world.pool.fetchval("SELECT life FROM partner WHERE id = $1", partner.id) == 2

        await until(begun)


async def test_while_its_topics_are_missing_a_partner_waits_and_others_do_not(database, cluster):
    async with open_world(database, cluster) as world:
        missing, present = await world.partner(), await world.partner()
        await cluster.delete_topics(missing.rules.topics)
        await world.referred(missing)
        await world.referred(present)
        world.start_relay()

        async def told() -> bool:
            return not await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE partner = $1", present.id)

        await until(told)
        assert await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE partner = $1", missing.id)
        await world.desk.rebuild()
        await world.all_sent()
        assert clients.said(await clients.read(await world.desk.show(missing.slug), "referral")) == [RECEIVED]


async def test_what_a_log_lost_is_written_again_in_its_place_if_it_still_may_be(database, cluster):
    """A power cut took the end of the log; one of the consents ended since."""
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        kept, revoked = await world.referred(partner), await world.referred(partner)
        world.start_relay()
        await world.all_sent()
        await world.stop("relay")
        await world.hear(revoked.revoked())
        await world.halt()
        await cluster.delete_topics(partner.rules.topics)
        await world.desk.rebuild()  # the same cluster, an empty log
        world.start_relay()

        async def written_again() -> bool:
            row = await world.pool.fetchrow(
                "SELECT sequence, acknowledged, kafka_offset FROM partner_stream WHERE stream = 'referral'"
            )
            return row["acknowledged"] == row["sequence"] and row["kafka_offset"] < 5

        await world.desk.test(partner.slug)  # something to write opens the shard's writer
        await until(written_again)
        await world.all_sent()
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.sequences(events) == list(range(1, len(events) + 1))
        assert clients.said(events).count(RECEIVED) == 1
        called = await world.pool.fetchval("SELECT reference FROM telling WHERE thing = $1", kept.referral)
        assert [e["data"]["reference"] for e in events if e["type"] == RECEIVED] == [called]


async def test_a_database_that_was_set_back_numbers_nothing_twice(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        await world.referred(partner)
        world.start_relay()
        await world.all_sent()
        await world.stop("relay")
        await world.pool.execute("DELETE FROM partner_sent")
        await world.pool.execute("UPDATE partner_stream SET sequence = 0, acknowledged = 0, kafka_offset = -1")
        await world.referred(partner)
        world.start_relay()
        await world.all_sent()
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.sequences(events) == list(range(1, len(events) + 1))
        assert clients.said(events) == [RECEIVED, RECEIVED]


async def test_a_running_relay_notices_a_lost_end_by_itself(database, cluster, monkeypatch):
    monkeypatch.setattr(relays, "CHECK_EVERY", 0.5)
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        await world.referred(partner)
        world.start_relay()
        await world.all_sent()
        await cluster.delete_topics(partner.rules.topics)
        await world.desk.rebuild()

        async def there_again() -> bool:
            events = await clients.read(await world.desk.show(partner.slug), "referral")
            return RECEIVED in clients.said(events)

        await until(there_again, 60)
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.sequences(events) == list(range(1, len(events) + 1))
