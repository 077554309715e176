"""Promise P2: staff keep their word in the open; the person's word counts where the two differ."""

from datetime import timedelta
from uuid import UUID

import pytest

from shared.contracts import person
from shared.runtime.ids import uuid7
from shared.security.demo import DANA, GRACE, JO, LENA, RAY, YUSUF
from tests.integration.caseplan.scenes import promise_by
from tests.integration.caseplan.world import CEDAR, HOME, HTML, World

pytestmark = pytest.mark.network


async def test_a_promise_is_made_and_kept_and_both_read_its_words(world: World):
    promise = await promise_by(world)
    await world.ok(DANA, f"/caseplan/promises/{promise}/keep")
    for who, path in ((DANA, f"/caseplan/people/{RAY}"), (RAY, "/caseplan/me")):
        [read] = (await world.read(who, path))["promises"]
        assert (read["words"], read["stage"]) == ("I will ask the clinic who drives you.", "kept")
    told = await world.told(promise, "kept")
    assert (told["late"], told["by_person"], told["worker"]) == (False, False, str(DANA))


async def test_the_thread_says_which_promise_it_was(world: World):
    await promise_by(world)
    page = await world.page(DANA, f"/caseplan/people/{RAY}")
    assert "Gave a promise. “I will ask the clinic who drives you.”" in page


async def test_silence_at_its_time_is_no_keeping(world: World):
    promise = await promise_by(world, hours=6)
    await world.later(hours=6, minutes=1)
    assert await world.stage("promise", promise) == "overdue"
    early = await world.post(DANA, f"/caseplan/promises/{promise}/keep")
    assert early.status_code == 409, "its time is over: it can only be kept late"
    await world.later(hours=24)
    assert await world.events(promise) == ["promise.made", "promise.came_due", "promise.broken"]
    await world.ok(DANA, f"/caseplan/promises/{promise}/admit")
    assert (await world.told(promise, "admitted"))["admitted"] is True


async def test_another_time_holds_once_the_person_agrees(world: World):
    promise = await promise_by(world, hours=6)
    later = (await world.now() + timedelta(days=2)).isoformat()
    await world.ok(DANA, f"/caseplan/promises/{promise}/ask-for-time", {"due": later})
    before = (await world.read(RAY, "/caseplan/me"))["promises"][0]["due_at"]
    await world.ok(RAY, f"/caseplan/promises/{promise}/agree")
    after = (await world.read(RAY, "/caseplan/me"))["promises"][0]["due_at"]
    assert before < after
    assert await world.events(promise) == ["promise.made", "promise.time_asked", "promise.renegotiated"]


async def test_the_old_time_holds_while_another_is_asked_for(world: World):
    promise = await promise_by(world, hours=6)
    later = (await world.now() + timedelta(days=2)).isoformat()
    await world.ok(DANA, f"/caseplan/promises/{promise}/ask-for-time", {"due": later})
    await world.later(hours=7)
    assert await world.stage("promise", promise) == "overdue"


async def test_the_persons_word_counts_where_the_two_differ(world: World):
    promise = await promise_by(world)
    await world.ok(DANA, f"/caseplan/promises/{promise}/keep")
    await world.ok(RAY, f"/caseplan/promises/{promise}/say-broken")
    assert await world.stage("promise", promise) == "broken"
    assert (await world.told(promise, "broken"))["by_person"] is True
    assert (await world.post(DANA, f"/caseplan/promises/{promise}/say-kept")).status_code == 404


async def test_what_the_person_says_did_not_happen_stays_before_the_worker_until_it_is_owned_up_or_mended(world: World):
    async def word() -> list[str]:
        return [row["id"] for row in (await world.read(DANA, "/caseplan/today"))["groups"].get("word", ())]

    owned, mended = [await promise_by(world) for _ in range(2)]
    for promise in (owned, mended):
        await world.ok(RAY, f"/caseplan/promises/{promise}/say-broken")
    assert set(await word()) == {str(owned), str(mended)}
    page = (await world.get(DANA, "/caseplan/today", **HTML)).text
    assert "They say that it did not happen." in page
    await world.ok(DANA, f"/caseplan/promises/{owned}/admit")
    assert await word() == [str(mended)]
    due = (await world.now() + timedelta(days=5)).isoformat()
    mend = {"person": str(RAY), "words": "I will bring it myself.", "due": due, "mends": str(mended)}
    await world.ok(DANA, "/caseplan/promises", mend)
    assert await word() == []


