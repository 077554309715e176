"""Promise P4: once a revocation is in effect, nothing more goes out, whoever was stopped and wakes late."""

import asyncio
import os
import signal
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from services.notifications import accounts
from services.notifications.streams import topic_of
from services.notifications.streams.writer import Out, Unwritten, Writer, fence
from shared.contracts import consent as consents
from shared.contracts import person as people
from shared.contracts import referral
from shared.contracts.referral import Stage
from tests.integration.notifications import clients
from tests.integration.notifications.world import Matter, open_world, until

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

ROOT = Path(__file__).parents[3]
RECEIVED = "partner.referral.received.v1"


async def test_what_waits_under_a_revoked_consent_never_leaves(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        kept, revoked = await world.referred(partner), await world.referred(partner)
        await world.hear(revoked.revoked())
        assert await world.halt() == 1
        [halted] = await world.events("consent.halted")
        assert halted["consent"] == str(revoked.consent)
        world.start_relay()
        await world.all_sent()
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.said(events) == [RECEIVED]
        assert clients.sequences(events) == list(range(1, len(events) + 1))
        assert await world.tell() == 1
        assert [t["referral"] for t in await world.events("delivery.acknowledged")] == [str(kept.referral)]


async def test_later_facts_under_it_are_withheld_and_say_why(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner(kafka=False)
        matter = await world.referred(partner)
        await world.hear(
            matter.revoked(), matter.says(referral.Withdrawn, Stage.WITHDRAWN, withdraw_reason="not_asked")
        )
        assert not await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE consent IS NOT NULL")


async def test_a_revocation_acts_on_arrival_before_what_is_missing_and_no_earlier_grant_undoes_it(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner(kafka=False)
        matter = Matter(partner.agency)
        await world.hear(matter.welcomed())
        granted = world.record(matter.granted())
        confirmed = world.record(consents.Confirmed(consent=matter.consent, person=matter.person, given="page"))
        revoked = world.record(matter.revoked())
        await world.inbox.process([revoked])  # 3 comes first: 1 and 2 are missing
        assert await world.pool.fetchval("SELECT ended FROM consent WHERE id = $1", matter.consent) == "revoked"
        assert await world.pool.fetchval("SELECT sequence FROM progress WHERE subject = $1", str(matter.consent)) == 0
        assert await world.halt() == 1
        granted.offset, confirmed.offset = 100, 101
        await world.inbox.process([granted, confirmed])
        await world.hear(matter.sent())
        assert await world.pool.fetchval("SELECT ended FROM consent WHERE id = $1", matter.consent) == "revoked"
        assert not await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE consent IS NOT NULL")
        assert len(await world.events("consent.halted")) == 1


async def test_a_row_that_has_its_sequence_goes_out_as_a_heartbeat(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        await world.pool.execute("UPDATE partner_row SET sequence = 1 WHERE consent = $1", matter.consent)
        await world.pool.execute("UPDATE partner_stream SET sequence = 1 WHERE stream = 'referral'")
        await world.hear(matter.revoked())
        await world.halt()
        world.start_relay()
        await world.all_sent()
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.said(events) == []
        assert clients.sequences(events)[0] == 1


async def test_a_consent_whose_last_day_is_over_tells_nothing_at_the_moment_of_leaving(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        await world.referred(partner, expires_on=date.today())
        await world.shift_clock(timedelta(days=2))
        world.start_relay()
        await world.all_sent()
        assert clients.said(await clients.read(await world.desk.show(partner.slug), "referral")) == []


async def test_one_that_goes_on_tells_after_its_old_last_day_and_one_that_ended_does_not(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        going_on = await world.referred(partner, expires_on=date.today())
        ended = await world.referred(partner, expires_on=date.today())
        await world.hear(ended.revoked())
        until = date.today() + timedelta(days=60)
        await world.hear(*(matter.renewed(until) for matter in (going_on, ended)))
        await world.shift_clock(timedelta(days=2))
        world.start_relay()
        await world.all_sent()
        assert clients.said(await clients.read(await world.desk.show(partner.slug), "referral")) == [RECEIVED]
        rows = await world.pool.fetch("SELECT id, ended FROM consent ORDER BY ended NULLS FIRST")
        assert [tuple(row) for row in rows] == [(going_on.consent, None), (ended.consent, "revoked")]


async def test_a_parked_consent_denies(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner(kafka=False)
        matter = Matter(partner.agency)
        await world.hear(matter.welcomed(), matter.granted())
        later = consents.Confirmed(consent=matter.consent, person=matter.person, given="page")
        await world.inbox.process([world.record(later, sequence=5)])
        await world.hear(matter.sent())
        assert [w["reason"] for w in await world.events("delivery.withheld")] == ["consent_unsure"]


async def test_erasing_somebody_ends_all_that_they_had_allowed(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner(kafka=False)
        matter = await world.referred(partner)
        await world.hear(people.Erased(person=matter.person))
        assert not await world.pool.fetchval("SELECT count(*) FROM partner_row WHERE consent IS NOT NULL")
        assert await world.halt() == 1
        assert [e["reason"] for e in await world.events("consent.halted")] == ["person_erased"]


async def test_what_stood_on_a_stream_stays_in_the_persons_account_when_the_stream_has_forgotten(database, cluster):
    async with open_world(database, cluster) as world:
        matter = await world.referred(await world.partner())
        world.start_relay()
        await world.all_sent()
        assert await world.tell() == 1
        await world.pool.execute("DELETE FROM partner_sent")
        async with world.pool.acquire() as tx:
            found, _ = await accounts.told(tx, matter.person)
        assert [(one.agency, one.what, one.way) for one in found] == [(matter.agency, "referral", "stream")]


async def test_of_somebody_erased_nothing_stays_that_reaches_them_or_names_whose_it_was(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner(kafka=False)
        matter = await world.referred(partner)
        await world.hear(people.Erased(person=matter.person, kept_until=date(2032, 11, 30)))
        kept = await world.pool.fetchrow("SELECT * FROM person WHERE id = $1", matter.person)
        assert (kept["erased"], kept["channels"], kept["worker"], kept["agency"]) == (True, [], None, None)
        await world.hear(people.Erased(person=matter.person))
        gone = await world.pool.fetchrow("SELECT * FROM person WHERE id = $1", matter.person)
        assert gone["contact"] is None
        assert not await world.pool.fetchval("SELECT count(*) FROM telling WHERE person = $1", matter.person)
        assert [e["kept"] for e in await world.events("person.forgotten")] == [True, False]


async def test_a_relay_that_was_stopped_between_number_and_log_sends_nothing_when_it_wakes(database, cluster, network):
    """The zombie: SIGSTOP with a disclosure in its hands, a revocation in effect, SIGCONT."""
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        relay = await stopped_at("partner.numbered", network, database)
        try:
            rows = await world.pool.fetch("SELECT type, sequence FROM partner_row WHERE consent = $1", matter.consent)
            assert [(row["type"], row["sequence"]) for row in rows] == [(RECEIVED, 1)]
            await world.hear(matter.revoked())
            await asyncio.wait_for(world.halt(), 20)
            assert await world.events("consent.halted")
            os.kill(relay.pid, signal.SIGCONT)
            await world.all_sent()
        finally:
            await ended(relay)
        shown = await world.desk.show(partner.slug)
        assert clients.said(await clients.read(shown, "referral", "read_uncommitted")) == []
        events = await clients.read(shown, "referral")
        assert clients.sequences(events) == list(range(1, len(events) + 1))
        assert await world.tell() == 0


async def test_a_relay_stopped_with_its_transaction_open_has_it_undone(database, cluster, network):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        relay = await stopped_at("partner.written", network, database)
        try:
            await world.hear(matter.revoked())
            await asyncio.wait_for(world.halt(), 20)
            os.kill(relay.pid, signal.SIGCONT)
            await world.all_sent()
        finally:
            await ended(relay)
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.said(events) == []
        assert clients.sequences(events) == list(range(1, len(events) + 1))


async def test_what_was_said_before_the_revocation_stays_said_once(database, cluster, network):
    """Stopped after the partner could read it: the log keeps it, the place is not given twice."""
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        matter = await world.referred(partner)
        relay = await stopped_at("partner.committed", network, database)
        try:
            await world.hear(matter.revoked())
            await asyncio.wait_for(world.halt(), 20)
            os.kill(relay.pid, signal.SIGCONT)
            await world.all_sent()
        finally:
            await ended(relay)
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.said(events) == [RECEIVED]
        assert clients.sequences(events) == list(range(1, len(events) + 1))


async def test_halting_is_finished_by_whoever_comes_next(database, cluster):
    """The revocation's own transaction left all that is needed; a claim that was forgotten runs out."""
    async with open_world(database, cluster) as world:
        partner = await world.partner(kafka=False)
        matter = await world.referred(partner)
        await world.hear(matter.revoked())
        await world.pool.execute("UPDATE halting SET claimed_until = clock() + interval '30 seconds'")
        assert await world.halt() == 0
        await world.shift_clock(timedelta(minutes=1))
        assert await world.halt() == 1
        assert await world.halt() == 0


async def test_a_healthy_relay_goes_on_after_it_was_fenced(database, cluster):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        world.start_relay()
        await world.referred(partner)
        await world.all_sent()
        await fence(world.settings, partner.shard)
        await world.referred(partner)
        await world.all_sent()
        events = await clients.read(await world.desk.show(partner.slug), "referral")
        assert clients.said(events) == [RECEIVED, RECEIVED]
        assert clients.sequences(events) == list(range(1, len(events) + 1))


async def test_a_writer_that_is_fenced_between_two_records_has_written_none(database, cluster, monkeypatch):
    async with open_world(database, cluster) as world:
        partner = await world.partner()
        topic = topic_of(partner.slug, "referral")
        async with Writer(world.settings, partner.shard) as writer:
            send = writer._producer.send

            async def fenced_before(*record, **more):
                await fence(world.settings, partner.shard)
                answer = await send(*record, **more)
                await asyncio.wait([answer])
                return answer

            monkeypatch.setattr(writer._producer, "send", fenced_before)
            with pytest.raises(Unwritten):
                await writer.write([Out(topic, b"one", b"{}", []), Out(topic, b"two", b"{}", [])])


async def stopped_at(failpoint: str, network, database) -> asyncio.subprocess.Process:
    """A relay in a process of its own that stops itself (SIGSTOP) at `failpoint`, the first time with rows in hand."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.notifications.stopping_relay", failpoint,
        env={**os.environ, **network.environment("notifications", database.name), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )  # fmt: skip

    async def stopped() -> bool:
        assert process.returncode is None
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    await until(stopped)
    return process


async def ended(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
