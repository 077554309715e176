"""Somebody tells who they are: once, at their own pace, whole or in parts, and nobody's word is written over."""

from uuid import UUID

import pytest

from services.intake.portrait import MOST_AT_ONCE
from services.intake.reactions import reactions
from shared.contracts import referral
from shared.contracts.codec import to_kafka
from shared.contracts.data import encode_data
from shared.contracts.documents.samples import sample_of
from shared.contracts.envelope import Envelope
from shared.contracts.referral import Outcome, ReferralEvent
from shared.messaging.inbox import Inbox
from shared.runtime.ids import uuid7
from shared.security.demo import CEDAR_HOUSE, DANA, GRACE, LENA, MARCUS, YUSUF
from tests.integration.intake.world import NAME, Door, Record, text

pytestmark = pytest.mark.network


async def tell(door: Door, person: UUID, section: str, account: UUID, *, status: int = 200, **said) -> dict:
    answer = await door.post(f"/intake/people/{person}/portrait/{section}", said, account)
    assert answer.status_code == status, answer.text
    return answer.json()


async def opened(door: Door, person: UUID, section: str, account: UUID = DANA) -> None:
    answer = await door.post(f"/intake/people/{person}/portrait/{section}/open", {}, account)
    assert answer.status_code == 200, answer.text


async def known(door: Door, person: UUID, account: UUID) -> dict[str, dict]:
    answer = await door.get(f"/intake/people/{person}/portrait", account)
    assert answer.status_code == 200, answer.text
    return {one["question"]: one for one in answer.json()["answers"]}


async def test_nothing_beyond_the_first_day_s_fields_is_asked_before_they_let_us(door: Door):
    person = await door.add()
    page = await door.page(f"/intake/people/{person}/portrait/portrait", DANA)
    assert "Ask first" in text(page) and "textarea" not in page.text
    refused = await tell(door, person, "portrait", DANA, joys="Fishing", status=409)
    assert "Ask whether they want to go on" in refused["detail"]
    await opened(door, person, "portrait")
    await tell(door, person, "portrait", DANA, joys="Fishing")
    [opening] = [event for event in await door.events("portrait") if event["type"].endswith("opened.v1")]
    assert opening["data"]["fields"] <= MOST_AT_ONCE
    assert (opening["data"]["by"], opening["data"]["day"]) == ("worker", 0)


async def test_on_their_own_page_they_open_what_they_like(door: Door):
    person = await door.add()
    await tell(door, person, "strengths", person, good_at="Fixing engines")
    assert await door.types("portrait") == ["portrait.opened", "portrait.told"]
    assert (await known(door, person, DANA))["good_at"]["answer"] == "Fixing engines"


async def test_a_skip_is_their_right_and_no_gap(door: Door):
    person = await door.add()
    await tell(door, person, "about", person, pronouns="she", skip=["faith"])
    told = (await door.events("portrait"))[-1]["data"]
    assert (told["answered"], told["skipped"]) == (["pronouns"], ["faith"])
    assert "That is their right" in text(await door.page(f"/intake/people/{person}/portrait", DANA))
    assert "That is your right" in text(await door.page(f"/intake/people/{person}/portrait", person))


async def test_what_they_said_at_the_door_is_not_asked_again(door: Door):
    person = await door.add(matters="To see my daughter", needs=["housing"])
    answers = await known(door, person, DANA)
    assert (answers["matters"]["answer"], answers["housing"]["answer"]) == ("To see my daughter", "first")
    await opened(door, person, "basics")
    page = await door.page(f"/intake/people/{person}/portrait/basics", DANA)
    assert "housing:0" in page.text and 'value="first" checked' in page.text


