"""Promise P7, and P4 on its happy path: a partner reads its own stream, thin, dense, and only what may be told."""

import pytest

from shared.contracts import referral
from shared.contracts.referral import Outcome, Stage
from shared.runtime.ids import uuid7
from tests.integration.notifications import clients
from tests.integration.notifications.world import Matter, open_world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

RECEIVED, UPDATED = "partner.referral.received.v1", "partner.referral.updated.v1"


async def test_a_referral_reaches_the_partners_own_client(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        world.start_relay()
        await world.all_sent()
        shown = await world.desk.show(partner.slug)
        events = await clients.read(shown, "referral")
        assert clients.said(events) == [RECEIVED]
        assert clients.sequences(events) == list(range(1, len(events) + 1))
        event = next(e for e in events if e["type"] == RECEIVED)
        assert event["data"]["need"] == "housing"
        assert event["data"]["consent"]["categories"] == ["referral"]
        assert event["data"]["synthetic"] is True
        assert "42 CFR part 2" in event["data"]["notice"]
        assert event["subject"] == event["data"]["reference"]
        assert await world.tell() == 1
        [told] = await world.events("delivery.acknowledged")
        assert (told["referral"], told["agency"]) == (str(matter.referral), str(partner.agency))


async def test_no_record_of_a_partner_holds_anything_of_the_inside(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        share = Matter(partner.agency, person=matter.person)
        await world.hear(
            matter.says(referral.Accepted, Stage.ACCEPTED),
            matter.says(referral.Reported, Stage.REPORTED, outcome=Outcome.GOT_HELP),
            share.granted(categories=("setback",), setback=share.setback, purpose="support_after_setback"),
            share.shared(referral=matter.referral),
        )
        world.start_relay()
        await world.all_sent()
        shown = await world.desk.show(partner.slug)
        records = [*await clients.read_raw(shown, "referral"), *await clients.read_raw(shown, "setback")]
        assert len(records) == 4
        inner = [
            *map(str, (matter.person, matter.referral, matter.consent, share.setback, share.consent, partner.id)),
            "caused-by-inner-things", "inner-actor", "case_manager", "traceparent", "causationid", "epoch",
        ]  # fmt: skip
        for record in records:
            written = record.value() + (record.key() or b"") + repr(record.headers()).encode()
            for word in inner:
                assert word.encode() not in written
                assert word.replace("-", "").encode() not in written
        [shared] = [e for e in await clients.read(shown, "setback") if e["type"] == "partner.setback.shared.v1"]
        [received] = [e for e in await clients.read(shown, "referral") if e["type"] == RECEIVED]
        assert shared["data"]["referral"] == received["data"]["reference"]


async def test_what_moves_a_referral_is_told_and_what_is_the_persons_own_is_not(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        await world.hear(
            matter.says(referral.Accepted, Stage.ACCEPTED),
            matter.says(referral.ToldWorker, Stage.ACCEPTED, told=Outcome.PARTLY),
            matter.says(referral.Reported, Stage.REPORTED, outcome=Outcome.GOT_HELP),
            matter.says(referral.Confirmed, Stage.CLOSED, outcome=Outcome.GOT_HELP),
        )
        world.start_relay()
        await world.all_sent()
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.said(events) == [RECEIVED, UPDATED, UPDATED, "partner.referral.closed.v1"]
        assert clients.sequences(events) == list(range(1, len(events) + 1))


async def test_facts_may_come_in_any_order_and_the_partner_hears_once_all_are_here(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner(kafka=False)
        matter = Matter(partner.agency)
        await world.hear(matter.sent())
        assert [w["reason"] for w in await world.events("delivery.withheld")] == ["no_consent"]
        await world.hear(matter.granted())
        assert [w["reason"] for w in await world.events("delivery.withheld")] == ["no_consent", "person_unknown"]
        assert not await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE consent IS NOT NULL")
        await world.hear(matter.welcomed())
        assert await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE consent IS NOT NULL") == 1


async def test_real_people_wait_for_the_agreement(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner(kafka=False)
        await world.referred(partner, synthetic=False)
        assert [w["reason"] for w in await world.events("delivery.withheld")] == ["no_agreement"]
        from datetime import date, timedelta

        await world.desk.agree(partner.slug, None, date.today() + timedelta(days=30))
        assert await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE consent IS NOT NULL") == 1
        assert [e["agreement"] for e in await world.events("partner.agreement_recorded")]


async def test_a_setback_reaches_only_whom_the_person_named(database, cluster):
    async with open_world(database, cluster) as world:
        named, other = await world.partner(), await world.partner()
        matter = Matter(named.agency)
        await world.hear(
            matter.welcomed(),
            matter.granted(categories=("setback",), setback=matter.setback, purpose="support_after_setback"),
            matter.shared(),
        )
        wrong = Matter(other.agency, person=matter.person, consent=matter.consent, setback=matter.setback)
        await world.hear(wrong.shared())
        world.start_relay()
        await world.all_sent()
        mine = await clients.read(await world.desk.show(named.slug), "setback")
        theirs = await clients.read(await world.desk.show(other.slug), "setback")
        assert clients.said(mine) == ["partner.setback.shared.v1"]
        assert clients.said(theirs) == []


async def test_a_test_event_is_on_both_streams(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        called = await world.desk.test(partner.slug)
        world.start_relay()
        await world.all_sent()
        shown = await world.desk.show(partner.slug)
        for stream in ("referral", "setback"):
            hello = [e for e in await clients.read(shown, stream) if e["type"] == "partner.test.hello.v1"]
            assert [e["data"]["reference"] for e in hello] == [called]


async def test_a_quiet_stream_beats(database, cluster):
    async with open_world(database, cluster, heartbeat_seconds=0.2) as world:
        partner = await world.partner()
        world.start_relay()
        shown = await world.desk.show(partner.slug)

        async def beaten() -> bool:
            return (
                await world.pool.fetchval("SELECT min(acknowledged) FROM partner_stream WHERE stream <> 'receipt'") >= 4
            )

        from tests.integration.notifications.world import until

        await until(beaten)
        await world.stop("relay")
        for stream in ("referral", "setback"):
            events = await clients.read(shown, stream)
            assert {e["type"] for e in events} == {"partner.stream.heartbeat.v1"}
            assert clients.sequences(events) == list(range(1, len(events) + 1))


async def test_an_agency_that_holds_no_records_gets_no_stream(database, cluster):
    from shared.runtime.errors import Conflict, NotFound

    async with open_world(database, cluster) as world:
        safe_house = await world.agency("Safe Harbor", holds_no_records=True)
        with pytest.raises(Conflict):
            await world.desk.add(safe_house)
        with pytest.raises(NotFound):
            await world.desk.add(uuid7())
