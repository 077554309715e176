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
ORDERS: dict[str, str] = {"program": "by_name", "agency": "by_agency", "near": "nearest"}
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


def statement(name: str) -> str:
    """One of the orders with the conditions that they share."""
    return SQL[name].replace("{listed}", SQL["listed"]).replace("{that_fit}", SQL["that_fit"])


async def search(
    tx: Connection, asked: Asked, *, order: Order = "program", after: UUID | None = None, limit: int = 50
) -> list[Listed]:
    """Programs on offer that fit, after the one named by `after`. Nearest first needs a middle."""
    await tx.execute(SQL["plan_anew"])
    name = ORDERS[order if asked.middle or order != "near" else "program"]
    rows = await tx.fetch(statement(name), *conditions(asked), after, limit)
    far = asked.middle
    return [
        listed(row, None if far is None or row["distance"] is None else miles(row["distance"], far)) for row in rows
    ]


async def count_unvouched(tx: Connection, asked: Asked) -> int:
    """How many more fit that nobody has vouched for since that day; at most MOST_COUNTED."""
    await tx.execute(SQL["plan_anew"])
    count: int = await tx.fetchval(statement("count_unvouched"), *conditions(asked), MOST_COUNTED)
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
