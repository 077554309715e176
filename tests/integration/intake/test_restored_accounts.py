"""intake set back to a backup: what was taken from somebody since, so that nobody else has it, is not given back."""

from datetime import timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from services.intake.known import index_of
from services.intake.refolding import refold
from services.intake.store import accounts as store
from shared.messaging.outbox import Cause
from shared.runtime.database import transaction
from shared.security import demo
from tests.integration.backups import Backups, empty_logs
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.test_staff_sign_in import PASSWORD, Colleague, colleague, invited, set_up, sign_in
from tests.integration.intake.world import Door

pytestmark = [pytest.mark.network, pytest.mark.usefixtures("kafka", "logs")]
OWN = "/intake/account/own"


@pytest_asyncio.fixture(loop_scope="session")
async def logs(cluster):
    await empty_logs(cluster, "intake")


@pytest_asyncio.fixture(loop_scope="session")
async def backups(door: Door, database) -> Backups:
    return Backups(database, door.settings, "intake", door.pool, refold, door.running.keys)


async def set_back(door: Door, backups: Backups, backup: bytes) -> None:
    await backups.restore(backup)
    await door.running.pool.expire_connections()


async def stage_of(door: Door, id: UUID) -> str:
    return await door.pool.fetchval("SELECT stage FROM account WHERE id = $1", id)


async def is_let_in(door: Door, who: Colleague) -> bool:
    async with Browsers(door).open() as asks:
        return (await sign_in(asks, who)).status_code == 303


async def test_a_password_that_an_administrator_took_away_opens_nothing_again(door: Door, backups: Backups):
    who, other = await colleague(Browsers(door)), await colleague(Browsers(door))
    before = await backups.take()
    assert (await door.post(f"/intake/accounts/{who.account.id}/invite-again", {}, demo.YUSUF)).status_code == 200
    await set_back(door, backups, before)
    assert not await is_let_in(door, who)
    assert await stage_of(door, who.account.id) == "invited", "a new link lets them in, as it did before"
    assert await is_let_in(door, other), "whose proofs are as they were signs in as ever"


async def test_nor_does_one_that_its_owner_gave_up_because_somebody_knew_it(door: Door, backups: Backups):
    browsers = Browsers(door)
    who = await colleague(browsers)
    before = await backups.take()
    async with browsers.open() as asks:
        assert (await sign_in(asks, who)).status_code == 303
        form = fields((await asks.get(OWN)).text, "New password")
        typed = {"password-password": PASSWORD, "password-code": who.recovery[0], "password-new": "another tram came"}
        typed = {name.removeprefix("password-"): value for name, value in typed.items()}
        answer = await asks.post(f"{OWN}/password", data={**form, **typed})
        assert answer.status_code == 303, answer.text
    await set_back(door, backups, before)
    assert not await is_let_in(door, who)


async def test_nor_does_the_link_of_an_invitation_that_was_used(door: Door, backups: Backups):
    browsers = Browsers(door)
    who = await invited(browsers)
    before = await backups.take()
    async with browsers.open() as asks:
        assert (await set_up(browsers, asks, who)).status_code == 200
    await set_back(door, backups, before)
    async with Browsers(door).open() as stranger:
        assert (await stranger.get(who.link)).status_code == 404
    assert (await door.post(f"/intake/accounts/{who.account.id}/invite-again", {}, demo.YUSUF)).status_code == 200


async def test_nor_is_anybody_known_to_an_issuer_by_what_was_taken_away(door: Door, backups: Backups):
    who = await colleague(Browsers(door))
    index = await index_of(door.running.keys, "robin@cedar.example")
    async with transaction(door.pool) as tx:
        assert await store.save_known_as(tx, who.account, index, Cause())
    before = await backups.take()
    async with transaction(door.pool) as tx:
        assert await store.save_known_as(tx, who.account, None, Cause())
    await set_back(door, backups, before)
    assert await door.pool.fetchval("SELECT known_as FROM account WHERE id = $1", who.account.id) is None
    assert await stage_of(door, who.account.id) == "active", "their password is their own still"


async def test_a_cover_that_was_cut_short_and_one_of_somebody_who_left_stay_so(door: Door, backups: Backups):
    browsers = Browsers(door)
    away, stays, leaves = await colleague(browsers), await colleague(browsers), await colleague(browsers)
    today = (await door.pool.fetchval("SELECT clock()")).date()
    said = {"worker": str(away.account.id), "first": str(today), "last": str(today + timedelta(days=3)), "why": "x"}
    covers = [
        (await door.post("/intake/covers", {**said, "covering": str(one.account.id)}, demo.YUSUF)).json()["id"]
        for one in (stays, leaves)
    ]
    before = await backups.take()
    assert (await door.post(f"/intake/covers/{covers[0]}/end", {}, demo.YUSUF)).status_code == 200
    assert (await door.post(f"/intake/accounts/{leaves.account.id}/end", {}, demo.YUSUF)).status_code == 200
    await set_back(door, backups, before)
    rows = await door.pool.fetch("SELECT id::text, ended_at IS NOT NULL AS ended FROM cover")
    assert {row["id"]: row["ended"] for row in rows} == dict.fromkeys(covers, True)
    assert await stage_of(door, leaves.account.id) == "left"
