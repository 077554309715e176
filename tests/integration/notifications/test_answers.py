"""What partners say is taken once, attributed by its topic, and always gets a receipt; nothing they write stops it."""

import json

import pytest

from services.notifications.answers.edge import AnswerEdge
from services.notifications.answers.taking import AnswerInbox
from services.notifications.streams import rows
from shared.contracts import referral
from shared.contracts.referral import Stage
from tests.integration.notifications import clients
from tests.integration.notifications.clients import document
from tests.integration.notifications.world import Record, open_world, until

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

RECEIPT = "partner.answer.receipt.v1"


class Desk:
    """A partner's answers put straight into the inbox, as the edge would hand them over."""

    def __init__(self, world, partner) -> None:
        self.world, self.partner = world, partner
        self.inbox = AnswerInbox(world.pool)
        self.inbox.cluster = "by hand"
        self.offset = 0

    def record(self, value, headers=()) -> Record:
        self.offset += 1
        return Record(f"partner.{self.partner.slug}.answer.v1", 0, self.offset - 1, None, value, list(headers))

    async def say(self, *records) -> None:
        await self.inbox.process([self.record(*record) for record in records])

    async def receipts(self) -> list[dict]:
        rows = await self.world.pool.fetch(
            "SELECT data FROM partner_row WHERE partner = $1 AND stream = 'receipt' ORDER BY position", self.partner.id
        )
        return [json.loads(row["data"]) for row in rows]

    async def reference(self, matter) -> str:
        return await reference_of(self.world, self.partner, matter)