async def test_two_workers_see_each_others_word_and_nothing_is_lost(door: Door):
    person = await door.add()
    await opened(door, person, "portrait")
    drawn = {"seen": "matters:0 joys:0"}
    first = await door.fill(f"/intake/people/{person}/portrait/portrait", {**drawn, "joys": "Fishing"}, DANA)
    assert first.status_code == 303
    second = {**drawn, "joys": "Her garden", "matters": "My mother"}
    clash = await door.fill(f"/intake/people/{person}/portrait/portrait", second, LENA)
    assert clash.status_code == 409
    assert "“Fishing”" in text(clash) and "Her garden" in clash.text and "My mother" in clash.text
    assert (await known(door, person, DANA))["joys"]["answer"] == "Fishing"
    again = await door.fill(f"/intake/people/{person}/portrait/portrait", {**second, "seen": "matters:0 joys:1"}, LENA)
    assert again.status_code == 303
    answers = await known(door, person, DANA)
    assert (answers["joys"]["answer"], answers["joys"]["version"]) == ("Her garden", 2)
    page = text(await door.page(f"/intake/people/{person}/portrait", DANA))
    assert "before: Fishing" in page


async def test_a_field_that_was_not_touched_writes_over_nothing(door: Door):
    person = await door.add()
    await tell(door, person, "portrait", person, joys="Fishing", proud_of="My work")
    drawn = {"seen": "joys:1 proud_of:1", "joys": "Fishing", "proud_of": "My work"}
    await tell(door, person, "portrait", person, proud_of="My children")
    later = await door.fill(f"/intake/people/{person}/portrait/portrait", {**drawn, "joys": "Music"}, DANA)
    assert later.status_code == 409 or later.status_code == 303
    answers = await known(door, person, person)
    assert answers["proud_of"]["answer"] == "My children"


async def test_another_agency_asks_only_what_it_may_not_see_and_retellings_are_counted(door: Door):
    person = await door.add()
    await tell(door, person, "portrait", person, joys="Fishing", matters="My mother")
    nobody = await door.get(f"/intake/people/{person}/portrait", YUSUF)
    assert nobody.status_code == 404
    await door.allow(person, categories=["referral"])
    assert await known(door, person, YUSUF) == {}
    await opened(door, person, "portrait", YUSUF)
    page = await door.page(f"/intake/people/{person}/portrait/portrait", YUSUF)
    assert 'name="joys"' in page.text and "Fishing" not in page.text
    await tell(door, person, "portrait", YUSUF, joys="Still fishing")
    told = (await door.events("portrait"))[-1]["data"]
    assert (told["agency"], told["retold"]) == (str(CEDAR_HOUSE), ["joys"])
    assert "tell 1 of this again" in text(await door.page(f"/intake/people/{person}/portrait", person))
    assert (await known(door, person, DANA))["joys"]["answer"] == "Fishing", "nothing flows back unasked"
    await door.allow(person, categories=["portrait"])
    page = await door.page(f"/intake/people/{person}/portrait/portrait", YUSUF)
    assert 'name="matters"' not in page.text and "No need to say it again" in text(page)
    await tell(door, person, "portrait", YUSUF, my_day="Up early")
    assert (await door.events("portrait"))[-1]["data"]["spared"] == ["matters"]
    mine = await door.page(f"/intake/people/{person}/portrait/portrait", person)
    assert 'name="my_day"' in mine.text and "You told this to Cedar House" in text(mine), (
        "all of it is theirs to change"
    )
    elsewhere = await door.get(f"/intake/people/{person}/portrait", GRACE)
    assert elsewhere.status_code == 404


async def test_care_opens_under_its_own_category_alone(door: Door):
    person = await door.add()
    await tell(door, person, "care", person, substance_use="first", health="later", care_wishes="No needles")
    await door.allow(person, categories=["health", "needs"])
    assert set(await known(door, person, YUSUF)) == {"health"}


async def test_needs_travel_in_parts_and_each_sitting_is_a_version(door: Door):
    person = await door.add()
    await tell(door, person, "basics", person, housing="first", tonight="unsure")
    await tell(door, person, "basics", person, housing="fine")
    first, second = [event["data"] for event in await door.events("need")]
    assert first["needs"] == [{"need": "housing", "stands": "first"}]
    assert (second["needs"], second["sitting"]) == ([{"need": "housing", "stands": "fine"}], 2)
    await tell(door, person, "care", person, health="first")
    sealed = [row["data"] for row in await door.pool.fetch("SELECT data FROM outbox WHERE topic LIKE '%need%'")]
    assert all(b"housing" not in data and b"first" not in data for data in sealed)
    page = text(await door.page(f"/intake/people/{person}/portrait", DANA))
    assert "What changed" in page and "before: Help me with this first" in page


