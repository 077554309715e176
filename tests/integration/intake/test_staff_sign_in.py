"""Staff sign in: invited by a link, with a password of their own, and a code that works once."""

import re
import time
from dataclasses import dataclass

import httpx
import pytest
from asyncpg import Connection

from services.intake.account_invitations import prepare
from services.intake.accounts import Account, Stage, invite, leave
from services.intake.signing_in.codes import STEP, code_at
from services.intake.store import accounts as store
from shared.messaging.outbox import Cause
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.keystore.store import give_up
from shared.security.masters import masters_of
from shared.security.permissions import Role
from shared.security.sealing import Compartment, open_sealed
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.world import Door, text
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
PASSWORD = "the tram was late again"
NAME = "Canary Nightjar"


@dataclass
class Colleague:
    account: Account
    link: str
    secret: str  # of the app on their phone
    recovery: tuple[str, ...] = ()
    steps: int = 0

    def code(self) -> str:
        """A code that was not used yet: the next one of the two that are good now."""
        self.steps += 1
        return code_at(self.secret, int(time.time() // STEP) + self.steps - 2)


async def invited(browsers: Browsers, role: Role = Role.CASE_MANAGER) -> Colleague:
    here = browsers.door.running
    account = invite(uuid7(), demo.CEDAR_HOUSE, role, f"c{uuid7().hex[-12:]}")
    made = await prepare(here.keys, account.id, NAME)
    async with transaction(browsers.door.pool) as tx:
        assert await store.add_account(tx, account, made.name, made.totp, made.hash, demo.RUTH, Cause())
    secret = await open_sealed(here.keys, account.id, Compartment.IDENTITY, "account.totp", made.totp)
    return Colleague(account, made.link(browsers.settings), secret)


async def set_up(browsers: Browsers, asks: httpx.AsyncClient, who: Colleague) -> httpx.Response:
    form = fields((await asks.get(who.link)).text, "Set up my account")
    answer = await asks.post(who.link, data={**form, "password": PASSWORD, "code": who.code()})
    who.recovery = tuple(re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b", answer.text))
    return answer


async def colleague(browsers: Browsers) -> Colleague:
    """Somebody who works here, and is signed in nowhere."""
    who = await invited(browsers)
    async with browsers.open() as asks:
        assert (await set_up(browsers, asks, who)).status_code == 200
    return who


async def sign_in(asks: httpx.AsyncClient, who: Colleague, *, code: str | None = None, **typed: str) -> httpx.Response:
    form = fields((await asks.get("/intake/account/sign-in")).text, "Sign-in name")
    data = {**form, "name": who.account.sign_in, "password": PASSWORD, "code": code or who.code(), **typed}
    return await asks.post("/intake/account/sign-in", data=data)


async def run(browsers: Browsers, work) -> None:
    async with transaction(browsers.door.pool) as tx:
        await work(tx)


async def test_an_invitation_is_opened_as_often_as_one_likes_and_used_once(browsers: Browsers):
    who = await invited(browsers)
    async with browsers.open() as asks:
        for _ in range(2):
            page = await asks.get(who.link)
            assert page.status_code == 200 and "<svg" in page.text
            assert NAME not in page.text, "a link that lies around proves nobody"
        done = await set_up(browsers, asks, who)
        assert done.status_code == 200
        assert len(who.recovery) == 10
        assert (await asks.get("/intake/directory")).status_code == 200
        assert browsers.tokens.read(asks.cookies[browsers.tokens.cookie_name]).actor.id == who.account.id
        assert (await asks.get(who.link)).status_code == 404
    async with browsers.open() as asks:
        assert (await sign_in(asks, who)).headers["location"] == "/caseplan/today"


async def test_what_is_wrong_in_it_is_told_and_the_link_stays_good(browsers: Browsers):
    who = await invited(browsers)
    async with browsers.open() as asks:
        form = fields((await asks.get(who.link)).text, "Set up my account")
        short = await asks.post(who.link, data={**form, "password": "short", "code": who.code()})
        assert (short.status_code, "12 characters" in text(short)) == (422, True)
        wrong = await asks.post(who.link, data={**form, "password": PASSWORD, "code": "000000"})
        assert (wrong.status_code, "not of this picture" in text(wrong)) == (422, True)
        assert PASSWORD not in wrong.text
        assert (await set_up(browsers, asks, who)).status_code == 200


async def test_an_old_a_forged_and_a_used_link_look_alike(browsers: Browsers):
    old, used = await invited(browsers), await colleague(browsers)
    await browsers.door.pool.execute(
        "UPDATE account SET invitation_ends_at = clock() - interval '1 second' WHERE id = $1", old.account.id
    )
    async with browsers.open() as asks:
        pages = [await asks.get(link) for link in (old.link, used.link, "/intake/account/welcome/" + "x" * 43)]
    assert {page.status_code for page in pages} == {404}
    assert len({text(page) for page in pages}) == 1


async def test_a_code_is_taken_once_also_when_it_is_sent_twice_at_once(browsers: Browsers):
    who = await colleague(browsers)
    code = who.code()
    async with browsers.open() as one, browsers.open() as two:
        first, second = await sign_in(one, who, code=code), await sign_in(two, who, code=code)
    assert [first.status_code, second.status_code] == [303, 422]


async def test_each_recovery_code_lets_its_owner_in_once(browsers: Browsers):
    who = await colleague(browsers)
    typed = who.recovery[3].replace("-", " ").upper()
    async with browsers.open() as asks:
        assert (await sign_in(asks, who, code=typed)).status_code == 303
    async with browsers.open() as asks:
        assert (await sign_in(asks, who, code=typed)).status_code == 422
        assert (await sign_in(asks, who, code=who.recovery[4])).status_code == 303


async def test_whose_second_factor_lost_its_key_is_refused_as_anybody_and_comes_in_by_a_recovery_code(
    door: Door, database: FreshDatabase
):
    browsers = Browsers(door)
    who = await colleague(browsers)
    async with database.keys.owner() as owner:
        await owner.execute("DELETE FROM person_key WHERE person_id = $1", who.account.id)
        await give_up(owner, masters_of(door.settings), who.account.id)
    door.running.keys._cache.clear()
    async with browsers.open() as asks:
        assert (await sign_in(asks, who)).status_code == 422
        assert (await sign_in(asks, who, code=who.recovery[0])).status_code == 303


async def test_all_that_can_be_wrong_is_answered_in_the_same_words(browsers: Browsers):
    who, left, new = await colleague(browsers), await colleague(browsers), await invited(browsers)

    async def leaves(tx: Connection) -> None:
        await store.save_account(tx, leave(await store.lock_account(tx, left.account.id)), Cause())

    await run(browsers, leaves)
    async with browsers.open() as asks:
        answers = [
            await sign_in(asks, who, password="something else entirely"),
            await sign_in(asks, who, code="000000"),
            await sign_in(asks, who, code="abcd-efgh-ijkl-mnop"),
            await sign_in(asks, who, name="nobody.at.all"),
            await sign_in(asks, left),
            await sign_in(asks, new),
        ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}) == 1
    assert PASSWORD not in answers[0].text


async def test_whoever_left_is_refused_at_once_and_renews_nothing(browsers: Browsers):
    who = await colleague(browsers)
    async with browsers.open() as asks:
        await sign_in(asks, who)
        assert (await asks.get("/intake/people/new")).status_code == 200

        async def leaves(tx: Connection) -> None:
            await store.save_account(tx, leave(await store.lock_account(tx, who.account.id)), Cause())

        await run(browsers, leaves)
        browsers.app.state.fences.look_again()  # half a second passes
        gone = await asks.get("/intake/people/new")
        assert gone.headers["location"].startswith("/intake/session/renew")
        assert (await asks.get(gone.headers["location"])).headers["location"].startswith("/intake/sign-in")
    told = await browsers.door.types("account", who.account.id)
    assert told == ["account.opened", "account.proofs_replaced", "account.left"]
    row = await browsers.door.pool.fetchrow("SELECT * FROM account WHERE id = $1", who.account.id)
    assert (row["stage"], row["password"], row["totp"]) == (Stage.LEFT, None, None)


async def test_no_name_password_or_code_stands_in_clear_in_the_database_or_in_an_event(browsers: Browsers):
    who = await colleague(browsers)
    for table in ("account", "recovery_code", "known_device", "session", "outbox"):
        rows = await browsers.door.pool.fetch(f"SELECT t::text AS text FROM {table} t")  # noqa: S608 - our own names
        dump = "\n".join(row["text"] for row in rows)
        for canary in (NAME, PASSWORD, who.secret, who.link.rpartition("/")[2], *who.recovery):
            assert canary not in dump and canary.encode().hex() not in dump, table
