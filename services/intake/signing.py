"""A yes and the text before it: what the person reads, by whom it was read to them, and the sealed copy of both.

Read and sealed before the command's own transaction; the command writes the copy with the yes, or neither.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection

from services.intake import seals
from services.intake.consent_text import Parties, Text, before_choice, chosen
from services.intake.consents import SUPERVISION, Patience, Terms
from services.intake.directory import Agency, ReportsTo
from services.intake.people import Person
from services.intake.says import ASK
from services.intake.store import consents as store
from services.intake.store import directory, people
from services.intake.store.consents import Kept, Said
from services.intake.words import OFFICES
from shared.process import Running
from shared.runtime.errors import NotFound
from shared.security.identity import Actor
from shared.security.sealing import Compartment, Erased, Tampered, open_sealed, seal
from shared.web.edge import transaction
from shared.web.words import WORDS, Lang

READ = (Compartment.HEALTH, "consent_word.read")
PATIENCE = Patience()


@dataclass(frozen=True, slots=True)
class Matter:
    """What is asked, as far as it is known before anything is chosen."""

    person: UUID
    recipient: UUID
    discloser: UUID | None = None
    purpose: str = "referral"
    program: str = ""
    lang: Lang | None = None  # of the text; the person's own, if nobody says


@dataclass(frozen=True, slots=True)
class Before:
    """What stands before the choice, and whom it is about."""

    person: Person
    tells: Agency
    told: Agency
    treats: bool
    now: datetime
    offices: tuple[tuple[str, bool], ...]
    text: Text

    @property
    def zone(self) -> str:
        return self.tells.entry.calendar.timezone

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.zone)).date()


@dataclass(frozen=True, slots=True)
class Way:
    """How they signed, and who helped them to read it."""

    signed: str = "page"  # page, screen, paper or voice
    signed_as: str | None = None
    paper_at: str | None = None
    reader: str | None = None  # self, worker or other
    interpreter: str | None = None

    @property
    def is_signature(self) -> bool:
        """A spoken yes is none; a name on somebody else's screen has to be there."""
        return self.signed in ("page", "paper") or (self.signed == "screen" and bool(self.signed_as))


def purpose_of(categories: Collection[str], setback: object) -> str:
    if setback:
        return "support_after_setback"
    return "reporting_to_court" if SUPERVISION in categories else "referral"


async def look(here: Running, actor: Actor, matter: Matter) -> Before:
    """Raises NotFound, or Erased. Whether `actor` may answer is for them to ask who call."""
    async with transaction(here) as tx:
        row = await people.find_person(tx, matter.person)
        told = await directory.find_agency(tx, matter.recipient)
        tells = await directory.find_agency(tx, matter.discloser or row.person.agency)
        passes_on = told.entry.reports_to
        if matter.program:
            passes_on = both(passes_on, await _of_program(tx, matter.program))
        treats, now = await store.treats(tx, told.id), await people.now(tx)
    lang = matter.lang or _language(row.person.language)
    offices = tuple(passed_on(passes_on, lang))
    parties = Parties(await seals.name_of(here.keys, row), tells.entry.name, told.entry.name, offices)
    is_own = actor.person == matter.person
    text = before_choice(parties, matter.purpose, lang, is_own=is_own)
    return Before(row.person, tells, told, treats, now, offices, text)


async def keep(here: Running, before: Before, terms: Terms, way: Way, *, at_intake: bool) -> Kept:
    """The whole text with what they chose, closed, with how it was read and signed."""
    by = before.today + timedelta(days=PATIENCE.confirm_days) if at_intake else None
    text = chosen(before.text, terms, by)
    written = json.dumps({"text": text.as_json(), "way": asdict(way)}, ensure_ascii=False)
    return Kept(text.lang, text.version, await seal(here.keys, before.person.id, *READ, written))


async def read_again(here: Running, person: UUID, said: Said) -> tuple[Text, Way] | None:
    """What was kept of one word; nothing where nothing was, or it can't be opened any more."""
    if said.read is None:
        return None
    try:
        found = json.loads(await open_sealed(here.keys, person, *READ, said.read))
    except (Erased, Tampered):
        return None
    return Text.from_json(found["text"]), Way(**found["way"])


def passed_on(reports: ReportsTo, lang: Lang) -> list[tuple[str, bool]]:
    """One sentence an office, and whether it has to be counted as yes."""
    found = []
    for office, name in OFFICES.items():
        word = getattr(reports, office)
        says = ASK[lang][word if word in ("yes", "no") else "unknown"]
        found.append((says.format(office=name.in_lang(lang)), reports.may_reach(office)))  # type: ignore[arg-type]
    return sorted(found, key=lambda line: not line[1])


def both(agency: ReportsTo, program: ReportsTo) -> ReportsTo:
    """What the person has to count with: a yes of either; else the program's word, else its agency's."""
    found = {}
    for office in OFFICES:
        said = (getattr(program, office), getattr(agency, office))
        found[office] = "yes" if "yes" in said else "no" if "no" in said else "unknown"
    return ReportsTo(**found)


async def _of_program(tx: Connection, program: str) -> ReportsTo:
    try:
        return (await directory.find_program(tx, UUID(program))).program.entry.reports_to
    except (NotFound, ValueError):
        return ReportsTo()


def _language(wanted: str) -> Lang:
    first = wanted.split("-")[0].lower()
    return next((lang for lang in WORDS if lang == first), "en")
