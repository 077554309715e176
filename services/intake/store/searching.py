"""Searching the directory: one set of conditions, three orders, and what each costs is bounded by an index."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from asyncpg import Connection

from services.intake.distance import Spot, miles, on_map
from services.intake.store.directory import SQL, Listed, listed, words_of

MOST_COUNTED = 1000
FEW = 1000  # programs: so many are sorted in less time than it takes to walk past those that don't fit
SHORT_WAY = 5  # miles
ORDERS: dict[str, str] = {"program": "by_name", "agency": "by_agency"}
Order = Literal["program", "agency", "near"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for; what is None was not asked. `record`: one of directory.RECORDS."""

    words: str = ""
    need: str | None = None
    agency: UUID | None = None
    openness: Sequence[str] | None = None
    language: str | None = None
    record: str | None = None
    age: int | None = None
    no_papers: bool | None = None
    since: date | None = None  # somebody vouched for it on that day or later
    middle: Spot | None = None
    within: float = 10  # miles around `middle`


def statement(name: str, within: float = 0) -> str:
    """One of the statements with the parts that they share; `within` is the miles that somebody would go."""
    near = SQL["close_by" if within <= SHORT_WAY else "far_around"]
    return SQL[name].replace("{listed}", SQL["listed"]).replace("{that_fit}", SQL["that_fit"]).replace("{within}", near)


async def search(
    tx: Connection, asked: Asked, *, order: Order = "program", after: UUID | None = None, limit: int = 50
) -> list[Listed]:
    """Programs on offer that fit, after the one named by `after`. Nearest first needs a middle."""
    await tx.execute(SQL["plan_anew"])
    far = asked.middle
    if far is None or order != "near":
        found = await tx.fetch(statement(ORDERS.get(order, "by_name"), asked.within), *conditions(asked), after, limit)
    elif await _are_few(tx, asked):
        found = await tx.fetch(statement("nearest_of_few"), *conditions(asked), after, limit)
    else:
        await tx.execute(SQL["walk_outwards"])
        found = await tx.fetch(statement("nearest"), *conditions(asked), after, limit)
        await tx.execute(SQL["plan_freely"])
    return [
        listed(row, None if far is None or row["distance"] is None else miles(row["distance"], far)) for row in found
    ]


async def _are_few(tx: Connection, asked: Asked) -> bool:
    """Whether so few fit, wherever they are, that they are better found first and sorted by distance then."""
    if asked == Asked(since=asked.since, middle=asked.middle, within=asked.within):
        return False
    count: int = await tx.fetchval(statement("count_that_fit"), *conditions(asked)[:8], FEW + 1)
    return count <= FEW


async def count_unvouched(tx: Connection, asked: Asked) -> int:
    """How many more fit that nobody has vouched for since that day; at most MOST_COUNTED."""
    await tx.execute(SQL["plan_anew"])
    count: int = await tx.fetchval(statement("count_unvouched", asked.within), *conditions(asked), MOST_COUNTED)
    return count


async def middle_of(tx: Connection, postcode: str) -> Spot | None:
    """Where a postcode is on the map, by the places that the directory knows in it."""
    found = await tx.fetchval(SQL["middle_of"], postcode)
    return None if found is None else (found[0], found[1])


def conditions(asked: Asked) -> tuple[object, ...]:
    """The first eleven arguments of each order."""
    reach = on_map(asked.within, asked.middle) if asked.middle else 0.0
    return (
        words_of(asked.words),
        asked.need,
        asked.agency,
        list(asked.openness) if asked.openness else None,
        asked.language,
        asked.record,
        asked.age,
        asked.no_papers,
        asked.since,
        asked.middle,
        reach,
    )
