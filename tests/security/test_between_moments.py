"""Two people at once, of whom one ends what the other is about to begin: whoever comes second comes too late."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from datetime import timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from services.intake.signing_in import own_pin, persons, staff
from services.intake.signing_in.own_pin import OWN_PIN
from services.intake.signing_in.passwords import Passwords
from services.intake.signing_in.pins import Pins
from services.intake.store import erasures, sessions
from shared.runtime.reach import SERVICE, acting
from shared.security import demo
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.phones import FIRST, SECOND, THIRD, hand_out, settled, type_pin
from tests.integration.intake.test_erasures import asked_and_known, gone
from tests.integration.intake.test_own_sign_in import NEW, change
from tests.integration.intake.test_staff_sign_in import Colleague, colleague, sign_in
from tests.integration.intake.world import NAME, Door, open_door, text
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
LIVE = "SELECT count(*) FROM session WHERE account_id = $1 AND ended_at IS NULL AND clock() < ends_at"
WAITS = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database())"


def meanwhile(
    monkeypatch: pytest.MonkeyPatch, room: ModuleType, name: str, deed: Callable[[], Awaitable[None]]
) -> None:
    """Let something happen after all was looked at, just before `room.name` acts on it."""
    real = getattr(room, name)

    async def late(*given: Any) -> Any:
        await deed()
        return await real(*given)

    monkeypatch.setattr(room, name, late)


@pytest_asyncio.fixture(loop_scope="session")
async def door(database: FreshDatabase) -> AsyncIterator[Door]:
    async with open_door(database) as opened:
        yield opened


async def waiting(door: Door, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    """Begun, and either waiting for a lock or over."""
    task = asyncio.create_task(work)
    async with asyncio.timeout(10):
        while not task.done() and not await door.pool.fetchval(WAITS):
            await asyncio.sleep(0.01)
    return task


async def test_who_leaves_while_they_sign_in_is_not_in(door: Door, monkeypatch: pytest.MonkeyPatch):
    browsers = Browsers(door)
    who = await colleague(browsers)

    async def they_left() -> None:
        ended = await door.post(f"/intake/accounts/{who.account.id}/end", {}, demo.YUSUF)
        assert ended.status_code == 200, ended.text

    meanwhile(monkeypatch, staff, "welcome", they_left)
    async with browsers.open() as asks:
        answer = await sign_in(asks, who)
        assert answer.status_code == 409 and browsers.tokens.cookie_name not in asks.cookies
    assert await door.pool.fetchval(LIVE, who.account.id) == 0


async def test_who_does_another_work_since_they_typed_their_password_gets_no_token_of_the_old_one(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    browsers = Browsers(door)
    who = await colleague(browsers)

    async def the_change() -> None:
        path = f"/intake/accounts/{who.account.id}/role"
        assert (await door.post(path, {"role": "mentor"}, demo.YUSUF)).status_code == 200

    meanwhile(monkeypatch, staff, "welcome", the_change)
    async with browsers.open() as asks:
        assert (await sign_in(asks, who)).status_code == 303
        assert browsers.tokens.read(asks.cookies[browsers.tokens.cookie_name]).actor.role == "mentor"


async def test_a_token_that_was_being_renewed_while_their_work_changed_is_refused_with_the_old_ones(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    browsers = Browsers(door)
    who = await colleague(browsers)
    renew = sessions.renew_session

    async def and_then_it_changes(*given: Any, **more: Any) -> Any:
        found = await renew(*given, **more)
        path = f"/intake/accounts/{who.account.id}/role"
        changed = await door.post(path, {"role": "mentor"}, demo.YUSUF)
        assert changed.status_code == 200, changed.text
        return found

    async with browsers.open() as asks:
        assert (await sign_in(asks, who)).status_code == 303
        browsers.lose_token(asks)
        monkeypatch.setattr(sessions, "renew_session", and_then_it_changes)
        assert (await asks.get("/intake/session/renew?next=/intake/directory")).status_code == 303
        late = asks.cookies[browsers.tokens.cookie_name]
        assert browsers.tokens.read(late).actor.role == "case_manager"
        headers = {"Authorization": f"Bearer {late}", "Accept": "application/json"}
        assert (await door.client.get("/intake/people", headers=headers)).status_code == 401


async def test_who_is_erased_while_they_sign_in_is_not_in(door: Door, monkeypatch: pytest.MonkeyPatch):
    browsers = Browsers(door)
    person = await door.add()
    link = await settled(browsers, person)
    await asked_and_known(door, person)

    async def it_is_due() -> None:
        await door.shift("8 days")
        with acting(SERVICE):
            assert await door.fire() >= 1

    meanwhile(monkeypatch, persons, "welcome", it_is_due)
    async with browsers.open() as phone:
        answer = await type_pin(phone, link, FIRST)
        assert answer.status_code == 409 and browsers.tokens.cookie_name not in phone.cookies
    assert await door.pool.fetchval(LIVE, person) == 0


async def test_whoever_types_a_pin_while_a_worker_makes_a_new_link_is_not_in(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    """The PIN was right as it was looked at, and all sessions were ended before there was this one."""
    browsers = Browsers(door)
    person = await door.add()
    link = await settled(browsers, person)

    async def a_new_link() -> None:
        await hand_out(door, person)

    meanwhile(monkeypatch, persons, "welcome", a_new_link)
    for pin in (FIRST, SECOND):
        async with browsers.open() as thief:
            answer = await type_pin(thief, link, pin)
            assert answer.status_code in (409, 422) and browsers.tokens.cookie_name not in thief.cookies
    assert await door.pool.fetchval(LIVE, person) == 0


async def test_whoever_changes_a_pin_while_a_worker_makes_a_new_link_is_not_in(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    browsers = Browsers(door)
    person = await door.add()
    link = await settled(browsers, person)

    async def a_new_link() -> None:
        await hand_out(door, person)

    meanwhile(monkeypatch, own_pin, "welcome_in", a_new_link)
    async with browsers.open() as thief:
        assert (await type_pin(thief, link, FIRST)).status_code == 303
        form = fields((await thief.get(OWN_PIN)).text, "Change my PIN")
        answer = await thief.post(OWN_PIN, data={**form, "now": FIRST, "new": THIRD, "again": THIRD})
        assert answer.status_code == 409
    assert await door.pool.fetchval(LIVE, person) == 0


async def test_who_is_out_by_their_owners_new_password_does_not_change_it_after_all(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    browsers, thiefs = Browsers(door), "a sentence of the thief"
    who, real = await colleague(browsers), Passwords.hash

    async def after_the_owner(self: Passwords, password: str) -> str:
        if password == thiefs:
            assert (await change(owner, "password", who, new=NEW)).status_code == 303
        return await real(self, password)

    monkeypatch.setattr(Passwords, "hash", after_the_owner)
    async with browsers.open() as owner, browsers.open() as thief:
        for asks in (owner, thief):
            await sign_in(asks, who, code=who.recovery[0])
            who.recovery = who.recovery[1:]
        assert (await change(thief, "password", who, new=thiefs)).status_code == 409
        assert (await owner.get("/intake/people/new")).status_code == 200, "and ends no session of its owner"
    async with browsers.open() as asks:
        assert (await sign_in(asks, who, code=who.recovery[0], password=NEW)).status_code == 303


async def test_who_is_out_by_their_owners_new_pin_does_not_change_it_after_all(
    door: Door, monkeypatch: pytest.MonkeyPatch
):
    browsers, real = Browsers(door), Pins.hash
    person = await door.add()
    link = await settled(browsers, person)

    async def own(phone: httpx.AsyncClient, new: str) -> httpx.Response:
        form = fields((await phone.get(OWN_PIN)).text, "Change my PIN")
        return await phone.post(OWN_PIN, data={**form, "now": FIRST, "new": new, "again": new})

    async def after_the_owner(self: Pins, whose: UUID, pin: str) -> str:
        if pin == THIRD:
            assert (await own(owner, "305162")).status_code == 303
        return await real(self, whose, pin)

    monkeypatch.setattr(Pins, "hash", after_the_owner)
    async with browsers.open() as owner, browsers.open() as thief:
        for phone in (owner, thief):
            assert (await type_pin(phone, link, FIRST)).status_code == 303
        assert (await own(thief, THIRD)).status_code == 409
    async with browsers.open() as phone:
        assert (await type_pin(phone, link, THIRD)).status_code == 422
        assert (await type_pin(phone, link, "305162")).status_code == 303


async def test_whoever_signs_in_while_the_password_is_changed_is_not_in(door: Door, monkeypatch: pytest.MonkeyPatch):
    browsers = Browsers(door)
    who = await colleague(browsers)

    async def the_change() -> None:
        await door.pool.execute("UPDATE account SET password = 'another' WHERE id = $1", who.account.id)

    meanwhile(monkeypatch, staff, "welcome", the_change)
    before = await door.pool.fetchval(LIVE, who.account.id)
    async with browsers.open() as asks:
        answer = await sign_in(asks, who)
        assert answer.status_code == 409 and browsers.tokens.cookie_name not in asks.cookies
    assert await door.pool.fetchval(LIVE, who.account.id) == before


async def test_not_even_the_link_of_the_demo_lets_somebody_in_who_was_erased(door: Door):
    browsers = Browsers(door)
    body = {"name": NAME, "way": "sms", "contact": "555-010-7788", "safe": True}
    made = (await door.post("/intake/people", body, demo.DANA)).json()
    person, link = UUID(made["id"]), made["link"].removeprefix(door.settings.public_url)
    await gone(door, person)
    async with browsers.open() as phone:
        before = await phone.get("/intake/sign-in/" + "a" * 16)
        page = await phone.get(link)
        assert page.status_code == 200 and text(page) == text(before), "as of a link that is nobody's"
        pin = demo.pin(door.settings, person)
        assert (await phone.post(link, data={**fields(page.text, "<button"), "pin": pin})).status_code == 422
        not_me = await phone.post(f"{link}/not-me", data=fields((await phone.get(f"{link}/not-me")).text, "<button"))
        assert not_me.status_code == 200, "and says no more to who got it by mistake"
    assert await door.pool.fetchval("SELECT count(*) FROM way_in WHERE person_id = $1", person) == 0


@pytest.fixture
def due(door: Door, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An erasure that is due stands between what it looks at and what it does, until it may go on."""
    looked, may_go_on, real = asyncio.Event(), asyncio.Event(), erasures.kept_until

    async def kept_until(tx: Any, person: UUID) -> Any:
        found = await real(tx, person)
        looked.set()
        await may_go_on.wait()
        return found

    async def begin(person: UUID) -> tuple[asyncio.Task[Any], asyncio.Event]:
        await asked_and_known(door, person)
        await door.shift("8 days")
        firing = asyncio.create_task(door.fire())
        await looked.wait()
        return firing, may_go_on

    monkeypatch.setattr(erasures, "kept_until", kept_until)
    return begin


