"""The account of disclosures: whom intake told of somebody, by their own yes, and nobody else's look."""

import pytest

from shared.security.demo import AUDITOR, DANA, GRACE, YUSUF
from tests.integration.intake.world import Door, text

pytestmark = pytest.mark.network


async def test_what_another_agency_looked_up_stands_there_and_what_ones_own_read_does_not(door: Door):
    person = await door.add()
    await door.allow(person, categories=["referral", "contact"])
    assert (await door.get(f"/intake/people/{person}/name", YUSUF)).status_code == 200
    assert (await door.get(f"/intake/people/{person}/reach", YUSUF)).status_code == 200
    assert (await door.get(f"/intake/people/{person}/name", GRACE)).status_code == 404, "it was not told"
    await door.get(f"/intake/people/{person}/name", DANA)
    found = (await door.get(f"/intake/people/{person}/disclosures", person)).json()["disclosures"]
    assert [(one["name"], one["what"], one["way"]) for one in found] == [
        ("Cedar House", "person.reach", "shown"),
        ("Cedar House", "person.name", "shown"),
    ]
    page = text(await door.page(f"/intake/people/{person}/disclosures", person))
    assert "how to reach you and your name." in page
    assert "Why: you said yes to it." in page


async def test_the_whole_account_is_one_sheet_of_three_parts_for_the_person_and_the_auditor(door: Door):
    person = await door.add()
    page = await door.page(f"/intake/people/{person}/told", person)
    for service in ("intake", "caseplan", "notifications"):
        assert f"/{service}/people/{person}/disclosures" in page.text
    assert "Nobody was told here." in text(await door.page(f"/intake/people/{person}/disclosures", person))
    assert (await door.page(f"/intake/people/{person}/told", AUDITOR)).status_code == 200
    for who in (DANA, YUSUF):
        assert (await door.page(f"/intake/people/{person}/told", who)).status_code in (403, 404)
    assert f"/intake/people/{person}/told" in (await door.page(f"/intake/people/{person}/shared", person)).text
