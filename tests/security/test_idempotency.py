"""Idempotency keys: sent twice, done once, answered alike; on a real Postgres and through HTTP."""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import Depends, FastAPI, Request
from pydantic import BaseModel
from starlette.responses import Response

from shared.runtime.errors import Conflict, Invalid
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.edge import allow, install
from shared.security.identity import Actor
from shared.security.permissions import Relation
from shared.web import forms
from shared.web.app import web_app
from shared.web.idempotency import (
    HEADER,
    REPLAYED,
    Answer,
    Wanted,
    claim,
    forget_expired,
    hash_body,
    keep,
    once,
    wanted,
)
from tests.network import FreshDatabase

pytestmark = pytest.mark.network
DANA, RAY = demo.person_actor(demo.DANA), demo.person_actor(demo.RAY)
ROUTE, BODY = "POST /caseplan/promises", hash_body(b'{"what":"a bus pass"}')
SETTINGS = Settings(demo=True, signing_secret="a secret of this test, long enough")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def opened(shared_database: FreshDatabase) -> AsyncIterator[asyncpg.Pool]:
    owner = await asyncpg.connect(await shared_database("caseplan", owner=True))
    await owner.execute("CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, what text)")
    await owner.close()
    dsn = await shared_database("caseplan")
    async with asyncpg.create_pool(dsn, min_size=1, max_size=12, server_settings=SERVICE.settings) as pool:
        yield pool


@pytest_asyncio.fixture(loop_scope="session")
async def pool(opened: asyncpg.Pool) -> asyncpg.Pool:
    """Nothing was done yet, and no key is known."""
    await opened.execute("DELETE FROM effect")
    await opened.execute("DELETE FROM idempotency")
    await opened.execute("UPDATE clock_shift SET shift = '0'")
    return opened


async def command(
    pool: asyncpg.Pool, key: str = "k", actor: Actor = DANA, body: bytes = BODY, route: str = ROUTE
) -> Answer:
    """A command that writes one row and answers its id."""

    async with pool.acquire() as tx, tx.transaction():

        async def act() -> Answer:
            number = await tx.fetchval("INSERT INTO effect (what) VALUES ('done') RETURNING id")
            return Answer.json(201, {"id": number}, Location=f"/caseplan/promises/{number}")

        return await once(tx, Wanted(key, route, body), actor, act)


async def effects(pool: asyncpg.Pool) -> int:
    return await pool.fetchval("SELECT count(*) FROM effect")


async def test_the_same_request_again_gets_the_first_answer_to_the_byte(pool):
    first, again = await command(pool), await command(pool)
    assert (first.status, first.body, first.headers) == (again.status, again.body, again.headers)
    assert (first.replayed, again.replayed) == (False, True)
    assert await effects(pool) == 1


async def test_the_same_key_with_another_body_or_route_is_refused(pool):
    await command(pool)
    for change in ({"body": hash_body(b"other")}, {"route": "POST /caseplan/other"}):
        with pytest.raises(Invalid) as refused:
            await command(pool, **change)
        assert (refused.value.status, refused.value.field) == (422, HEADER)
    assert await effects(pool) == 1


async def test_somebody_elses_key_is_another_key(pool):
    mine, theirs = await command(pool, actor=DANA), await command(pool, actor=RAY)
    assert mine.body != theirs.body
    assert not theirs.replayed


async def test_eight_who_press_at_once_get_one_effect_and_one_answer(pool):
    answers = await asyncio.gather(*(command(pool) for _ in range(8)))
    assert len({answer.body for answer in answers}) == 1
    assert sum(not answer.replayed for answer in answers) == 1
    assert await effects(pool) == 1


async def test_who_comes_second_waits_for_the_first_answer(pool):
    async with pool.acquire() as first:
        begun = first.transaction()
        await begun.start()
        assert await claim(first, "k", DANA, ROUTE, BODY) is None
        second = asyncio.create_task(command(pool))
        await _until_waiting(pool)
        assert not second.done()
        await keep(first, "k", DANA, 201, b'{"id":42}')
        await begun.commit()
    answer = await second
    assert (answer.status, answer.body, answer.replayed) == (201, b'{"id":42}', True)


async def test_who_comes_second_acts_where_the_first_was_rolled_back(pool):
    async with pool.acquire() as first:
        begun = first.transaction()
        await begun.start()
        assert await claim(first, "k", DANA, ROUTE, BODY) is None
        second = asyncio.create_task(command(pool))
        await _until_waiting(pool)
        await begun.rollback()
    assert not (await second).replayed
    assert await effects(pool) == 1


async def test_a_refusal_is_decided_anew(pool):
    async def refuse() -> Answer:
        raise Conflict("not from here")

    with pytest.raises(Conflict):
        async with pool.acquire() as tx, tx.transaction():
            await once(tx, Wanted("k", ROUTE, BODY), DANA, refuse)
    assert not (await command(pool)).replayed


async def test_without_a_key_each_request_is_its_own(pool):
    for _ in range(2):
        async with pool.acquire() as tx, tx.transaction():

            async def act(tx=tx) -> Answer:
                await tx.execute("INSERT INTO effect (what) VALUES ('done')")
                return Answer(204)

            await once(tx, None, DANA, act)
    assert await effects(pool) == 2