async def test_a_hold_of_the_moment_in_which_it_is_due_is_refused_and_not_said_to_hold(door: Door, due: Any):
    """Else a law's duty would be written down for somebody whose keys are gone."""
    person = await door.add()
    until = str((await door.pool.fetchval("SELECT clock()")).date() + timedelta(days=400))
    firing, go_on = await due(person)
    body = {"because": "court_order", "until": until}
    held = await waiting(door, door.post(f"/intake/people/{person}/holds", body, demo.LENA))
    go_on.set()
    assert await firing >= 1
    assert (await held).status_code == 410
    assert await door.pool.fetchval("SELECT count(*) FROM hold WHERE person_id = $1", person) == 0


async def test_a_hold_that_is_lifted_in_that_moment_does_not_put_them_away_for_years(door: Door, due: Any):
    person = await door.add()
    until = str((await door.pool.fetchval("SELECT clock()")).date() + timedelta(days=400))
    body = {"because": "court_order", "until": until}
    hold = (await door.post(f"/intake/people/{person}/holds", body, demo.LENA)).json()["id"]
    firing, go_on = await due(person)
    lifted = await waiting(door, door.post(f"/intake/holds/{hold}/lift", {}, demo.LENA))
    go_on.set()
    assert await firing >= 1
    assert (await lifted).status_code == 200
    await door.fire()
    assert await door.pool.fetchval("SELECT stage FROM erasure WHERE person_id = $1", person) == "erased"


