"""Accounts of staff: invited, changed and ended by those who answer for them; nobody is left without a worker."""

from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from services.intake.account_invitations import open_account
from services.intake.accounts import Account, Stage
from services.intake.refolding import refold
from services.intake.store.accounts import find_by_sign_in
from shared.contracts import account as events
from shared.contracts.envelope import Envelope
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.security import demo
from shared.security.permissions import Role
from shared.security.sealing import Compartment, as_bytes, as_text, open_sealed
from shared.security.workers import open_names, seal_name
from tests.integration.intake.browsers import Browsers, fields
from tests.integration.intake.test_staff_sign_in import PASSWORD, Colleague, set_up, sign_in
from tests.integration.intake.world import CALENDAR, HTML, NAME, Door, open_door, text
from tests.network import FreshDatabase, Network

pytestmark = pytest.mark.network
CANARY = "Canary Fieldfare"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(network: Network) -> AsyncIterator[Door]:
    """With the cast as accounts, as the demo has them, and somebody who answers for Welcome Alder."""
    fresh = FreshDatabase(network)
    async with open_door(fresh) as door:
        for one in (demo.by_id(id) for id in (demo.DANA, demo.LENA, demo.YUSUF, demo.RUTH)):
            account = Account(one.id, one.agency, one.role, one.name.lower().replace(" ", "."), Stage.ACTIVE)
            assert await open_account(door.pool, door.running.keys, account, one.name, demo.RUTH)
        yield door
    await fresh.drop()


@pytest.fixture
def browsers(house: Door) -> Browsers:
    return Browsers(house)


def new(**changed: object) -> dict[str, object]:
    return {"name": CANARY, "sign_in": f"c{uuid7().hex[-12:]}", "role": "case_manager", **changed}


async def invited(house: Door, by: UUID = demo.YUSUF, **changed: object) -> tuple[UUID, str]:
    answer = await house.post("/intake/accounts", new(**changed), by)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"]), answer.json()["link"]


async def of_welcome_alder(house: Door, **changed: object) -> UUID:
    return (await invited(house, demo.RUTH, agency=str(demo.WELCOME_ALDER), **changed))[0]


async def test_an_administrator_sees_who_works_at_their_agency_and_the_office_sees_everybody(house: Door):
    id, _ = await invited(house)
    mine = (await house.get("/intake/accounts", demo.YUSUF)).json()["accounts"]
    assert {row["agency"] for row in mine} == {str(demo.CEDAR_HOUSE)}
    assert (str(id), CANARY, "invited") in {(row["id"], row["name"], row["stage"]) for row in mine}
    all_of_them = (await house.get("/intake/accounts", demo.RUTH)).json()["accounts"]
    assert {str(demo.DANA), str(demo.YUSUF), str(demo.RUTH), str(id)} <= {row["id"] for row in all_of_them}


async def test_an_account_that_a_command_line_opened_is_written_down_as_any_other(house: Door):
    account = Account(uuid7(), None, Role.OPS, f"c{uuid7().hex[-12:]}")
    assert await open_account(house.pool, house.running.keys, account, CANARY, demo.RUTH)
    taken = Account(uuid7(), None, Role.OPS, account.sign_in)
    assert await open_account(house.pool, house.running.keys, taken, CANARY, demo.RUTH) is None
    statement = "SELECT actor_role, action FROM audit WHERE object = $1"
    [row] = await house.pool.fetch(statement, f"account/{account.id}")
    assert tuple(row) == ("ops", "account.manage")
    assert await house.pool.fetch(statement, f"account/{taken.id}") == []


@pytest.mark.parametrize("who", [demo.DANA, demo.LENA, demo.OPS, demo.IMANI])
async def test_nobody_else_sees_or_changes_accounts(house: Door, who: UUID):
    assert (await house.get("/intake/accounts", who)).status_code in (403, 404)
    assert (await house.post("/intake/accounts", new(), who)).status_code in (403, 404)
    assert (await house.post(f"/intake/accounts/{demo.YUSUF}/end", {}, who)).status_code in (403, 404)


