"""Attacks 2 and 3: whoever does not say for whom they act reaches nothing, and nobody reaches another agency's rows.

Everything is asked as a service's own role, never as one that row-level security does not hold. Each table of each
schema gets a row of one agency (by the administrator), so a table that a migration adds is asked about as well.
"""

import asyncio
from itertools import permutations
from typing import Annotated
from uuid import UUID

import asyncpg
import httpx
import pytest
import pytest_asyncio
from fastapi import Depends, Request

from shared.contracts.topics import SERVICES
from shared.messaging.meters import Meters
from shared.process import Running
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, Reach, acting
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.edge import allow, install
from shared.security.identity import NOBODY, Actor
from shared.security.keyed import keyed_pool
from shared.security.permissions import Relation
from shared.web.app import web_app
from shared.web.edge import running
from shared.web.edge import transaction as transaction_of
from tests.network import FreshDatabase
from tests.security.rows import ALDER, CEDAR, OPEN, TABLES, WHOSE, Filled, connected, fill, inserting, seen

pytestmark = pytest.mark.network

# Tables that are the service's own: no actor reads them, whoever it is.
OWN = {
    "outbox", "outbox_blocked", "event_archive", "event_archive_other", "progress", "dead_letter", "accepted_loss",
    "halting", "sign", "release_list", "release_row",
}  # fmt: skip
UNNAMED = {  # counted for the network, of no agency
    ("reporting", table) for table in ("setback", "message", "arrival", "telling", "revocation")
}
ANY_ACTOR = {"stream", "timer"}  # ids and moments, which every command writes; a command knows its own by its aggregate
SAYS = {"outbox"} | ANY_ACTOR  # whoever acts may write there
ACROSS = {  # functions that reach further than whoever calls them, each for one answer
    ("caseplan", "was_asked"), ("caseplan", "is_live"), ("caseplan", "hold_consents"), ("caseplan", "lock_plan_of"),
    ("intake", "is_told_of"), ("intake", "keeps_out"),
    ("intake", "forget_signs"), *((service, "workers_named") for service in SERVICES),
    *((service, "covered_now") for service in SERVICES),
}  # fmt: skip

RECORDS = {"link_ask", "link", "incident"}  # which others are theirs

DANA = Reach(ALDER, None, demo.DANA)
YUSUF = Reach(CEDAR, None, demo.YUSUF)
RAY = Reach(None, demo.RAY, demo.RAY)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(shared_database: FreshDatabase) -> Filled:
    return await fill(await shared_database(), {*OPEN, "event_archive_other"})


# Which tables, which roles


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_says_whose_rows_it_holds_or_why_they_are_nobodys(shared_database, service):
    async with connected(await shared_database(service)) as connection:
        tables = await connection.fetch(TABLES, service)
    held = {
        table["name"] for table in tables if table["enabled"] and table["forced"] and (table["said"] or table["part"])
    }
    rest = {table["name"] for table in tables} - held
    assert rest <= set(OPEN), f"neither a forced policy nor a reason: {sorted(rest - set(OPEN))}"
    assert not held & set(OPEN), "these are not open any more"


async def test_no_reason_outlives_its_table(shared_database):
    async with connected(await shared_database("intake")) as connection:
        known = {row["name"] for service in SERVICES for row in await connection.fetch(TABLES, service)}
    assert set(OPEN) | OWN | ANY_ACTOR <= known


@pytest.mark.parametrize("service", SERVICES)
async def test_a_services_role_owns_nothing_and_stands_above_no_policy(shared_database, service):
    async with connected(await shared_database(service)) as connection:
        role = await connection.fetchrow("SELECT oid, * FROM pg_roles WHERE rolname = current_user")
        owned = await connection.fetchval("SELECT count(*) FROM pg_class WHERE relowner = $1", role["oid"])
        groups = await connection.fetchval(
            "SELECT count(*) FROM pg_auth_members WHERE member = to_regrole($1)", service
        )
    assert role["rolname"] == service
    assert not (role["rolsuper"] or role["rolbypassrls"] or role["rolcreaterole"] or owned or groups)


async def test_what_reaches_further_than_its_caller_is_on_a_list(shared_database):
    async with connected(await shared_database("intake")) as connection:
        rows = await connection.fetch(
            "SELECT nspname, proname, prosecdef FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
            " WHERE nspname = ANY ($1) AND (prosecdef OR proconfig IS NOT NULL OR prosrc LIKE '%set_config%')",
            list(SERVICES),
        )
    assert not [row for row in rows if row["prosecdef"]], "none runs with its owner's rights"
    assert {(row["nspname"], row["proname"]) for row in rows} == ACROSS


@pytest.mark.parametrize(("service", "other"), list(permutations(SERVICES, 2)))
async def test_nothing_is_granted_in_anothers_schema(shared_database, service, other):
    async with connected(await shared_database(service)) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT FROM {other}.outbox")
        granted = await connection.fetch(
            """SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND (has_schema_privilege(n.oid, 'USAGE, CREATE') OR CASE c.relkind
                      WHEN 'S' THEN has_sequence_privilege(c.oid, 'USAGE, SELECT, UPDATE')
                      WHEN 'i' THEN false
                      ELSE has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
                       END)""",
            other,
        )
    assert not granted


