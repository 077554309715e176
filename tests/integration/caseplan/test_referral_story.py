"""Promise P1 on a real database: a referral from its first word to the person's last."""

import pytest

from shared.security.demo import RAY, YUSUF
from tests.integration.caseplan.world import CEDAR, World

pytestmark = pytest.mark.network


async def test_a_referral_goes_from_sent_to_the_persons_own_word(world: World):
    await world.consent(RAY, CEDAR)
    referral = await world.refer()
    for verb, body in (("see", {}), ("accept", {}), ("begin", {}), ("report", {"outcome": "got_help"})):
        await world.ok(YUSUF, f"/caseplan/referrals/{referral}/{verb}", body)
    answer = await world.ok(RAY, f"/caseplan/referrals/{referral}/confirm")
    assert answer == {"id": str(referral), "stage": "closed"}
    assert await world.events(referral) == [
        f"referral.{what}" for what in ("drafted", "sent", "seen", "accepted", "begun", "reported", "confirmed")
    ]