async def test_an_account_of_another_agency_is_not_there(house: Door):
    unknown = uuid4()
    for path, body in (
        ("end", {}),
        ("role", {"role": "mentor"}),
        ("invite-again", {}),
        ("hand-over", {"worker": str(demo.LENA)}),
    ):
        there = await house.post(f"/intake/accounts/{demo.DANA}/{path}", body, demo.YUSUF)
        absent = await house.post(f"/intake/accounts/{unknown}/{path}", body, demo.YUSUF)
        assert there.status_code == absent.status_code == 404, path
        assert there.text.replace(str(demo.DANA), "") == absent.text.replace(str(unknown), "")
    assert (await house.get(f"/intake/accounts/{demo.DANA}", demo.YUSUF)).status_code == 404
    elsewhere = await house.post("/intake/accounts", new(agency=str(demo.WELCOME_ALDER)), demo.YUSUF)
    assert elsewhere.status_code in (403, 404)


@pytest.mark.parametrize("role", ["network_admin", "ops", "auditor", "person", "anyone", "root"])
async def test_an_administrator_gives_no_role_that_is_not_of_an_agency(house: Door, role: str):
    id, _ = await invited(house)
    assert (await house.post("/intake/accounts", new(role=role), demo.YUSUF)).status_code == 422
    assert (await house.post(f"/intake/accounts/{id}/role", {"role": role}, demo.YUSUF)).status_code == 422


async def test_nobody_changes_or_ends_their_own(house: Door):
    for path, body in (("end", {}), ("role", {"role": "supervisor"}), ("invite-again", {})):
        assert (await house.post(f"/intake/accounts/{demo.YUSUF}/{path}", body, demo.YUSUF)).status_code == 409, path


@pytest.mark.parametrize(
    "changed", [{"sign_in": "A B"}, {"sign_in": "x"}, {"sign_in": "../../a"}, {"name": ""}, {"is_admin": True}], ids=str
)  # fmt: skip
async def test_what_makes_no_account_is_refused_and_told(house: Door, changed: dict):
    assert (await house.post("/intake/accounts", new(**changed), demo.YUSUF)).status_code == 422


async def test_two_never_sign_in_by_one_name(house: Door):
    await invited(house, sign_in="the.same")
    answer = await house.post("/intake/accounts", new(sign_in="The.Same"), demo.YUSUF)
    assert (answer.status_code, "already" in answer.json()["detail"]) == (422, True)


async def test_the_link_is_shown_once_and_opens_the_account(house: Door, browsers: Browsers):
    page = await house.fill("/intake/accounts", new(name="Robin Field"), demo.YUSUF)
    assert page.status_code == 200 and "/intake/account/welcome/" in page.text
    assert "/intake/account/welcome/" not in (await house.page("/intake/accounts", demo.YUSUF)).text
    id, link = await invited(house)
    assert (await house.page(f"/intake/accounts/{id}", demo.YUSUF)).status_code == 200
    async with browsers.open() as asks:
        assert (await asks.get(link)).status_code == 200


async def test_a_changed_role_counts_at_once_and_their_session_goes_on(house: Door, browsers: Browsers):
    who = await somebody(house, browsers, role="mentor")
    async with browsers.open() as asks:
        await sign_in(asks, who)
        assert (await asks.get("/intake/accounts")).status_code == 404
        told = await house.post(f"/intake/accounts/{who.account.id}/role", {"role": "agency_admin"}, demo.YUSUF)
        assert told.json()["role"] == "agency_admin"
        browsers.app.state.fences.look_again()
        sent = await asks.get("/intake/accounts")
        assert sent.headers["location"] == "/intake/session/renew?next=/intake/accounts"
        assert (await asks.get(sent.headers["location"])).headers["location"] == "/intake/accounts"
        assert (await asks.get("/intake/accounts")).status_code == 200
    told = await house.types("account", who.account.id)
    assert told == ["account.opened", "account.proofs_replaced", "account.changed"]


async def somebody(house: Door, browsers: Browsers, **changed: object) -> Colleague:
    """A colleague at Cedar House who has set up their account."""
    said = new(**changed)
    id, link = await invited(house, **said)
    async with transaction(house.pool) as tx:
        found = await find_by_sign_in(tx, str(said["sign_in"]))
    secret = await open_sealed(house.running.keys, id, Compartment.IDENTITY, "account.totp", found.totp)
    who = Colleague(found.account, link, secret)
    async with browsers.open() as asks:
        assert (await set_up(browsers, asks, who)).status_code == 200
    return who