async def test_an_answer_goes_through_the_partners_own_client_and_its_receipt_comes_back(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        world.start_relay()
        inbox = AnswerInbox(world.pool)
        world.start("answers", AnswerEdge(world.settings, inbox).run())
        await world.all_sent()
        shown = await world.desk.show(partner.slug)
        [received] = [e for e in await clients.read(shown, "referral") if e["type"] != "partner.stream.heartbeat.v1"]
        called = received["data"]["reference"]
        await clients.answer(shown, document(called, "accept", id="ours-1"), (b"not json", []))

        async def heard() -> bool:
            return bool(await world.events("answer.received"))

        async def receipted() -> bool:
            return bool(await world.pool.fetchval("SELECT acknowledged FROM partner_stream WHERE stream = 'receipt'"))

        await until(heard)
        [said] = await world.events("answer.received")
        await leave(world)
        await until(receipted)
        [receipt] = await clients.read(shown, "receipt")
        assert receipt["type"] == RECEIPT
        assert (receipt["data"]["answer_id"], receipt["data"]["result"]) == ("ours-1", "accepted")
        assert receipt["data"]["reference"] == called
        assert (said["referral"], said["person"]) == (str(matter.referral), str(matter.person))
        assert (said["answer"], said["by"], said["agency"]) == ("accept", "stream", str(partner.agency))
        assert said["receipt"] == receipt["id"]
        foreign = await world.pool.fetch("SELECT reason, subject FROM dead_letter")
        assert [(row["reason"], row["subject"]) for row in foreign] == [("bad_json", None)]


async def test_partners_answer_in_every_codec_and_none_stops_another(database, cluster):
    """Three partners: one packs its answers, one writes names that are no text and a bomb, one answers after them."""
    async with open_world(database, cluster) as world:
        packing, careless, last = [await world.partner() for _ in range(3)]
        world.start("answers", AnswerEdge(world.settings, AnswerInbox(world.pool)).run())
        shown = {one.slug: await world.desk.show(one.slug) for one in (packing, careless, last)}
        await clients.answer_carelessly(shown[careless.slug], b"{", b"{}")
        await clients.answer(shown[careless.slug], (b" " * 1_000_000, []), codec="zstd")
        for codec in ("gzip", "snappy", "lz4", "zstd"):
            called = await reference_of(world, packing, await world.referred(packing))
            value, headers = document(called, id=codec)
            await clients.answer(shown[packing.slug], (value + b" " * 5_000, headers), codec=codec)
        called = await reference_of(world, last, await world.referred(last))
        await clients.answer(shown[last.slug], document(called, id="after them"))

        async def all_heard() -> bool:
            return len(await world.events("answer.received")) == 5

        await until(all_heard)
        receipts = await world.pool.fetch(
            "SELECT data FROM partner_row WHERE stream = 'receipt' AND partner <> $1", careless.id
        )
        assert {json.loads(row["data"])["result"] for row in receipts} == {"accepted"}
        assert await world.pool.fetchval("SELECT count(*) FROM dead_letter WHERE subject IS NULL") == 3


async def leave(world) -> None:
    """What this service has said stands in its log."""
    await world.pool.execute("DELETE FROM outbox")


async def test_a_receipt_leaves_after_what_it_confirms(database, cluster):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        called = await desk.reference(await world.referred(desk.partner))
        await desk.say(document("r-nobodys", "seen", id="refused"), document(called, "accept", id="accepted"))

        async def may_leave() -> list[str]:
            picked = await rows.pick_up(connection, [desk.partner.shard], (), 10)
            return [json.loads(row.data)["answer_id"] for row in picked if row.stream == "receipt"]

        async with world.pool.acquire() as connection:
            assert await may_leave() == ["refused"], "nothing was said of it, so there is nothing to wait for"
            await world.pool.execute("DELETE FROM partner_row WHERE sequence IS NOT NULL")
            assert await may_leave() == [], "the answer is not in the log yet"
            await leave(world)
            assert await may_leave() == ["accepted"]


async def reference_of(world, partner, matter) -> str:
    return await world.pool.fetchval(
        "SELECT reference FROM telling WHERE partner = $1 AND thing = $2", partner.id, matter.referral
    )


async def test_the_same_id_again_is_the_same_answer_with_another_receipt(database, cluster):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        called = await desk.reference(await world.referred(desk.partner))
        await desk.say(document(called, "accept", id="x"), document(called, "accept", id="x"))
        await desk.say(document(called, "decline", id="x", reason="no_capacity"))
        assert [r["result"] for r in await desk.receipts()] == ["accepted"] * 3
        assert [a["answer"] for a in await world.events("answer.received")] == ["accept"]


async def test_a_batch_that_is_read_again_changes_nothing(database, cluster):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        called = await desk.reference(await world.referred(desk.partner))
        records = [desk.record(*document(called, "seen", id="s")), desk.record(*document(called, "accept", id="a"))]
        await desk.inbox.process(records)
        await desk.inbox.process(records)
        assert len(await desk.receipts()) == 2
        assert len(await world.events("answer.received")) == 2


async def test_another_partners_reference_is_no_reference(database, cluster):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        other = Desk(world, await world.partner(kafka=False))
        called = await other.reference(await world.referred(other.partner))
        await desk.say(document(called, "accept"))
        assert [(r["result"], r["reason"]) for r in await desk.receipts()] == [("refused", "unknown_reference")]
        assert not await world.events("answer.received")
        assert not await other.receipts()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"answer": "explode"}, "unknown_answer"),
        ({"answer": "decline", "reason": "bad_weather"}, "unknown_reason"),
        ({"answer": "decline", "reason": "not_eligible"}, "rule_missing"),
        ({"answer": "decline", "reason": "other"}, "needs_words"),
        ({"answer": "decline"}, "bad_data"),
        ({"answer": "report", "outcome": "triumph"}, "unknown_outcome"),
        ({"answer": "waitlist", "position": 0}, "bad_data"),
        ({"answer": 7}, "bad_data"),
    ],
)
async def test_what_can_be_mended_is_refused_with_what_to_mend(database, cluster, answer, reason):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        called = await desk.reference(await world.referred(desk.partner))
        event = {"specversion": "1.0", "id": "a", "source": "/x", "type": "partner.answer.given.v1"}
        await desk.say((json.dumps(event | {"data": {"reference": called, **answer}}).encode(), []))
        assert [(r["result"], r["reason"]) for r in await desk.receipts()] == [("refused", reason)]
        assert not await world.events("answer.received")


async def test_an_answer_that_comes_too_late_is_refused(database, cluster):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        matter = await world.referred(desk.partner)
        called = await desk.reference(matter)
        await world.hear(matter.says(referral.Withdrawn, Stage.WITHDRAWN, withdraw_reason="not_asked"))
        await desk.say(document(called, "accept"))
        assert [(r["result"], r["reason"]) for r in await desk.receipts()] == [("refused", "not_from_here")]


