"""Every route with every role, from outside and from within: what the permission table says is what happens.

The rows are Welcome Alder's, in every table. From outside: somebody of that role at another agency, or another person.
From within: somebody of that role at Welcome Alder. Each asks with an id of their own, so that none is slowed.
"""

import asyncpg
import pytest
import pytest_asyncio

from shared.contracts.topics import SERVICES
from shared.runtime.ids import uuid7
from shared.security import demo, permissions
from shared.security.permissions import Relation, Role
from tests.network import FreshDatabase
from tests.security.rows import ALDER, CEDAR, OPEN, ROW, connected, fill
from tests.security.served import address, served

pytestmark = pytest.mark.network

CELLS = [(service, role) for service in SERVICES for role in Role]
NOT_THEIRS = {400, 401, 403, 404, 405, 415, 422}
WRITTEN_BY_REFUSING = {"audit"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(shared_database: FreshDatabase) -> FreshDatabase:
    await fill(await shared_database(), {*OPEN, "event_archive_other"})
    return shared_database


async def everything(admin: asyncpg.Connection, service: str) -> dict[str, list[asyncpg.Record]]:
    tables = await admin.fetch("SELECT tablename FROM pg_tables WHERE schemaname = $1", service)
    names = {row["tablename"] for row in tables} - WRITTEN_BY_REFUSING
    return {name: await admin.fetch(f"SELECT md5(t::text) FROM {service}.{name} t ORDER BY 1") for name in names}  # noqa: S608


def may(role: Role, action: str, relation: Relation) -> bool:
    return bool(permissions.TABLE[action].needs.get(role, frozenset()) & {relation, Relation.ANY})


@pytest.mark.parametrize(("service", "role"), CELLS)
async def test_whoever_has_nothing_to_do_with_a_row_neither_reads_nor_changes_it(filled, service, role):
    """Unless the table lets that role do it to every row. They are told what is told of an id that is nobody's."""
    wrong = []
    async with served(filled, service) as here, connected(await filled()) as admin:
        before = await everything(admin, service)
        for method, entry in here.routes:
            action = entry.action or ""
            if "{" not in entry.path or permissions.relation_free(role, action) or action == "public":
                continue
            theirs, nobodys = [
                await here.ask(method, address(entry.path, person, rest), here.as_(role, CEDAR))
                for person, rest in ((demo.RAY, ROW), (uuid7(), uuid7()))
            ]
            if theirs.status_code not in NOT_THEIRS or _told(theirs) != _told(nobodys):
                wrong.append((method, entry.path, theirs.status_code, nobodys.status_code))
        assert await everything(admin, service) == before
    assert not wrong, wrong


def _told(answer) -> tuple[object, ...]:
    return answer.status_code, answer.content, sorted(answer.headers.items())


@pytest.mark.parametrize(("service", "role"), CELLS)
async def test_a_role_that_never_does_such_a_thing_is_told_so_before_anything_is_looked_at(filled, service, role):
    wrong = []
    async with served(filled, service) as here:
        for method, entry in here.routes:
            action = entry.action or "public"
            if permissions.may_at_all(role, action):
                continue
            answer = await here.ask(method, address(entry.path, demo.RAY, ROW), here.as_(role, ALDER))
            expected = {401} if role is Role.ANYONE else {403, 404}
            if answer.status_code not in expected:
                wrong.append((method, entry.path, answer.status_code))
    assert not wrong, wrong


@pytest.mark.parametrize(("service", "role"), CELLS)
async def test_a_role_that_does_such_things_is_not_sent_away(filled, service, role):
    """So that the tests above can fail. Their rows tell no whole story, so an answer may break; it is no refusal."""
    wrong = []
    async with served(filled, service) as here:
        for method, entry in here.routes:
            action = entry.action or "public"
            if method != "GET" or not may(role, action, Relation.SAME_AGENCY) or "{" not in entry.path:
                continue
            answer = await here.ask(method, address(entry.path, demo.RAY, ROW), here.as_(role, ALDER))
            if answer.status_code in (401, 403):
                wrong.append((method, entry.path, answer.status_code))
    assert not wrong, wrong