async def test_ending_access_ends_every_session_at_once(house: Door, browsers: Browsers):
    who = await somebody(house, browsers)
    async with browsers.open() as one, browsers.open() as two:
        for asks in (one, two):
            assert (await sign_in(asks, who, code=who.recovery[asks is two])).status_code == 303
        answer = await house.post(f"/intake/accounts/{who.account.id}/end", {}, demo.YUSUF)
        assert answer.json() == {"id": str(who.account.id), "sessions": 3, "people": 0}  # one of setting up
        browsers.app.state.fences.look_again()
        for asks in (one, two):
            gone = await asks.get("/intake/people/new")
            assert (await asks.get(gone.headers["location"])).headers["location"].startswith("/intake/sign-in")
            assert (await sign_in(asks, who, code=who.recovery[5])).status_code == 422
    rows = await house.pool.fetch("SELECT because FROM session WHERE account_id = $1", who.account.id)
    assert {row["because"] for row in rows} == {"access_ended"}
    assert await house.types("account", who.account.id) == ["account.opened", "account.proofs_replaced", "account.left"]


async def test_a_new_link_ends_what_let_them_in_before(house: Door, browsers: Browsers):
    who = await somebody(house, browsers)
    again = await house.post(f"/intake/accounts/{who.account.id}/invite-again", {}, demo.YUSUF)
    async with browsers.open() as asks:
        for code in (who.code(), who.recovery[0]):
            assert (await sign_in(asks, who, code=code)).status_code == 422
        assert (await asks.get(again.json()["link"])).status_code == 200
        assert (await asks.get(who.link)).status_code == 404
    assert PASSWORD not in again.text


async def test_whoever_left_people_behind_stands_out_until_a_colleague_walks_with_them(house: Door):
    leaving, staying = await of_welcome_alder(house), await of_welcome_alder(house)
    people = []
    for _ in range(3):
        person = await house.add()
        await house.send("PUT", f"/intake/people/{person}/worker", {"worker": str(leaving)}, demo.LENA)
        people.append(person)
    assert (await house.post(f"/intake/accounts/{leaving}/end", {}, demo.RUTH)).json()["people"] == 3
    row = (await house.get(f"/intake/accounts/{leaving}", demo.RUTH)).json()
    assert (row["people"], row["left_behind"]) == (3, True)
    page = await house.page(f"/intake/accounts/{leaving}", demo.RUTH)
    assert "left people behind" in text(page) and "3 people" in text(page)
    assert NAME not in page.text, "whom they walked with is not the office's to read"
    answer = await house.fill(f"/intake/accounts/{leaving}/hand-over", {"worker": str(staying)}, demo.RUTH)
    assert answer.status_code == 303
    row = (await house.get(f"/intake/accounts/{leaving}", demo.RUTH)).json()
    assert (row["people"], row["left_behind"]) == (0, False)
    for person in people:
        told = (await house.events("person", person))[-1]
        assert told["type"] == "throughcare.person.worker_assigned.v1"
        assert (told["data"]["worker"], told["data"]["reason"]) == (str(staying), "worker_left")


async def test_a_supervisor_hands_over_whom_a_colleague_of_theirs_walked_with_and_no_other_account_work(house: Door):
    leaving, staying = await of_welcome_alder(house), await of_welcome_alder(house)
    person = await house.add()
    await house.send("PUT", f"/intake/people/{person}/worker", {"worker": str(leaving)}, demo.LENA)
    path, body = (
        f"/intake/accounts/{leaving}/hand-over",
        {"worker": str(staying), "back": f"/caseplan/leaving/{leaving}"},
    )
    assert (await house.post(path, body, demo.DANA)).status_code in (403, 404)
    assert (await house.post(path, body, demo.YUSUF)).status_code == 404
    answer = await house.fill(path, body, demo.LENA)
    assert answer.headers["location"].startswith(f"/caseplan/leaving/{leaving}")
    assert (await house.get(f"/intake/accounts/{leaving}", demo.RUTH)).json()["people"] == 0
    assert (await house.post(f"/intake/accounts/{leaving}/end", {}, demo.LENA)).status_code in (403, 404)


@pytest.mark.parametrize("kind", ["left", "elsewhere", "unknown", "a mentor", "themselves"])
async def test_people_are_handed_to_nobody_who_can_not_walk_with_them(house: Door, kind: str):
    leaving = await of_welcome_alder(house)
    left = await of_welcome_alder(house)
    await house.post(f"/intake/accounts/{left}/end", {}, demo.RUTH)
    others = {
        "left": left,
        "elsewhere": (await invited(house))[0],
        "unknown": uuid4(),
        "a mentor": await of_welcome_alder(house, role="mentor"),
        "themselves": leaving,
    }
    body = {"worker": str(others[kind])}
    answer = await house.post(f"/intake/accounts/{leaving}/hand-over", body, demo.RUTH)
    assert answer.status_code == 422


