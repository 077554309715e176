"""A no travels over every link of one person, and tells nobody who walks with them that it was said.

Wren is helped by Welcome Alder, where Dana walks with them, and by Lantern Clinic, where Grace does; then by others.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.intake.store import consents
from shared.runtime.ids import uuid7
from shared.security.demo import CEDAR_HOUSE, DANA, GRACE, LANTERN_CLINIC, WELCOME_ALDER
from tests.integration.intake.world import Door, open_door
from tests.network import FreshDatabase
from tests.security.test_between_moments import waiting
from tests.security.test_two_records import asks, at_alder, at_lantern, linked, look, never

pytestmark = pytest.mark.network


@pytest_asyncio.fixture(loop_scope="session")
async def door(database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened


async def links_of(door: Door, person: UUID, who: UUID) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await door.get(f"/intake/people/{person}/records", who)).json()["links"]
    return found


async def one_here(door: Door, person: UUID) -> UUID:
    """Another record of theirs at Welcome Alder, by their word to Dana."""
    other = await at_alder(door)
    made = await door.post(f"/intake/duplicates/{person}/{other}/one", {"known": "known"}, DANA)
    assert made.status_code == 201, made.text
    return other


async def say_yes(door: Door, person: UUID, who: UUID, **more: Any) -> httpx.Response:
    body = {"person": str(person), "categories": ["referral"], "given": "in_person", "shown": True, **more}
    return await door.post("/intake/consents", body, who)


async def test_who_walks_with_one_record_does_not_learn_that_another_keeps_them_out(door: Door):
    """Grace may ask for nothing that a no elsewhere would refuse to her: else she reads that it was said."""
    here, there, _ = await linked(door)
    from_cedar = {"discloser": str(CEDAR_HOUSE), "recipient": str(LANTERN_CLINIC)}
    before = await say_yes(door, there, GRACE, **from_cedar)
    assert before.status_code == 201, before.text
    await never(door, here, LANTERN_CLINIC)
    after = await say_yes(door, there, GRACE, **from_cedar)
    assert after.status_code == 201, after.text
    stages = [
        (await door.get(f"/intake/consents/{one.json()['id']}", GRACE)).json()["stage"] for one in (before, after)
    ]
    assert stages == ["granted", "granted"], "nor by what ends without a word of theirs"
    assert await links_of(door, there, GRACE) == [], "what a link shows it does not see"
    told = await say_yes(door, here, DANA, recipient=str(LANTERN_CLINIC))
    assert told.status_code == 422, "of the record that it does not walk with nothing is told to it"


async def test_an_agency_kept_out_of_one_record_sees_no_link_with_another_that_is_theirs_too(door: Door):
    here, _, _ = await linked(door)
    twin = await one_here(door, here)
    await never(door, twin, LANTERN_CLINIC)
    assert [link["agency"] for link in await links_of(door, here, DANA)] == [str(WELCOME_ALDER)]
    there = await door.pool.fetchval("SELECT id FROM person WHERE agency_id = $1", LANTERN_CLINIC)
    assert await links_of(door, there, GRACE) == []


async def test_an_agency_kept_out_of_one_record_is_not_asked_about_another_that_is_theirs_too(door: Door):
    here, there = await at_alder(door), await at_lantern(door)
    twin = await one_here(door, here)
    await look(door)
    await never(door, twin, LANTERN_CLINIC)
    assert (await asks(door, here)).status_code == 202
    await look(door)
    assert await links_of(door, there, GRACE) == []
    assert await door.pool.fetchval("SELECT count(*) FROM link WHERE stage = 'put'") == 0


async def test_a_yes_of_the_moment_in_which_they_say_never_two_links_away_is_over(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    here, there, _ = await linked(door)
    twin = await one_here(door, here)
    real, saying = consents.add_consent, list[asyncio.Task[Any]]()

    async def meanwhile_never(*given: Any) -> Any:
        saying.append(await waiting(door, never(door, there, CEDAR_HOUSE)))
        return await real(*given)

    monkeypatch.setattr(consents, "add_consent", meanwhile_never)
    id = uuid7()
    yes = await say_yes(door, twin, DANA, id=str(id), recipient=str(CEDAR_HOUSE))
    assert yes.status_code == 201, yes.text
    await saying[0]
    assert await door.pool.fetchval("SELECT stage FROM consent WHERE id = $1", id) == "revoked"