async def test_what_they_like_to_be_called_is_their_name_everywhere(door: Door):
    person = await door.add()
    await tell(door, person, "about", person, called="Robin")
    assert (await door.get(f"/intake/people/{person}/name", DANA)).json()["name"] == "Robin"
    found = await door.post("/intake/people/find", {"q": "rob"}, DANA)
    assert [one["id"] for one in found.json()["people"]] == [str(person)]
    gone = await door.post("/intake/people/find", {"q": NAME[:6]}, DANA)
    assert str(person) not in gone.text


async def test_a_wrong_choice_is_mended_and_what_was_typed_is_kept(door: Door):
    person = await door.add()
    said = {"seen": "housing:0 plan_b:0", "housing": "palace", "plan_b": "My aunt"}
    page = await door.fill(f"/intake/people/{person}/portrait/basics", said, person)
    assert page.status_code == 422 and "My aunt" in page.text
    other = await tell(door, person, "basics", person, joys="Fishing", status=422)
    assert "elsewhere" in str(other)


async def test_a_mentor_reads_and_writes_nothing(door: Door):
    person = await door.add()
    answer = await door.post(f"/intake/people/{person}/portrait/portrait", {"joys": "x"}, MARCUS)
    assert answer.status_code in (403, 404)


async def hear(door: Door, *facts: ReferralEvent) -> None:
    """As caseplan says them, one after the other."""
    for event in facts:
        await inbox_of(door).process([await as_caseplan_says(door, event)])


def inbox_of(door: Door) -> Inbox:
    inbox = Inbox(door.pool, "intake", reactions)
    inbox.cluster = "test"
    return inbox


async def as_caseplan_says(door: Door, event: ReferralEvent) -> Record:
    door.heard += 1
    envelope = Envelope(
        id=uuid7(),
        source="/throughcare/caseplan",
        type=event.type,
        subject=str(event.referral),
        time=await door.pool.fetchval("SELECT clock()"),
        sequence=door.heard,
        epoch=1,
        partitionkey=str(event.person),
        dataschema=f"urn:throughcare:schema:{event.type}",
        data=encode_data(event),
        traceparent=None,
        causationid=None,
        actor=None,
    )
    return Record(event.topic, 0, door.heard, *to_kafka(envelope))


def says(kind: type[ReferralEvent], person: UUID, **more) -> ReferralEvent:
    return sample_of(kind).model_copy(update={"person": person, "need": "housing", **more})


async def test_a_referral_tells_what_became_of_a_need(door: Door):
    person = await door.add(needs=["food"])
    await hear(door, says(referral.Sent, person))
    assert (await known(door, person, DANA))["housing"]["answer"] == "asked"
    await hear(door, says(referral.Reported, person), says(referral.Confirmed, person, outcome=Outcome.GOT_HELP))
    housing = (await known(door, person, DANA))["housing"]
    assert (housing["answer"], housing["by"], housing["version"]) == ("met", "referral", 2)
    first, second = [event["data"] for event in await door.events("need")]
    assert (first["needs"][0]["stands"], second["needs"][0]["stands"]) == ("asked", "met")
    page = text(await door.page(f"/intake/people/{person}/portrait", person))
    assert "You got the help" in page and "What you asked for" in page
    await opened(door, person, "basics")
    form = {"seen": "housing:2 plan_b:0", "plan_b": "My aunt"}
    assert (await door.fill(f"/intake/people/{person}/portrait/basics", form, DANA)).status_code == 303
    assert (await known(door, person, DANA))["housing"]["answer"] == "met", "a form takes back no fact"


async def test_a_referral_of_somebody_who_was_erased_or_is_not_here_changes_nothing(door: Door):
    await hear(door, says(referral.Sent, uuid7()))
    assert await door.events("need") == []