async def test_a_key_is_forgotten_after_a_day(pool):
    await command(pool)
    await pool.execute("UPDATE clock_shift SET shift = '23 hours'")
    assert (await command(pool)).replayed
    assert await pool.fetchval("SELECT count(*) FROM idempotency") == 1
    await pool.execute("UPDATE clock_shift SET shift = '25 hours'")
    assert not (await command(pool)).replayed, "run out although nobody has cleaned up yet"
    assert (await command(pool)).replayed
    assert await effects(pool) == 2


async def test_cleaning_takes_what_ran_out_in_bounded_bites(pool):
    for number in range(5):
        await command(pool, key=f"old-{number}")
    await pool.execute("UPDATE clock_shift SET shift = '25 hours'")
    await command(pool, key="new")
    async with pool.acquire() as tx:
        assert await forget_expired(tx, limit=3) == 3
        assert await forget_expired(tx, limit=3) == 2
        assert await forget_expired(tx, limit=3) == 0
    assert (await command(pool, key="new")).replayed


async def test_an_answer_that_nobody_kept_is_not_made_up(pool):
    async with pool.acquire() as tx:
        assert await claim(tx, "k", DANA, ROUTE, BODY) is None
        with pytest.raises(Conflict, match="not kept"):
            await claim(tx, "k", DANA, ROUTE, BODY)


async def _until_waiting(pool: asyncpg.Pool) -> None:
    """Until somebody waits for the row that another transaction holds."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while not await pool.fetchval(waiting):
        await asyncio.sleep(0.01)


# Through HTTP


class Promise(BaseModel):
    what: str


def app_of(pool: asyncpg.Pool) -> FastAPI:
    app = web_app("caseplan", settings=SETTINGS)
    install(app, SETTINGS)
    Who = Annotated[Actor, Depends(allow("promise.make"))]  # noqa: N806
    Once = Annotated[Wanted | None, Depends(wanted)]  # noqa: N806

    async def make(actor: Actor, want: Wanted | None, page: bool) -> Response:
        async with pool.acquire() as tx, tx.transaction():

            async def act() -> Answer:
                actor.require("promise.make", Relation.SAME_AGENCY)
                number = await tx.fetchval("INSERT INTO effect (what) VALUES ('done') RETURNING id")
                return Answer.see(f"/caseplan/promises/{number}") if page else Answer.json(201, {"id": number})

            return (await once(tx, want, actor, act)).response()

    @app.post("/caseplan/promises")
    async def command(promise: Promise, actor: Who, want: Once) -> Response:
        return await make(actor, want, page=False)

    @app.post("/caseplan/promises/form")
    async def form(request: Request, actor: Who, want: Once) -> Response:
        await forms.read(request, Promise)
        return await make(actor, want, page=True)

    return app


def asks(app: FastAPI, account: UUID = demo.DANA) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {demo.token(SETTINGS, account)}"}
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", headers=headers)


async def test_a_program_that_repeats_itself_gets_the_first_answer(pool):
    async with asks(app_of(pool)) as http:
        key = {HEADER: "0193-a-key"}
        first = await http.post("/caseplan/promises", json={"what": "a bus pass"}, headers=key)
        again = await http.post("/caseplan/promises", json={"what": "a bus pass"}, headers=key)
        other = await http.post("/caseplan/promises", json={"what": "a phone"}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.content == again.content
    assert (REPLAYED in first.headers, again.headers[REPLAYED]) == (False, "true")
    assert other.json()["field"] == HEADER
    assert await effects(pool) == 1


async def test_a_form_pressed_twice_is_sent_once_however_the_browser_packs_it(pool):
    async with asks(app_of(pool)) as http:
        page = {"what": "a bus pass", "_key": "0193-of-this-page"}
        first = await http.post("/caseplan/promises/form", data=page)
        again = await http.post("/caseplan/promises/form", files={name: (None, text) for name, text in page.items()})
        other_tab = await http.post("/caseplan/promises/form", data={**page, "_csrf": "a token that was renewed"})
        changed = await http.post("/caseplan/promises/form", data={**page, "what": "a phone"})
    assert [answer.status_code for answer in (first, again, other_tab, changed)] == [303, 303, 303, 422]
    assert len({answer.headers["location"] for answer in (first, again, other_tab)}) == 1
    assert await effects(pool) == 1


@pytest.mark.parametrize("key", ["a b", "x" * 201, "\t", "é", "a\x7f"])
async def test_a_key_that_is_none_is_named(pool, key):
    async with asks(app_of(pool)) as http:
        answer = await http.post(
            "/caseplan/promises", json={"what": "x"}, headers={HEADER.encode(): key.encode("utf-8")}
        )
    assert answer.status_code == 422
    assert answer.json()["field"] == HEADER
    assert await effects(pool) == 0


async def test_a_key_gives_nobody_what_they_may_not_do(pool):
    async with asks(app_of(pool), demo.RAY) as http:
        answer = await http.post("/caseplan/promises", json={"what": "x"}, headers={HEADER: "k"})
    assert answer.status_code == 404
    assert await effects(pool) == 0
