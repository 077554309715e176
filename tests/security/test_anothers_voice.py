"""A service that was broken into can write its own topics, where the broker lets it: what it says there in another
service's name counts for nothing."""

import pytest

from shared.contracts.halted import Halted
from tests.integration.intake.conftest import door
from tests.integration.intake.world import Door

pytestmark = pytest.mark.network
__all__ = ["door"]
DISCLOSING = ("caseplan", "notifications")


async def test_nobody_says_for_another_service_that_nothing_more_goes_out(door: Door):
    person = await door.add()
    consent = (await door.allow(person))["id"]
    where = f"/intake/consents/{consent}"
    assert (await door.post(f"{where}/revoke", {}, person)).json()["stage"] == "revoked"
    for sequence, by in enumerate(DISCLOSING, 1):
        await door.hear_halted(by, consent, person, sequence, topic=Halted.channel.format(service="reporting"))
    assert (await door.get(where, person)).json()["stage"] == "revoked"
    parked = await door.pool.fetchval("SELECT detail FROM dead_letter ORDER BY number LIMIT 1")
    assert parked == "wrong_topic: service"
    for by in DISCLOSING:
        await door.hear_halted(by, consent, person)
    assert (await door.get(where, person)).json()["stage"] == "in_effect"
