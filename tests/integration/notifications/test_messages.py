"""One message an occasion, carried once, never at night, never after sharing was stopped."""

import asyncio
import json
import os
import re
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from services.notifications.carriers import CarrierAway, FileCarrier
from services.notifications.courier import Courier
from shared.contracts import consent as consents
from shared.contracts import person as people
from shared.contracts import referral
from shared.contracts.referral import DeclineReason, Outcome, Stage
from shared.runtime.database import connect
from shared.runtime.ids import uuid7
from tests.integration.notifications.world import open_world, until

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]

ROOT = Path(__file__).parents[3]
AWAKE = {"quiet_from": 0, "quiet_until": 0}  # no hour is quiet
NUMBER = "555-0100"


async def told(world, matter) -> None:
    await world.hear(await world.contact(matter.person, NUMBER))


async def carry(world, folder: Path, carrier=None) -> None:
    courier = Courier(world.settings, world.pool, world.voice, carrier or FileCarrier(folder, world.keys), world.keys)
    connection = await connect(world.settings, "test courier", world.keys)
    try:
        while await courier.carry_due(connection):
            pass
    finally:
        await connection.close()


def letters(folder: Path) -> list[dict]:
    return [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]


async def test_a_yes_a_no_and_a_report_are_one_message_each(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(
            matter.says(referral.Seen, Stage.SEEN),
            matter.says(referral.Declined, Stage.DECLINED, reason=DeclineReason.NO_CAPACITY),
            matter.says(referral.Accepted, Stage.ACCEPTED),
            matter.says(referral.Reported, Stage.REPORTED, outcome=Outcome.GOT_HELP),
        )
        await carry(world, tmp_path)
        found = letters(tmp_path)
        assert sorted(letter["occasion"] for letter in found) == [
            "referral_accepted",
            "referral_declined",
            "referral_reported",
        ]
        assert {letter["to"] for letter in found} == {NUMBER}
        assert len(await world.events("message.decided")) == len(await world.events("message.sent")) == 3
        assert NUMBER not in json.dumps(await world.events("message"))


async def test_whoever_asked_for_help_is_told_that_it_is_here_and_neither_by_whom_nor_for_what(
    database, cluster, tmp_path
):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        said = people.Acknowledged(person=matter.person, answer_by=datetime.now(UTC) + timedelta(hours=4))
        await world.hear(said)
        await carry(world, tmp_path)
        [letter] = letters(tmp_path)
        assert (letter["occasion"], letter["to"]) == ("acknowledged", NUMBER)
        assert not re.search(r"agency|prison|release|alder|cedar", json.dumps(letter["text"]), re.I)


async def test_that_an_erasure_is_set_is_told_to_whoever_may_not_have_asked_for_it(database, cluster, tmp_path):
    """Whoever holds the phone learns nothing from it; and it needs no consent, since it is nobody else's news."""
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(people.ErasureSet(person=matter.person, due=datetime.now(UTC) + timedelta(days=7)))
        await carry(world, tmp_path)
        [letter] = letters(tmp_path)
        assert (letter["occasion"], letter["to"]) == ("erasure_set", NUMBER)


async def test_that_a_record_was_opened_or_is_asked_for_is_told_with_no_consent_and_no_word_of_why(
    database, cluster, tmp_path
):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        opened = people.Opened(
            person=matter.person, opening=uuid7(), agency=uuid7(), worker=uuid7(), until=datetime.now(UTC),
            cannot="unconscious", treatment=True,
        )  # fmt: skip
        await world.hear(opened, people.AskedFor(person=matter.person, demand=uuid7()))
        soon = date.today() + timedelta(days=14)
        await world.hear(consents.EndsSoon(consent=matter.consent, person=matter.person, last_day=soon))
        await carry(world, tmp_path)
        found = letters(tmp_path)
        assert sorted(letter["occasion"] for letter in found) == [
            "consent_ends_soon",
            "record_asked_for",
            "record_opened",
        ]
        for letter in found:
            assert letter["to"] == NUMBER
            assert not re.search(r"emergenc|doctor|clinic|court|law|drug|opened", json.dumps(letter["text"]), re.I)


async def test_the_same_fact_again_is_not_another_message(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        record = world.record(matter.says(referral.Accepted, Stage.ACCEPTED))
        await world.inbox.process([record])
        await world.inbox.process([record])
        await carry(world, tmp_path)
        assert len(letters(tmp_path)) == 1


async def test_at_night_it_waits_and_staff_see_why(database, cluster, tmp_path):
    async with open_world(database, cluster, quiet_from=0, quiet_until=23) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        row = await world.pool.fetchrow("SELECT state, held, not_before FROM message")
        local = await world.pool.fetchval("SELECT extract(hour FROM clock() AT TIME ZONE 'America/New_York')")
        if local == 23:
            pytest.skip("at this very hour nothing is quiet")
        assert (row["state"], row["held"]) == ("waiting", "quiet hours until 23:00")
        assert row["not_before"] > datetime.now(UTC)
        await carry(world, tmp_path)
        assert letters(tmp_path) == []


async def test_a_message_that_waits_under_a_revoked_consent_never_goes(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        await world.hear(matter.revoked())
        await carry(world, tmp_path)
        assert letters(tmp_path) == []
        assert [w["reason"] for w in await world.events("message.withheld")] == ["out_of_date"]


async def test_a_revocation_waits_for_an_attempt_under_way(database, cluster, tmp_path):
    class Slow(FileCarrier):
        def __init__(self, *arguments) -> None:
            super().__init__(*arguments)
            self.asked, self.go = asyncio.Event(), asyncio.Event()

        async def carry(self, letter) -> None:
            self.asked.set()
            await self.go.wait()
            await super().carry(letter)

    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        slow = Slow(tmp_path, world.keys)
        world.start("courier", Courier(world.settings, world.pool, world.voice, slow, world.keys).run())
        await asyncio.wait_for(slow.asked.wait(), 10)
        await world.hear(matter.revoked())
        halting = asyncio.create_task(world.halt())
        done, _ = await asyncio.wait({halting}, timeout=1.0)
        assert not done and not await world.events("consent.halted")
        slow.go.set()
        assert await asyncio.wait_for(halting, 10) == 1
        assert len(letters(tmp_path)) == 1


async def test_who_has_no_safe_way_is_not_written_to(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        partner = await world.partner(kafka=False)
        silent, unsafe = await world.referred(partner), await world.referred(partner)
        await world.hear(await world.contact(unsafe.person, NUMBER, channels=()))
        for matter in (silent, unsafe):
            await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        await carry(world, tmp_path)
        assert letters(tmp_path) == []
        assert [w["reason"] for w in await world.events("message.withheld")] == ["no_safe_way"] * 2


async def test_a_number_that_does_not_open_is_withheld_and_stops_no_other(database, cluster, tmp_path):
    """Sealed under a key that a restore has lost: an alarm for the operator, no reason to go down."""
    async with open_world(database, cluster, **AWAKE) as world:
        partner = await world.partner(kafka=False)
        broken, sound = await world.referred(partner), await world.referred(partner)
        for matter in (broken, sound):
            await told(world, matter)
            await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        other = await world.contact(sound.person, NUMBER)
        await world.hear(other.model_copy(update={"person": broken.person}))
        await carry(world, tmp_path)
        assert [letter["to"] for letter in letters(tmp_path)] == [NUMBER]
        assert [w["reason"] for w in await world.events("message.withheld")] == ["no_safe_way"]


async def test_yesterdays_news_is_not_sent(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        old = world.record(matter.says(referral.Accepted, Stage.ACCEPTED), at=datetime.now(UTC) - timedelta(days=2))
        await world.inbox.process([old])
        assert [w["reason"] for w in await world.events("message.withheld")] == ["too_late"]


async def test_a_carrier_that_is_away_is_asked_again(database, cluster, tmp_path):
    class Away(FileCarrier):
        async def carry(self, letter) -> None:
            raise CarrierAway("not now")

    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        await carry(world, tmp_path, Away(tmp_path, world.keys))
        assert await world.pool.fetchval("SELECT state FROM message") == "waiting"
        await world.shift_clock(timedelta(minutes=5))
        await carry(world, tmp_path)
        assert len(letters(tmp_path)) == 1
        assert [s["attempt"] for s in await world.events("message.sent")] == [2]


@pytest.mark.timeout(240)
@pytest.mark.parametrize("failpoint", ["message.claimed", "message.carried"])
async def test_a_message_is_carried_once_through_a_kill(database, cluster, network, tmp_path, failpoint):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        killed = await start_courier(network, database, tmp_path, failpoint)
        await killed.wait()
        assert killed.returncode == -9
        await world.shift_clock(timedelta(minutes=1))  # the lease of the dead runs out
        courier = await start_courier(network, database, tmp_path)
        try:

            async def sent() -> bool:
                return await world.pool.fetchval("SELECT state FROM message") == "sent"

            await until(sent)
        finally:
            courier.kill()
            await courier.wait()
        assert len(letters(tmp_path)) == 1
        assert [s["attempt"] for s in await world.events("message.sent")] == [2]


async def start_courier(network, database, folder: Path, failpoint: str = "") -> asyncio.subprocess.Process:
    code = (
        "import asyncio, sys\nfrom pathlib import Path\n"
        "from services.notifications.carriers import FileCarrier\n"
        "from services.notifications.courier import Courier\n"
        "from services.notifications.settings import Voice\n"
        "from shared.runtime.settings import Settings\n"
        "from shared.security.keyed import keyed_pool\n"
        "async def main():\n"
        "    settings = Settings()\n"
        "    async with keyed_pool(settings, 'courier') as (p, keys):\n"
        "        voice = Voice(quiet_from=0, quiet_until=0)\n"
        "        await Courier(settings, p, voice, FileCarrier(Path(sys.argv[1]), keys), keys).run()\n"
        "asyncio.run(main())\n"
    )
    armed = {"THROUGHCARE_TEST_FAILPOINT": failpoint} if failpoint else {}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(folder), cwd=ROOT, stdout=asyncio.subprocess.DEVNULL,
        env={**os.environ, **network.environment("notifications", database.name), **armed, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
