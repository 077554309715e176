"""A number that is held gets nothing: not what was decided before, not what comes after, until it is safe again.

And a link that somebody signs in by goes by text without a word of what it is for, and nowhere else.
"""

import json
from base64 import b64encode
from datetime import time
from uuid import UUID

import pytest

from shared.contracts import person as people
from shared.contracts import referral
from shared.contracts.referral import Stage
from shared.security.sealing import Compartment, seal
from tests.integration.notifications.test_messages import AWAKE, NUMBER, carry, letters, told
from tests.integration.notifications.world import World, open_world

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka")]
LINK = "https://page.example/intake/sign-in/abcdefgh23456777"


def held(person: UUID) -> people.ContactChanged:
    """As intake says it: no way is safe, and which number it is has not changed."""
    return people.ContactChanged(person=person, language="en", channels=())


async def made(world: World, person: UUID, link: str = LINK) -> people.WayInMade:
    sealed = await seal(world.keys, person, Compartment.CONTACT, "way_in.link", link)
    return people.WayInMade(person=person, sealed_link=b64encode(sealed).decode())


async def state(world: World) -> list[tuple[str, str | None]]:
    rows = await world.pool.fetch("SELECT state, reason FROM message ORDER BY decided_at, id")
    return [tuple(row) for row in rows]


async def test_what_waited_when_the_phone_was_lost_does_not_go_and_nothing_after_it(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        assert await state(world) == [("waiting", None)]
        await world.hear(held(matter.person))
        await carry(world, tmp_path)
        await world.hear(matter.says(referral.Declined, Stage.DECLINED, reason=referral.DeclineReason.NO_CAPACITY))
        await world.hear(await made(world, matter.person))
        await carry(world, tmp_path)
        assert letters(tmp_path) == []
        assert await state(world) == [("withheld", "no_safe_way")] * 3


async def test_once_both_have_said_that_it_is_safe_it_is_written_to_again(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(held(matter.person))
        safe = people.ContactChanged(person=matter.person, language="en", channels=("sms",))
        await world.hear(safe, matter.says(referral.Accepted, Stage.ACCEPTED))
        await carry(world, tmp_path)
        assert [letter["to"] for letter in letters(tmp_path)] == [NUMBER], "the number that they kept"


@pytest.mark.parametrize(("language", "begins"), [("en", "Hi. Here is the page"), ("es", "Hola. Aquí está la página")])
async def test_a_link_goes_by_text_and_stands_in_clear_nowhere_else(database, cluster, tmp_path, language, begins):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        changed = people.ContactChanged(person=matter.person, language=language, channels=("sms",))
        await world.hear(changed, await made(world, matter.person))
        await carry(world, tmp_path)
        [letter] = letters(tmp_path)
        assert letter["text"].startswith(begins) and letter["text"].endswith(LINK)
        rows = await world.pool.fetch("SELECT * FROM message")
        assert LINK not in json.dumps([dict(row) for row in rows], default=repr)
        assert LINK not in json.dumps(await world.events("message"), default=str)


async def test_a_link_that_waits_is_of_no_use_once_there_is_another(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        await told(world, matter)
        await world.hear(await made(world, matter.person, f"{LINK}1"))
        await world.hear(await made(world, matter.person, f"{LINK}2"))
        await world.hear(people.WayInMade(person=matter.person))  # a third, which they were given by hand
        await carry(world, tmp_path)
        assert letters(tmp_path) == []
        assert await state(world) == [("withheld", "out_of_date")] * 2


async def way(world: World, person: UUID, number: str, *quiet: time) -> people.SafeWay:
    sealed = await seal(world.keys, person, Compartment.CONTACT, "contact_way.value", number)
    begin, end = quiet or (None, None)
    contact = b64encode(sealed).decode()
    return people.SafeWay(channel="sms", sealed_contact=contact, quiet_from=begin, quiet_until=end)


async def test_of_several_ways_the_best_text_is_written_to_and_never_in_its_quiet_hours(database, cluster, tmp_path):
    async with open_world(database, cluster, **AWAKE) as world:
        matter = await world.referred(await world.partner(kafka=False))
        mail = people.SafeWay(channel="mail", sealed_contact="bWFpbA==")
        quiet = await way(world, matter.person, "555-0101", time.min, time.max)
        loud = await way(world, matter.person, "555-0102")
        changed = people.ContactChanged(person=matter.person, language="en", channels=("mail", "sms"))
        await world.hear(changed.model_copy(update={"ways": (mail, quiet, loud)}))
        await world.hear(matter.says(referral.Accepted, Stage.ACCEPTED))
        await carry(world, tmp_path)
        assert letters(tmp_path) == [] and (await state(world))[0][0] == "waiting", "the other number is no way around"
        await world.hear(changed.model_copy(update={"ways": (mail, loud, quiet)}))
        await world.pool.execute("UPDATE message SET not_before = clock()")
        await carry(world, tmp_path)
        assert [letter["to"] for letter in letters(tmp_path)] == ["555-0102"]