async def test_nothing_is_allowed_any_more_in_the_moment_in_which_it_is_due(door: Door, due: Any):
    person = await door.add()
    firing, go_on = await due(person)
    body = {"person": str(person), "recipient": str(demo.CEDAR_HOUSE), "categories": ["referral"], "shown": True}
    allowed = await waiting(door, door.post("/intake/consents", body, person))
    go_on.set()
    assert await firing >= 1
    assert (await allowed).status_code == 410
    assert await door.pool.fetchval("SELECT count(*) FROM consent WHERE person_id = $1", person) == 0


async def test_a_hand_over_is_done_though_one_of_them_is_erased_meanwhile(door: Door, due: Any):
    browsers = Browsers(door)
    leaver: Colleague = await colleague(browsers)
    await door.pool.execute("UPDATE account SET agency_id = $2 WHERE id = $1", leaver.account.id, demo.WELCOME_ALDER)
    keeper = await colleague(browsers)
    await door.pool.execute("UPDATE account SET agency_id = $2 WHERE id = $1", keeper.account.id, demo.WELCOME_ALDER)
    person, other = await door.add(worker=str(leaver.account.id)), await door.add(worker=str(leaver.account.id))
    firing, go_on = await due(person)
    path = f"/intake/accounts/{leaver.account.id}/hand-over"
    handed = await waiting(door, door.post(path, {"worker": str(keeper.account.id)}, demo.LENA))
    go_on.set()
    assert await firing >= 1
    answer = await handed
    assert (answer.status_code, answer.json()["people"]) == (200, 0), answer.text
    workers = await door.pool.fetch("SELECT id, worker_id FROM person WHERE id = ANY ($1)", [person, other])
    assert {row["id"]: row["worker_id"] for row in workers} == {person: None, other: keeper.account.id}
