"""The small demo network: seven invented agencies, four invented people, and enough going on that each page has a use.

Loaded through the services' own APIs, as any agency would; loading it again changes nothing.
"""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import httpx
from pydantic import SecretStr

from cli.story.voices import Voice, until
from services.intake.account_invitations import open_account
from services.intake.accounts import Account, Stage
from shared.contracts.agency import Calendar
from shared.local.network import Network
from shared.runtime.errors import Conflict, NotFound
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.keyed import keyed_pool

VERSION = "2"
ZONE = "America/New_York"
DAYS = [{"weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(1, 6)]
NO = dict.fromkeys(("supervision", "courts", "immigration", "child_protection"), "no")


def _id(number: int) -> UUID:
    return UUID(f"01934b00-0000-7000-8d00-{number:012x}")


ROOMS, MONTH_ROOMS, BENCH, KITCHEN, CLINIC, LAW, WALK = (_id(number) for number in range(1, 8))
AGENCIES: dict[UUID, dict[str, Any]] = {
    demo.WELCOME_ALDER: {"phone": "555-0100", "welcomes": True, "lead": demo.LENA, "reports_to": NO},
    demo.CEDAR_HOUSE: {"phone": "555-0110", "lead": demo.YUSUF, "reports_to": NO},
    demo.LANTERN_CLINIC: {"phone": "555-0120", "lead": demo.GRACE, "reports_to": NO | {"child_protection": "yes"}},
    demo.HARBOR_STREET: {"phone": "555-0130", "lead": demo.NADIA, "reports_to": NO | {"supervision": "unknown"}},
    demo.SECOND_SHIFT: {"phone": "555-0140", "lead": demo.MARCUS, "reports_to": NO},
    demo.RIVERBEND_LEGAL: {"phone": "555-0150", "lead": demo.ROSA, "reports_to": NO},
    demo.OPEN_TABLE: {"phone": "555-0160", "lead": demo.ELENA, "reports_to": NO},
}


def _place(street: str, directions: str, latitude: float, longitude: float) -> dict[str, Any]:
    """An invented door in a postcode, so that a search by distance finds something to measure from."""
    address = {"address": f"{street}, Alder, MD 00021", "postcode": "00021", "directions": directions}
    return {**address, "latitude": latitude, "longitude": longitude}


PROGRAMS: dict[UUID, dict[str, Any]] = {
    ROOMS: {
        "agency": demo.CEDAR_HOUSE,
        "name": "A room for the first ninety days",
        "needs": ["housing"],
        "openness": "waitlist",
        "languages": ["en", "es"],
        "minimum_age": 18,
        "documents": ["release_papers"],
        "accepts": {"drugs": "yes", "property": "yes", "violence": "asks", "arson": "no"},
        "places": [_place("40 Mill Street", "Bus 22 stops at the door.", 39.3405, -76.6832)],
    },
    MONTH_ROOMS: {"agency": demo.HARBOR_STREET, "name": "Rooms by the month", "needs": ["housing"]},
    BENCH: {"agency": demo.SECOND_SHIFT, "name": "Back at a bench", "needs": ["work", "education"]},
    KITCHEN: {
        "agency": demo.OPEN_TABLE,
        "name": "A box for the week",
        "needs": ["food"],
        "languages": ["en", "es"],
        "places": [_place("7 Orchard Lane", "Bus 8, then two doors to the left.", 39.3488, -76.6711)],
    },
    CLINIC: {
        "agency": demo.LANTERN_CLINIC,
        "name": "First visit and medicine",
        "needs": ["health"],
        "openness": "after_assessment",
        "languages": ["en", "ht"],
        "places": [_place("120 Ferry Road", "The train stops across the road.", 39.3221, -76.6604)],
    },
    LAW: {"agency": demo.RIVERBEND_LEGAL, "name": "Orders, fines and records", "needs": ["legal"]},
    WALK: {"agency": demo.WELCOME_ALDER, "name": "Somebody who walks along", "needs": ["mentoring"]},
}
NUMBERS = {
    demo.RAY: "+1 555 010 0171",
    demo.JO: "+1 555 010 0172",
    demo.TASHA: "+1 555 010 0173",
    demo.SAM: "+1 555 010 0174",
}


async def load(network: Network) -> str:
    """What `up` tells of it."""
    mark = network.home / "scenery"
    if mark.exists() and mark.read_text(encoding="ascii") == VERSION:
        return "there already"
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        await _build(network, client)
    mark.write_text(VERSION, encoding="ascii")
    return f"{len(AGENCIES)} agencies, {len(PROGRAMS)} programs, {len(NUMBERS)} people, all invented"


async def _build(network: Network, client: httpx.AsyncClient) -> None:
    cast = {who: Voice(network, client, who) for who in (*NUMBERS, demo.RUTH, demo.DANA, demo.YUSUF)}
    await _directory(cast[demo.RUTH])
    await _accounts(network)
    await _people(cast[demo.DANA])
    await asyncio.gather(*(_plan(cast, who) for who in (demo.RAY, demo.TASHA)))
    await _work(cast)
    await _partner(network)


async def _directory(office: Voice) -> None:
    names = {agency.id: agency for agency in demo.AGENCIES}
    for id, facts in AGENCIES.items():
        calendar = Calendar(timezone=ZONE).model_dump(mode="json") | {"openings": DAYS, "holidays": _holidays()}
        body = {"name": names[id].name, "description": names[id].does, "calendar": calendar, **facts}
        await office.say(f"/intake/agencies/{id}", plain(body), method="PUT")
    for id, facts in PROGRAMS.items():
        await office.say(f"/intake/programs/{id}", plain({"reports_to": NO, **facts}), method="PUT")


async def _accounts(network: Network) -> None:
    """The cast as accounts that work here: they sign in by choosing, and their agency may change or end that."""
    settings = Settings(
        database=network.databases.url("intake", network.database, password=False),
        database_password=SecretStr(network.passwords.of("postgres.intake")),
        database_ca_file=network.settings.database_ca_file,
        keys=network.keys.url("intake"),
        sealing_key=SecretStr(network.sealing.read_text(encoding="utf-8")),
        sealing_key_file=network.sealing,
        demo=True,
    )
    async with keyed_pool(settings, "scenery", reach=SERVICE) as (opened, keys):
        for one in demo.STAFF:
            sign_in = one.name.lower().replace(" ", ".")
            account = Account(one.id, one.agency, one.role, sign_in, Stage.ACTIVE)
            await open_account(opened, keys, account, one.name, demo.RUTH)


def _holidays() -> list[str]:
    """Thanksgiving, Christmas and New Year of this and the next year."""
    found = []
    for year in (date.today().year, date.today().year + 1):
        first = date(year, 11, 1)
        thursday = first + timedelta(days=(3 - first.weekday()) % 7 + 21)
        found += [thursday, date(year, 12, 25), date(year, 1, 1)]
    return [day.isoformat() for day in sorted(found)]


async def _people(dana: Voice) -> None:
    """Whoever is there already is found in the list: asking for one who is not would be told them as a refused look."""
    there = {one["id"] for one in (await dana.get("/intake/people"))["people"]}
    for person, number in NUMBERS.items():
        body = {
            "id": person, "name": demo.NAMES[person], "way": "sms", "contact": number, "safe": True,
            "language": "es" if person == demo.SAM else "en", "synthetic": True,
        }  # fmt: skip
        if str(person) not in there:
            await dana.say("/intake/people", plain(body), key=f"scenery-{VERSION}-{person}")


async def _plan(cast: dict[UUID, Voice], person: UUID) -> None:
    """Two goals in the person's words; signed by both, so it is theirs."""
    soon = date.today() + timedelta(days=5)
    goals = [{"words": "My own key."}, {"words": "Back at a bench by spring."}]
    steps = [
        {"goal": 0, "owner": "person", "due": soon, "words": "Pick two parts of town that feel right."},
        {"goal": 0, "owner": "worker", "due": soon, "words": "Ask Cedar House about a room."},
        {"goal": 1, "owner": "person", "due": soon + timedelta(days=4), "words": "Look in at the tool library."},
    ]
    plan = await cast[demo.DANA].see(f"/caseplan/plans/{person}", lambda found: found)
    if plan["stage"] != "new":
        return
    await cast[demo.DANA].say(f"/caseplan/plans/{person}/suggest", plain({"goals": goals, "steps": steps}))
    await cast[person].say(f"/caseplan/plans/{person}/sign")


async def _work(cast: dict[UUID, Voice]) -> None:
    dana, now = cast[demo.DANA], datetime.now(UTC)
    await _refer(cast, demo.RAY, demo.CEDAR_HOUSE, ROOMS, "housing", 21)
    await _refer(cast, demo.TASHA, demo.HARBOR_STREET, MONTH_ROOMS, "housing", 22)
    await _refer(cast, demo.SAM, demo.OPEN_TABLE, KITCHEN, "food", 23)
    today = now + timedelta(hours=6)
    tomorrow = datetime.combine((now + timedelta(days=1)).date(), time(20), UTC)
    promises = (
        (31, demo.RAY, "I will ask the clinic who drives you.", today),
        (32, demo.TASHA, "I will bring two bus passes to the library.", tomorrow),
    )
    for number, person, words, due in promises:
        await _once(dana, "/caseplan/promises", {"id": _id(number), "person": person, "words": words, "due": due})
    words = "The bus was too full. I walked back."
    await _once(cast[demo.JO], "/caseplan/setbacks", {"id": _id(41), "words": words, "pace": "today"})


async def _refer(cast: dict[UUID, Voice], person: UUID, agency: UUID, program: UUID, need: str, number: int) -> None:
    """The person allows it on their own page; then their worker asks the program."""
    consent = _id(number + 30)
    body = {"id": consent, "person": person, "recipient": agency, "categories": ["referral"], "shown": True}
    await _once(cast[person], "/intake/consents", body)
    asked = {"id": _id(number), "person": person, "program": program, "need": need, "consent": consent}
    await _once(cast[demo.DANA], "/caseplan/referrals", asked)


async def _partner(network: Network) -> None:
    """Cedar House reads its own stream; its agreement is recorded, so real people may come."""
    from services.notifications import provisioning

    async with provisioning.open_desk(network) as desk:

        async def added() -> bool:
            try:
                partner = await desk.add(demo.CEDAR_HOUSE, slug="k7m2q9")
            except Conflict:
                return True
            except NotFound:
                return False  # the agency is not heard of there yet
            await desk.agree(partner.slug, None, date.today() + timedelta(days=365))
            return True

        await until(added, "the partner's stream")


async def _once(voice: Voice, path: str, body: dict[str, Any]) -> None:
    """Create it, if nobody has: the id is ours, so what is there is what we would make."""
    where = f"{path}/{body['id']}"
    try:
        await voice.get(where)
    except Exception:  # not there, or not theirs to see: then creating it says so
        await voice.say(path, plain(body), key=f"scenery-{VERSION}-{body['id']}")


def plain(body: Any) -> Any:
    """Ids, days and moments as JSON has them."""
    if isinstance(body, dict):
        return {key: plain(value) for key, value in body.items()}
    if isinstance(body, list | tuple):
        return [plain(value) for value in body]
    return body.isoformat() if isinstance(body, date | time) else str(body) if isinstance(body, UUID) else body
