"""An agency that was asked once, and may be told of nothing any more: it reads nothing new by asking, promising or
worrying, and nothing of its own lands on the person's page."""

from uuid import UUID

import pytest

from shared.contracts import account
from shared.security.demo import DANA, GRACE, JO, RAY, YUSUF
from shared.security.permissions import Role
from shared.security.tokens import Tokens, actor_of
from tests.integration.caseplan.conftest import world as caseplan_world
from tests.integration.caseplan.world import CEDAR, HOME, World

pytestmark = pytest.mark.network
__all__ = ["caseplan_world"]
HANDS_OFF = {"person": str(RAY), "words": "I will find out where you are.", "due": "2026-12-24T16:00:00Z"}


@pytest.fixture
def world(caseplan_world: World) -> World:
    return caseplan_world


async def asked_and_stopped(world: World) -> UUID:
    consent = await world.consent(RAY, CEDAR)
    referral = await world.refer()
    assert (await world.post(YUSUF, "/caseplan/promises", HANDS_OFF)).status_code == 201, "as long as it may be told"
    await world.revoke(RAY, consent)
    return referral


async def test_it_promises_nothing_to_who_stopped_it(world: World):
    await asked_and_stopped(world)
    refused = await world.post(YUSUF, "/caseplan/promises", HANDS_OFF)
    never_asked = await world.post(GRACE, "/caseplan/promises", HANDS_OFF)
    assert (refused.status_code, refused.content) == (404, never_asked.content)
    assert (await world.get(YUSUF, f"/caseplan/promises/new?person={RAY}", Accept="text/html")).status_code == 404
    assert len((await world.read(RAY, "/caseplan/me"))["promises"]) == 1


async def test_it_may_still_worry_and_reads_no_more_who_walks_with_them(world: World):
    opened = account.Opened(account=DANA, agency=HOME, role="case_manager", sealed_name=None)
    await world.hear(opened, DANA)
    consent = await world.consent(RAY, CEDAR)
    await world.refer()
    page = f"/caseplan/concerns/new?person={RAY}"
    assert "Dana Whitfield" in await world.page(YUSUF, page)
    await world.revoke(RAY, consent)
    after = await world.page(YUSUF, page)
    assert "Dana" not in after and "their worker" in after
    await world.ok(YUSUF, "/caseplan/concerns", {"person": str(RAY), "words": "He looked ill."})


async def test_what_stands_there_now_is_told_by_no_refusal(world: World):
    """The person withdrew it since: to the agency that is as if it had never been."""
    referral = await asked_and_stopped(world)
    await world.ok(RAY, f"/caseplan/referrals/{referral}/withdraw")
    for verb in ("see", "accept", "begin", "hold", "report"):
        body = {"hold": {"hold_reason": "no_place"}, "report": {"outcome": "got_help"}}.get(verb, {})
        answer = await world.post(YUSUF, f"/caseplan/referrals/{referral}/{verb}", body)
        assert answer.status_code == 404, (verb, answer.text)


async def test_who_does_another_work_by_now_reads_on_their_day_what_their_work_lets_them_read(world: World):
    """A case manager who became a mentor holds a setback and a worry until somebody takes them over."""
    setback = (await world.ok(JO, "/caseplan/setbacks", {"words": "I sleep badly."}))["id"]
    assert setback in str(await world.read(DANA, "/caseplan/today"))
    headers = {"Authorization": f"Bearer {mentor(world)}"}
    async with world.nobody() as client:
        day = await client.get("/caseplan/today", headers=headers)
        assert day.status_code == 200, day.text
        assert setback not in day.text
        assert (await client.get(f"/caseplan/setbacks/{setback}", headers=headers)).status_code == 404


def mentor(world: World) -> str:
    """A token of Dana's, since her work changed."""
    return Tokens(world.running.settings).issue(actor_of(DANA, Role.MENTOR, HOME, None))