# Attack 2: raw SQL


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("owner", [False, True], ids=["as the service", "as the owner"])
async def test_whoever_says_nothing_reaches_nothing(shared_database, filled, service, owner):
    async with connected(await shared_database(service, owner=owner)) as connection:
        assert await seen(connection, filled[service]) == set()
        for table, row in filled[service].items():
            if table != "audit":  # nobody may at all
                column = next(iter(row))
                assert await connection.execute(f"UPDATE {table} SET {column} = {column}") == "UPDATE 0", table  # noqa: S608
                assert await connection.execute(f"DELETE FROM {table}") == "DELETE 0", table  # noqa: S608
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(*inserting(table, row))


@pytest.mark.parametrize("service", SERVICES)
async def test_a_setting_that_was_left_empty_is_nobody(shared_database, filled, service):
    """As a pool hands a connection on: a setting that ended with its transaction is '' and not null."""
    async with connected(await shared_database(service)) as connection:
        for reach in (DANA, SERVICE):
            async with connection.transaction():
                for name, value in reach.settings.items():
                    await connection.execute("SELECT set_config($1, $2, true)", name, value)
                assert await seen(connection, filled[service])
            assert await connection.fetchval("SELECT current_setting('app.agency', true)") == ""
            assert await seen(connection, filled[service]) == set()


@pytest.mark.parametrize("service", SERVICES)
async def test_another_agency_sees_no_row_and_writes_none(shared_database, filled, service):
    async with connected(await shared_database(service), YUSUF) as connection:
        assert await seen(connection, filled[service]) == ANY_ACTOR
        for table, row in filled[service].items():
            if table in SAYS:
                continue
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(*inserting(table, row))


@pytest.mark.parametrize("service", ["caseplan", "notifications", "reporting"])
async def test_a_row_is_not_given_to_another_agency_by_the_one_that_has_it(shared_database, filled, service):
    """WITH CHECK: what an agency can't read afterwards it can't write."""
    async with connected(await shared_database(service), DANA) as connection:
        for table, row in filled[service].items():
            owning = set(row) & set(WHOSE)
            if table in ("audit", "person") or not owning & {"agency", "home"}:
                continue  # a person stays in sight of an agency that was asked, or told
            given = ", ".join(f"{name} = '{uuid7()}'" for name in owning)
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
                await connection.execute(f"UPDATE {table} SET {given}")  # noqa: S608


@pytest.mark.parametrize("service", SERVICES)
async def test_an_agency_sees_its_own_and_not_what_is_the_services_own(shared_database, filled, service):
    """So that the tests above can fail. Who looked, and whom they never let look, is the person's to see."""
    hidden = OWN | {"audit", "never", "pretended"} | {table for schema, table in UNNAMED if schema == service}
    async with connected(await shared_database(service), DANA) as connection:
        assert await seen(connection, filled[service]) == set(filled[service]) - hidden
    async with connected(await shared_database(service), SERVICE) as connection:
        assert await seen(connection, filled[service]) == set(filled[service])


async def test_a_person_sees_their_own_and_who_looked(shared_database, filled):
    own = {
        "intake": {
            "person",
            "consent",
            "erasure",
            "hold",
            "never",
            "pretended",
            "opening",
            "demand",
            "arrival",
            "first_days",
            "first_thing",
            "answer",
            "opened_section",
            "contact_way",
            "consent_word",
        }
        | RECORDS,
        "caseplan": {"person", "consent", "aggregate", "words", "happened", "contact"},
        "notifications": {"person", "consent", "referral", "shared_setback", "message", "disclosure"},
        "reporting": set(),
    }
    for service, tables in own.items():
        async with connected(await shared_database(service), RAY) as connection:
            assert await seen(connection, filled[service]) == tables | {"audit"} | ANY_ACTOR


@pytest.mark.parametrize("service", SERVICES)
async def test_a_visitor_is_nobodys_named_worker(shared_database, filled, service):
    """Rows that were put back before their worker is known name the id of zeros; so does a visitor."""
    async with connected(await shared_database(service), SERVICE) as connection:
        for table, row in filled[service].items():
            for column in {"worker", "worker_id"} & set(row):
                await connection.execute(f"UPDATE {table} SET {column} = $1", NOBODY)  # noqa: S608
    async with connected(await shared_database(service), Reach(actor=NOBODY)) as connection:
        assert await seen(connection, filled[service]) == ANY_ACTOR
    async with connected(await shared_database(service), SERVICE) as connection:
        for table, row in filled[service].items():
            for column in {"worker", "worker_id"} & set(row):
                await connection.execute(f"UPDATE {table} SET {column} = $1", demo.DANA)  # noqa: S608


