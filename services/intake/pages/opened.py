"""The openings of somebody's record, as a part of what is shared and who looked: who, when, why, and was it right."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from uuid import UUID

from asyncpg import Connection

from services.intake.opening import found_of, told_of
from services.intake.says_opened import OPENED
from services.intake.store import directory
from services.intake.store import emergencies as store
from shared.process import Running
from shared.security.identity import Actor
from shared.web import say, staff
from shared.web.words import Lang

NEWS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Read:
    rows: list[store.Row]
    names: dict[UUID, str]


@dataclass(frozen=True, slots=True)
class Told:
    """One opening in the person's words; `quoted` are others' words, in whatever language those wrote."""

    lines: tuple[str, ...]
    quoted: tuple[str, ...]
    verdict: str


async def read(tx: Connection, person: UUID) -> Read:
    """Nothing for whoever came in by the second PIN: they act for nobody."""
    rows = await store.openings_of(tx, person)
    of = [agency for row in rows for agency in (row.opening.agency, row.opening.home)]
    return Read(rows, await directory.agency_names(tx, of))


async def lately(tx: Connection, person: UUID, now: datetime) -> bool:
    """Whether it stands at the top of their page still."""
    return any(now - row.opening.opened_at < NEWS for row in await store.openings_of(tx, person, 1))


async def told(here: Running, actor: Actor, found: Read, now: datetime, zone: tzinfo, lang: Lang) -> list[Told]:
    named = await staff.known(here, actor, {row.opening.worker for row in found.rows})
    return [await _told(here, row, found.names, named, now, zone, lang) for row in found.rows]


async def _told(
    here: Running,
    row: store.Row,
    names: dict[UUID, str],
    named: staff.Staff,
    now: datetime,
    zone: tzinfo,
    lang: Lang,
) -> Told:
    opening, says = row.opening, OPENED[lang]
    home = names.get(opening.home, "?")

    def when(at: datetime) -> str:
        return say.after_a_word(say.moment(at, now, zone, lang), lang)

    who = says["is_open" if now < opening.ends_at else "who"].format(
        who=named.of(opening.worker).said(lang, to_person=named.to_person),
        agency=names.get(opening.agency, "?"),
        when=when(opening.opened_at),
        until=when(opening.ends_at),
    )
    wrote, found = await told_of(here.keys, row), await found_of(here.keys, row)
    treated = says["treated"].format(who=wrote["treated_by"], place=wrote["place"]) if wrote else ""
    lines = (say.sentence(who), says["what"], says["treatment"] if opening.treatment else "", treated)
    quoted = (
        says["they_wrote"].format(words=wrote["emergency"]) if wrote else "",
        says["found"].format(words=found) if found else "",
    )
    verdict = says[opening.verdict.value if opening.verdict else "waits"].format(agency=home)
    return Told(tuple(filter(None, lines)), tuple(filter(None, quoted)), verdict)