async def test_an_answer_under_an_ended_consent_is_heard_and_tells_the_partner_nothing(database, cluster):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        matter = await world.referred(desk.partner)
        called = await desk.reference(matter)
        await world.hear(matter.revoked(), matter.says(referral.Paused, Stage.PAUSED, cause="revoked"))
        await desk.say(document(called, "accept"))
        [receipt] = await desk.receipts()
        assert receipt == {"answer_id": "a-1", "result": "accepted", "reason": None, "reference": called}
        assert len(await world.events("answer.received")) == 1
        assert not await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE consent IS NOT NULL")


BINARY = [("ce_specversion", b"1.0"), ("ce_id", b"b-1"), ("ce_source", b"/x"), ("ce_type", b"partner.answer.given.v1")]
HOSTILE = {
    "tombstone": (None, []),
    "empty": (b"", []),
    "not json": (b"{", []),
    "a number": (b"7", []),
    "not utf-8": (b"\xff\xfe", []),
    "a million": (b"x" * 1_000_000, []),
    "a million under an id": (b"x" * 1_000_000, BINARY),
    "deep": (b"[" * 100_000, []),
    "nan": (b'{"specversion":"1.0","id":"n","source":"/x","type":"partner.answer.given.v1","data":NaN}', []),
    "no id": (b'{"specversion":"1.0","source":"/x","type":"partner.answer.given.v1","data":{}}', []),
    "nul in the id": (b'{"specversion":"1.0","id":"a\\u0000b","source":"/x","type":"t","data":{}}', []),
    "surrogate in the id": (b'{"specversion":"1.0","id":"\\ud800","source":"/x","type":"t","data":{}}', []),
    "long id": (json.dumps({"specversion": "1.0", "id": "i" * 9_999, "source": "/x", "type": "t"}).encode(), []),
    "another type": (b'{"specversion":"1.0","id":"t","source":"/x","type":"throughcare.x.v1","data":{}}', []),
    "another version": (b'{"specversion":"0.3","id":"v","source":"/x","type":"partner.answer.given.v1"}', []),
    "none header": (b"{}", [("ce_id", None)]),
    "latin-1 header": (b"{}", [*BINARY, ("x", "ü".encode("latin-1"))]),
    "header twice": (b"{}", [*BINARY, ("ce_id", b"b-2")]),
    "claims to be another": (*document("r-aaaa", id="c")[:1], [("partner", b"somebody-else")]),
    "sql": document("r-aaaa", "accept'; DROP TABLE partner; --", id="q"),
    "an envelope of ours": (
        b"{}",
        [
            ("ce_specversion", b"1.0"), ("ce_id", b"0193e3a0-0000-7000-8000-000000000000"), ("ce_subject", b"s"),
            ("ce_type", b"throughcare.consent.granted.v1"), ("ce_source", b"/throughcare/intake"),
            ("ce_sequence", b"1"), ("ce_epoch", b"1"), ("ce_partitionkey", b"s"),
            ("ce_time", b"2026-11-22T15:04:05Z"), ("ce_dataschema", b"urn:x"),
        ],
    ),
}  # fmt: skip


async def test_nothing_that_a_partner_can_write_stops_its_answers(database, cluster):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        called = await desk.reference(await world.referred(desk.partner))
        await desk.say(*HOSTILE.values(), document(called, "accept", id="at-last"))
        receipts = await desk.receipts()
        assert receipts[-1] == {"answer_id": "at-last", "result": "accepted", "reason": None, "reference": called}
        assert {r["result"] for r in receipts[:-1]} == {"refused"}
        parked = await world.pool.fetchval("SELECT count(*) FROM dead_letter WHERE subject IS NULL")
        assert parked + len(receipts) == len(HOSTILE) + 1
        counted = await world.pool.fetchrow(
            "SELECT applied, ignored, next_offset FROM consumer_offset WHERE topic LIKE 'partner.%'"
        )
        assert counted["applied"] + counted["ignored"] + parked == counted["next_offset"] == len(HOSTILE) + 1
        assert [a["answer"] for a in await world.events("answer.received")] == ["accept"]
        assert len(await world.events("deadletter.parked")) == parked


async def test_a_test_event_may_be_answered_to_try_that_too(database, cluster):
    async with open_world(database, cluster) as world:
        desk = Desk(world, await world.partner(kafka=False))
        called = await world.desk.test(desk.partner.slug)
        await desk.say(document(called, "accept"))
        assert [r["result"] for r in await desk.receipts()] == ["accepted"]
        assert not await world.events("answer.received")