async def test_nobody_writes_the_audit_in_anothers_name(shared_database, filled):
    async with connected(await shared_database("caseplan"), DANA) as connection:
        await connection.execute(*inserting("audit", filled["caseplan"]["audit"]))
        forged = filled["caseplan"]["audit"] | {"actor_id": demo.YUSUF}
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            await connection.execute(*inserting("audit", forged))


# What several agencies may see


async def test_a_referral_is_its_home_agencys_and_the_asked_agencys_once_it_is_sent(shared_database, filled):
    id, third = uuid7(), Reach(demo.HARBOR_STREET, None, uuid7())
    row = filled["caseplan"]["aggregate"] | {"id": id, "receiving": CEDAR, "stage": "draft", "program": id}
    dsn = await shared_database("caseplan")

    async def sees(reach: Reach) -> tuple[int, int]:
        async with connected(dsn, reach) as connection:
            return (
                await connection.fetchval("SELECT count(*) FROM aggregate WHERE id = $1", id),
                await connection.fetchval("SELECT count(*) FROM person WHERE id = $1", demo.RAY),
            )

    async with connected(dsn, SERVICE) as connection:
        await connection.execute(*inserting("aggregate", row))
        assert [await sees(who) for who in (DANA, RAY, YUSUF, third)] == [(1, 1), (1, 1), (0, 0), (0, 0)]
        await connection.execute("UPDATE aggregate SET stage = 'sent' WHERE id = $1", id)
        assert [await sees(who) for who in (DANA, RAY, YUSUF, third)] == [(1, 1), (1, 1), (1, 1), (0, 0)]
        await connection.execute("DELETE FROM aggregate WHERE id = $1", id)


async def test_a_consent_lets_its_recipient_see_the_person_while_it_is_granted(shared_database, filled):
    id, seen_by_cedar = uuid7(), {}
    row = filled["intake"]["consent"] | {"id": id, "recipient": CEDAR}
    async with connected(await shared_database()) as admin:
        await admin.execute("SET session_replication_role = replica; SET search_path = intake")
        await admin.execute(*inserting("consent", row))
    dsn = await shared_database("intake")
    async with connected(dsn, SERVICE) as service, connected(dsn, YUSUF) as cedar:
        for stage in ("asked", "granted", "confirmed", "revoked"):
            await service.execute("UPDATE consent SET stage = $2 WHERE id = $1", id, stage)
            seen_by_cedar[stage] = await seen(cedar, ("person", "consent"))
        await service.execute("DELETE FROM consent WHERE id = $1", id)
    both = {"person", "consent"}
    assert seen_by_cedar == {"asked": set(), "granted": both, "confirmed": both, "revoked": set()}


async def test_a_reach_that_was_widened_for_one_answer_is_given_back(shared_database, filled):
    """Also where the answer is an error that a savepoint takes back."""
    async with connected(await shared_database("caseplan"), YUSUF) as connection:
        for call in ("was_asked($1)", "hold_consents(ARRAY[$1::uuid])", "lock_plan_of($1)"):
            async with connection.transaction():
                await connection.fetchval(f"SELECT {call}", demo.RAY)
                assert await connection.fetchval("SELECT current_setting('app.reach')") == ""
                assert await seen(connection, filled["caseplan"]) == ANY_ACTOR


# Attack 3: pooled requests


async def test_of_a_thousand_requests_on_the_same_connections_none_sees_anothers_row(shared_database, filled):
    settings = Settings(**await shared_database.settings("caseplan", database_pool=2))
    app = web_app("caseplan", settings=settings)
    install(app, settings)

    @app.get("/caseplan/homes")
    async def homes(request: Request, actor: Annotated[Actor, Depends(allow("referral.list"))]) -> list[UUID]:
        actor.require("referral.list", Relation.SAME_AGENCY)
        async with transaction_of(running(request)) as tx:
            rows = await tx.fetch("SELECT home FROM aggregate")
        return [row["home"] for row in rows]

    async with connected(await shared_database("caseplan"), SERVICE) as connection:
        row = filled["caseplan"]["aggregate"]
        theirs = row | {"id": uuid7(), "person": demo.TASHA, "worker": demo.YUSUF, "home": CEDAR, "receiving": CEDAR}
        await connection.execute(*inserting("aggregate", theirs))
    tokens = {agency: demo.token(settings, who) for agency, who in ((ALDER, demo.DANA), (CEDAR, demo.YUSUF))}

    async def ask(client: httpx.AsyncClient, agency: UUID) -> None:
        answer = await client.get("/caseplan/homes", headers={"Authorization": f"Bearer {tokens[agency]}"})
        assert answer.json() == [str(agency)]

    async with keyed_pool(settings, "attack") as (opened, keys):
        app.state.running = Running(settings, opened, keys, Meters())
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 5000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            for _ in range(50):
                await asyncio.gather(*(ask(client, agency) for _ in range(10) for agency in (ALDER, CEDAR)))
        async with transaction(opened) as tx:
            assert await seen(tx, filled["caseplan"]) == set(), "nobody acts here, on connections that were everybody's"
        with acting(SERVICE):
            async with transaction(opened) as tx:
                assert len(await tx.fetch("SELECT FROM aggregate")) == 2
