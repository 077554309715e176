"""Keys that lie in the schema of old, beside what they open, move to the database of their own.

Copied batch by batch, each row read back and compared; only when as many were compared as there are is the old schema
dropped. Killed anywhere, the old rows are still there and the next run goes on.
"""

from uuid import UUID

import asyncpg

from shared.runtime import sql
from shared.runtime.errors import Permanent

SQL = sql.load(__file__, "moving.sql")
AT_ONCE = 2_000  # rows
COLUMNS = ("person_id", "compartment", "wrapped", "master", "made_at", "erased_at")


class NotTheSame(Permanent):
    """A row differs from its copy: nothing was dropped, and somebody has to look."""


async def is_old(connection: asyncpg.Connection) -> bool:
    """Whether this database still holds keys in the schema of old."""
    return bool(await connection.fetchval(SQL["old_store"]))


async def move(old: asyncpg.Connection, new: asyncpg.Connection) -> int:
    """From the schema `keys` of `old`, by its owner, into `new`, which is migrated; the number of rows."""
    async with old.transaction():
        await old.execute(SQL["shut"])
        moved, place = 0, (UUID(int=0), "")
        while rows := await old.fetch(SQL["next_rows"], *place, AT_ONCE):
            await new.execute(SQL["put_rows"], *([row[column] for row in rows] for column in COLUMNS))
            await _compare(rows, new)
            moved, place = moved + len(rows), (rows[-1]["person_id"], rows[-1]["compartment"])
        if moved != (there := await old.fetchval(SQL["count_old"])):
            raise NotTheSame(f"{moved} of {there} keys were copied: the old ones stay where they are")
        await old.execute(SQL["drop_old"])
    return moved


async def _compare(rows: list[asyncpg.Record], new: asyncpg.Connection) -> None:
    """Right is the same key; or none, since the person was erased; or one that a rotation has wrapped anew."""
    places = [row["person_id"] for row in rows], [row["compartment"] for row in rows]
    copies = {(row["person_id"], row["compartment"]): row for row in await new.fetch(SQL["read_back"], *places)}
    for row in rows:
        copy = copies.get((row["person_id"], row["compartment"]))
        if copy is None:
            raise NotTheSame(f"the {row['compartment']} key of person {row['person_id']} did not arrive")
        if copy["wrapped"] not in (None, row["wrapped"]) and copy["master"] == row["master"]:
            raise NotTheSame(f"another {row['compartment']} key of person {row['person_id']} is there already")
