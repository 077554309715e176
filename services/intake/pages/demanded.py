"""Legal demands as the person reads them, from the day on which they may be told."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from uuid import UUID

from asyncpg import Connection

from services.intake.demands import PART_2, Answer
from services.intake.pages.demands import opened
from services.intake.says_demanded import DEMANDED, PAPERS
from services.intake.store import demands as store
from services.intake.store import directory, erasures
from services.intake.words import CATEGORIES
from shared.process import Running
from shared.web import say
from shared.web.words import Lang

NEWS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Read:
    rows: list[store.Row]
    names: dict[UUID, str]
    held: dict[UUID, date]


@dataclass(frozen=True, slots=True)
class Told:
    lines: tuple[str, ...]
    quoted: tuple[str, ...]
    decided: str


async def read(tx: Connection, person: UUID) -> Read:
    rows = await store.demands_of(tx, person)
    if not rows:
        return Read([], {}, {})
    held = {hold.id: hold.until for hold in await erasures.holds_of(tx, person)}
    return Read(rows, await directory.agency_names(tx, [row.demand.agency for row in rows]), held)


async def lately(tx: Connection, person: UUID, now: datetime) -> bool:
    """Whether it stands at the top of their page still."""
    rows = await store.demands_of(tx, person, 1)
    return any(row.demand.said_at is None or now - row.demand.said_at < NEWS for row in rows)


async def told(here: Running, found: Read, now: datetime, zone: tzinfo, lang: Lang) -> list[Told]:
    return [await _told(here, row, found, now, zone, lang) for row in found.rows]


async def _told(here: Running, row: store.Row, found: Read, now: datetime, zone: tzinfo, lang: Lang) -> Told:
    demand, says, today = row.demand, DEMANDED[lang], now.astimezone(zone).date()
    agency, words = found.names.get(demand.agency, "?"), (await opened(here, row))["told"]

    def day(which: date) -> str:
        return say.after_a_word(say.on_date(which, today, lang), lang)

    came = says["came"].format(
        agency=agency,
        when=say.after_a_word(say.moment(demand.recorded_at or now, now, zone, lang), lang),
        paper=PAPERS[demand.paper].in_lang(lang),
        day=day(demand.due_on),
    )
    until = found.held.get(demand.hold)
    lines = (
        came,
        says["held"].format(day=day(until)) if until else "",
        says["late"].format(day=say.on_date(demand.told_from, today, lang)) if demand.told_from else "",
        "" if PART_2 in demand.scope else says["shut"],
        says["help"],
    )
    quoted = (says["who"].format(**words), says["what"].format(**words)) if words else ()
    return Told(tuple(filter(None, lines)), quoted, _decided(demand.answer, demand.scope, agency, lang))


def _decided(answer: Answer | None, scope: tuple[str, ...], agency: str, lang: Lang) -> str:
    what = say.listed([CATEGORIES[code].in_lang(lang) for code in scope], lang)
    return DEMANDED[lang][answer.value if answer else "waits"].format(agency=agency, what=what)
