"""Whom somebody never lets look is read by nobody but them; that it was looked at, said and taken back is written down.

Somebody else with their phone could open again what they had shut for good.
"""

import pytest

from shared.security.demo import AUDITOR, CEDAR_HOUSE, DANA
from tests.integration.intake.conftest import door
from tests.integration.intake.world import Door

pytestmark = pytest.mark.network
__all__ = ["door"]


async def test_every_word_about_it_stands_in_the_audit_and_names_no_agency(door: Door):
    person = await door.add()
    page = f"/intake/people/{person}/never"
    assert (await door.post(page, {"agency": str(CEDAR_HOUSE)}, person)).status_code == 200
    assert (await door.get(page, person)).json() == {"never": [str(CEDAR_HOUSE)]}
    assert (await door.post(f"{page}/{CEDAR_HOUSE}/take-back", {}, person)).status_code == 200
    written = await door.pool.fetch(
        "SELECT action, object FROM audit WHERE person_id = $1 AND action LIKE 'never.%' ORDER BY number", person
    )
    assert [tuple(row) for row in written] == [
        ("never.say", "never/said"), ("never.read", "never"), ("never.say", "never/taken_back"),
    ]  # fmt: skip
    looks = await door.get(f"/intake/people/{person}/looks", AUDITOR)
    assert looks.status_code == 200 and str(CEDAR_HOUSE) not in looks.text


async def test_whoever_tries_which_agency_is_kept_out_is_written_down_without_its_name(door: Door):
    """Their own worker, by asking for one after the other; the person reads that it was tried."""
    person = await door.add()
    assert (await door.post(f"/intake/people/{person}/never", {"agency": str(CEDAR_HOUSE)}, person)).status_code == 200
    asked = {"person": str(person), "recipient": str(CEDAR_HOUSE), "categories": ["referral"]}
    for path, more in (("/intake/consents/ask", {}), ("/intake/consents", {"shown": True, "given": "in_person"})):
        assert (await door.post(path, asked | more, DANA)).status_code == 422
    tried = await door.pool.fetch(
        "SELECT action, object FROM audit WHERE person_id = $1 AND actor_id = $2 AND NOT allowed", person, DANA
    )
    assert [tuple(row) for row in tried] == [("consent.ask", f"person/{person}")] * 2