async def test_in_the_demo_too_whoever_left_can_not_be_chosen(house: Door, browsers: Browsers):
    assert (await house.post(f"/intake/accounts/{demo.LENA}/end", {}, demo.RUTH)).status_code == 200
    async with browsers.open() as asks:
        form = fields((await asks.get("/intake/sign-in")).text, "Lena")
        assert (await asks.post("/intake/sign-in", data=form)).status_code == 404


async def test_no_name_travels_in_an_event_and_none_lies_in_clear(house: Door):
    await invited(house)
    said = await house.events("account")
    assert said and not any("Canary" in str(event) for event in said)
    rows = await house.pool.fetch("SELECT t::text AS text FROM account t")
    assert not any("Fieldfare" in row["text"] for row in rows)


async def test_what_is_told_of_an_account_holds_its_name_for_every_service_to_open(house: Door):
    id, _ = await invited(house)
    await house.post(f"/intake/accounts/{id}/role", {"role": "mentor"}, demo.YUSUF)
    told = [event["data"]["sealed_name"] for event in await house.events("account", id)]
    assert len(told) == 2
    for name in told:
        opened = await open_names(house.running.keys, {id: as_bytes(name) or b""})
        assert opened == {id: CANARY}


async def test_an_agency_keeps_its_workers_names_from_people_and_a_later_entry_does_not_undo_it(house: Door):
    page = await house.page("/intake/accounts", demo.YUSUF)
    assert "Show what we do, not our names" in page.text
    path = f"/intake/agencies/{demo.CEDAR_HOUSE}/staff-names"
    assert (await house.post(path, {"shows_roles": True}, demo.LENA)).status_code in (403, 404)
    assert (await house.fill(path, {"shows_roles": "true"}, demo.YUSUF)).status_code == 303
    assert (await house.events("agency", demo.CEDAR_HOUSE))[-1]["data"]["shows_roles"] is True
    assert "Show our names" in (await house.page("/intake/accounts", demo.YUSUF)).text
    entry = {"name": "Cedar House", "calendar": CALENDAR}
    await house.send("PUT", f"/intake/agencies/{demo.CEDAR_HOUSE}", entry, demo.YUSUF)
    assert (await house.events("agency", demo.CEDAR_HOUSE))[-1]["data"]["shows_roles"] is True
    await house.post(path, {"shows_roles": False}, demo.YUSUF)


async def test_after_a_restore_whoever_left_stays_away_and_what_ended_stays_ended(house: Door, browsers: Browsers):
    id, _ = await invited(house)
    async with browsers.open() as asks:
        await browsers.choose(asks)
        sid = browsers.tokens.read(asks.cookies[browsers.tokens.cookie_name]).sid
    unheard = uuid7()

    async def says(subject: UUID, event: events.AccountEvent) -> None:
        async with transaction(house.pool) as tx:
            at = await tx.fetchval("SELECT clock()")
            envelope = Envelope(
                id=uuid7(), source="/throughcare/intake", type=event.type, subject=str(subject), time=at, sequence=2,
                epoch=1, partitionkey=str(subject), dataschema="", data=b"", traceparent=None, causationid=None,
                actor=None,
            )  # fmt: skip
            await refold(tx, envelope, event)

    at = await house.pool.fetchval("SELECT clock()")
    await says(id, events.Left(account=id, agency=demo.CEDAR_HOUSE, tokens_before=at))
    await says(sid, events.SessionEnded(session=sid, because="signed_out"))
    name = as_text(await seal_name(house.running.keys, unheard, CANARY))
    await says(unheard, events.Opened(account=unheard, agency=demo.CEDAR_HOUSE, role="mentor", sealed_name=name))
    assert (await house.get(f"/intake/accounts/{id}", demo.YUSUF)).json()["stage"] == "left"
    async with browsers.open() as asks:
        found = (await house.get(f"/intake/accounts/{unheard}", demo.YUSUF)).json()
        assert (found["name"], found["stage"], found["role"]) == (CANARY, "invited", "mentor")
    assert await house.pool.fetchval("SELECT because FROM session WHERE id = $1", sid) == "signed_out"


async def test_the_pages_keep_what_was_typed(house: Door):
    page = await house.fill("/intake/accounts", new(sign_in="a b c"), demo.YUSUF)
    assert page.status_code == 422
    assert CANARY in page.text and "small letters" in text(page)
    assert page.headers["content-type"].startswith(HTML["Accept"])
