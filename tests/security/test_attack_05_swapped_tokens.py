"""Attack 5: a person's token on a route for staff, a staff token on a person's own page: nothing is there.

Every route of every service is asked, by its entry in the permission table: so a route that is added is asked too.
"""

import pytest
import pytest_asyncio

from shared.contracts.topics import SERVICES
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.permissions import TABLE, Role, may_at_all
from shared.security.tokens import actor_of
from tests.network import FreshDatabase
from tests.security.rows import ALDER, OPEN, ROW, fill
from tests.security.served import JSON, address, served

pytestmark = pytest.mark.network
WORKERS = [role for role in Role if role not in (Role.PERSON, Role.ANYONE)]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def filled(shared_database: FreshDatabase) -> FreshDatabase:
    """Ray's rows, of Welcome Alder: whoever were let in would find something."""
    await fill(await shared_database(), {*OPEN, "event_archive_other", "audit_chain", "audit_chaining"})
    return shared_database


@pytest.mark.parametrize("service", SERVICES)
async def test_a_persons_token_finds_no_page_of_staffs_and_no_word_tells_one_from_another(filled, service):
    async with served(filled, service) as here:
        theirs = [(m, e) for m, e in here.routes if e.action and not may_at_all(Role.PERSON, e.action)]
        told = {
            (answer.status_code, answer.text)
            for method, entry in theirs
            for answer in [await here.ask(method, address(entry.path, demo.RAY, ROW), here.as_(Role.PERSON))]
        }
        mine = await here.ask("GET", f"/{service}/nothing-like-this", here.as_(Role.PERSON))
    assert theirs
    assert {status for status, _ in told} == {404} == {mine.status_code}
    assert len(told) == 1


@pytest.mark.parametrize("service", SERVICES)
async def test_a_persons_cookie_finds_none_either_though_it_is_about_them(filled, service):
    async with served(filled, service) as here:
        for method, entry in here.routes:
            if method != "GET" or not entry.action or may_at_all(Role.PERSON, entry.action):
                continue
            who = uuid7()  # somebody of their own each time, so that none is slowed
            token = here.tokens.issue_for(actor_of(who, Role.PERSON, None, who), uuid7())
            cookie = {**JSON, "Cookie": f"{here.tokens.cookie_name}={token}"}
            answer = await here.client.get(address(entry.path, who, ROW), headers=cookie)
            assert answer.status_code == 404, entry.path


@pytest.mark.parametrize("service", ["intake", "caseplan"])
async def test_a_staff_token_finds_no_page_that_is_a_persons_own(filled, service):
    """What the table gives to the person alone, for every role at the very agency that walks with them."""
    async with served(filled, service) as here:
        own = [(m, e) for m, e in here.routes if e.action and set(TABLE[e.action].needs) == {Role.PERSON}]
        assert own
        for method, entry in own:
            for role in WORKERS:
                answer = await here.ask(method, address(entry.path, demo.RAY, ROW), here.as_(role, ALDER))
                behind = TABLE[entry.action or ""].behind
                expected = {404} if behind == entry.action else {403, 404}
                assert answer.status_code in expected, (method, entry.path, role)


@pytest.mark.parametrize("service", ["intake", "caseplan", "notifications"])
async def test_one_persons_token_finds_nothing_of_another(filled, service):
    async with served(filled, service) as here:
        around = [(m, e) for m, e in here.routes if "/people/{" in e.path and may_at_all(Role.PERSON, e.action or "")]
        assert around
        for method, entry in around:
            answers = [
                await here.ask(method, address(entry.path, whom, ROW), here.as_(Role.PERSON))
                for whom in (demo.RAY, uuid7())
            ]
            assert {answer.status_code for answer in answers} == {404}, (method, entry.path)
            assert answers[0].text == answers[1].text, "whether there is somebody like that"
