"""A database set back to an earlier state takes back what this service itself had said since."""

from uuid import UUID

import pytest

from services.notifications.answers.recalling import recall_receipts
from services.notifications.refolding import refold
from shared.contracts import referral
from shared.contracts.answer import Received
from shared.contracts.data import dataschema_of, decode
from shared.contracts.envelope import Envelope
from shared.contracts.referral import Stage
from shared.messaging.outbox import source_of
from tests.integration.notifications.clients import document
from tests.integration.notifications.test_answers import Desk, leave, reference_of
from tests.integration.notifications.test_messages import AWAKE, carry, letters, told
from tests.integration.notifications.world import open_world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]


async def said(world) -> list[Envelope]:
    rows = await world.pool.fetch("SELECT * FROM outbox ORDER BY position")
    return [
        Envelope(
            row["id"], source_of(row["topic"]), row["type"], row["subject"], row["at"], row["sequence"], row["epoch"],
            row["partitionkey"], dataschema_of(row["type"]), None, row["causationid"], row["actor"], row["data"],
        )
        for row in rows
    ]  # fmt: skip


async def take_back(world, envelopes) -> None:
    for envelope in envelopes:
        async with world.pool.acquire() as tx, tx.transaction():
            await refold(tx, envelope, decode(envelope))


async def test_a_message_that_was_carried_is_not_carried_again(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        accepted = matter.says(referral.Accepted, Stage.ACCEPTED)
        record = world.record(accepted)
        await world.inbox.process([record])
        await carry(world, tmp_path)
        [letter] = letters(tmp_path)
        spoken = await said(world)
        await world.pool.execute("DELETE FROM message")  # the restore
        await world.pool.execute("UPDATE progress SET sequence = sequence - 1 WHERE subject = $1", str(matter.referral))
        await take_back(world, spoken)
        await world.inbox.process([record])
        (tmp_path / f"{letter['id']}.json").unlink()
        await carry(world, tmp_path)
        assert letters(tmp_path) == []
        assert await world.pool.fetchval("SELECT count(*) FROM message") == 1


async def test_a_message_that_had_only_been_decided_goes_once_under_its_old_id(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        record = world.record(matter.says(referral.Accepted, Stage.ACCEPTED))
        await world.inbox.process([record])
        id = await world.pool.fetchval("SELECT id FROM message")
        spoken = await said(world)
        await world.pool.execute("DELETE FROM message")
        await world.pool.execute("UPDATE progress SET sequence = sequence - 1 WHERE subject = $1", str(matter.referral))
        await take_back(world, spoken)
        await world.inbox.process([record])
        await carry(world, tmp_path)
        assert [UUID(letter["id"]) for letter in letters(tmp_path)] == [id]


async def test_a_partner_that_was_connected_is_one_still_and_needs_only_a_password(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner(agreed=True)
        spoken = await said(world)
        await world.pool.execute("DELETE FROM agreement; DELETE FROM partner_stream; DELETE FROM partner")
        await take_back(world, spoken)
        again = await world.desk.show(partner.slug)
        assert (again["password"], again["agreement"]["holds_today"]) == (None, True)
        assert (await world.desk.show(partner.slug) | {"password": await world.desk.rotate(partner.slug)})["password"]


async def test_a_consent_that_was_halted_before_the_restore_lets_nothing_out_after_it(database, cluster, tmp_path):
    """Offsets go back too: a referral may be heard again before the revocation that was in effect long ago."""
    async with open_world(database, cluster) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await world.hear(matter.revoked())
        await world.halt()
        spoken = await said(world)
        await world.pool.execute("UPDATE consent SET ended = NULL, ended_sequence = NULL")  # the restore
        await world.pool.execute("DELETE FROM halting")
        await take_back(world, spoken)
        await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        assert await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE consent = $1", matter.consent) == 0
        assert await world.pool.fetchval("SELECT count(*) FROM halting") == 0, "that was said already"


async def test_what_partners_were_answered_before_the_restore_stays_so(database, cluster):
    """Their answers are heard again, in other times: who was refused gave another answer, which counted."""
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        called = await reference_of(world, partner, matter)
        desk = Desk(world, partner)
        await world.pool.execute("UPDATE referral SET stage = 'offered'")
        await desk.say(document(called, "seen", id="early"))
        await world.pool.execute("UPDATE referral SET stage = 'sent'")
        await desk.say(document(called, "seen", id="again"), document(called, "accept", id="yes"))
        spoken = [envelope for envelope in await said(world) if envelope.type == Received.type]
        await leave(world)
        world.start_relay()
        await world.all_sent()
        await world.stop()
        await world.pool.execute("DELETE FROM answer; DELETE FROM partner_sent; DELETE FROM consumer_offset")
        await world.pool.execute("UPDATE partner_stream SET sequence = 0, acknowledged = 0, kafka_offset = -1")
        await take_back(world, spoken[1:])  # of the first the log has lost the end
        assert await recall_receipts(world.pool, world.settings) == 2
        assert await recall_receipts(world.pool, world.settings) == 0
        desk.offset = 0
        await desk.say(
            *(
                document(called, answer, id=id)
                for answer, id in (("seen", "early"), ("seen", "again"), ("accept", "yes"))
            )
        )
        told = {receipt["answer_id"]: (receipt["result"], receipt["reference"]) for receipt in await desk.receipts()}
        assert told == {"early": ("refused", called), "again": ("accepted", called), "yes": ("accepted", called)}
        assert not await world.events("answer.received")