async def test_somebody_new_waits_on_todays_page_until_a_worker_is_named_and_has_begun(world: World):
    async def new(who: UUID) -> list[tuple[str, str]]:
        rows = (await world.read(who, "/caseplan/today"))["groups"].get("new", ())
        return [(row["person"], row["stage"]) for row in rows if row["person"] == str(id)]

    id = uuid7()
    await world.hear(person.Welcomed(person=id, language="es", agency=HOME, worker=None, synthetic=True), id)
    assert (await new(LENA), await new(DANA)) == ([(str(id), "unnamed")], [])
    page = await world.page(LENA, "/caseplan/today")
    assert "Somebody new waits for you" in page and "Nobody walks with them yet." in page
    named = person.WorkerAssigned(person=id, agency=HOME, worker=DANA, reason="welcomed")
    await world.hear(named, id)
    assert (await new(LENA), await new(DANA)) == ([], [(str(id), "unmet")])
    assert "New: meet them." in await world.page(DANA, "/caseplan/today")
    await promise_by(world, id)
    assert await new(DANA) == []


async def test_our_late_word_comes_before_what_is_due_later(world: World):
    late = await promise_by(world)
    await world.later(hours=10)
    due = (await world.now() + timedelta(hours=1)).isoformat()
    soon = await world.ok(DANA, "/caseplan/promises", {"person": str(RAY), "words": "I will call.", "due": due})
    rows = (await world.read(DANA, "/caseplan/today"))["groups"]["word"]
    assert [row["id"] for row in rows] == [str(late), soon["id"]]


async def test_a_broken_promise_is_mended_by_a_new_one_to_the_same_person(world: World):
    promise = await promise_by(world)
    await world.ok(DANA, f"/caseplan/promises/{promise}/admit")
    due = (await world.now() + timedelta(days=1)).isoformat()
    mend = {"words": "I will bring it myself.", "due": due, "mends": str(promise)}
    made = await world.ok(DANA, "/caseplan/promises", mend | {"person": str(RAY)})
    assert (await world.told(made["id"], "made"))["mends"] == str(promise)
    other = await world.post(DANA, "/caseplan/promises", mend | {"person": str(JO)})
    assert (other.status_code, other.json()["field"]) == (422, "mends")


async def test_only_who_gave_it_keeps_it_and_staff_of_an_asked_agency_may_give_one(world: World):
    promise = await promise_by(world)
    assert (await world.post(LENA, f"/caseplan/promises/{promise}/keep")).status_code == 403
    assert (await world.post(YUSUF, f"/caseplan/promises/{promise}/keep")).status_code == 404
    due = (await world.now() + timedelta(days=1)).isoformat()
    body = {"person": str(RAY), "words": "I will show you the room.", "due": due}
    assert (await world.post(YUSUF, "/caseplan/promises", body)).status_code == 404
    await world.consent(RAY, CEDAR)
    await world.refer()
    made = await world.ok(YUSUF, "/caseplan/promises", body)
    assert (await world.told(made["id"], "made"))["agency"] == str(CEDAR)
    assert (await world.post(GRACE, "/caseplan/promises", body)).status_code == 404
    assert (await world.post(RAY, "/caseplan/promises", body)).status_code in (403, 404)


async def test_a_contact_and_its_promise_are_one_form(world: World):
    today = (await world.now()).date()
    body = {
        "who": str(RAY), "how": "met", "what": "Wants a ride on Wednesday.", "speak_on": str(today + timedelta(days=2)),
        "promise": "I will ask who drives you.", "by": str(today), "at": "16:00",
    }  # fmt: skip
    made = await world.ok(DANA, "/caseplan/contacts", body)
    mine = await world.read(RAY, "/caseplan/me")
    assert mine["promises"][0]["words"] == "I will ask who drives you."
    assert mine["promises"][0]["due"].startswith(f"{today}T21:00")
    [line] = [line for line in mine["timeline"] if line["kind"] == "contact"]
    assert (line["verb"], line["words"], line["id"]) == ("met", "Wants a ride on Wednesday.", made["id"])
    groups = (await world.read(DANA, "/caseplan/today"))["groups"]
    assert [row["kind"] for row in groups["word"]] == ["promise"]
    await world.later(days=2)
    groups = (await world.read(DANA, "/caseplan/today"))["groups"]
    assert "contact" in [row["kind"] for row in groups["word"]]


async def test_a_contact_with_a_promise_that_cannot_be_made_is_not_written_either(world: World):
    before = await world.counts()
    body = {"who": str(RAY), "how": "met", "promise": "I will ask.", "by": "2020-01-01"}
    answer = await world.post(DANA, "/caseplan/contacts", body)
    assert (answer.status_code, answer.json()["field"]) == (422, "by")
    assert await world.counts() == before


async def test_a_contact_under_an_id_that_is_taken_is_refused_and_changes_nothing(world: World):
    body = {"id": str(uuid7()), "who": str(RAY), "how": "met", "what": "Wants a ride."}
    await world.ok(DANA, "/caseplan/contacts", body)
    before = await world.counts()
    assert (await world.post(DANA, "/caseplan/contacts", body | {"what": "Another."})).status_code == 409
    assert await world.counts() == before
