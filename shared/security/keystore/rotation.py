"""Rotation of the master key: every key of a person is unwrapped and wrapped anew, while the network runs.

The rows themselves say how far it is: each names the master key that wrapped it. So there is no state to lose, and
whoever starts again goes on. People's keys stay the same, so nothing that they sealed is touched.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import asyncpg

from shared.runtime import sql
from shared.security.keys import place_of
from shared.security.masters import Damaged, Master, Masters

SQL = sql.load(__file__, "rotation.sql")
AT_ONCE = 500  # rows
REST = 9.0  # times what a batch took: a tenth of one processor at most, so commands run on beside it
START = (UUID(int=0), "")

Progress = Callable[[int], None]
"""Told, after each batch, how many rows were wrapped anew."""


@dataclass(frozen=True, slots=True)
class Under:
    """How much one master key has wrapped."""

    master: bytes
    rows: int
    people: int
    state: Literal["newest", "known", "unknown"]  # unknown: its secret is not here, and its rows don't open


@dataclass(frozen=True, slots=True)
class Tally:
    """All of them, newest first; `unknown` last."""

    under: tuple[Under, ...]

    @property
    def waiting(self) -> int:
        """Rows that a rotation would wrap anew."""
        return sum(one.rows for one in self.under if one.state == "known")

    @property
    def unknown(self) -> int:
        return sum(one.rows for one in self.under if one.state == "unknown")

    @property
    def spent(self) -> tuple[bytes, ...]:
        """Known master keys that wrap nothing any more."""
        return tuple(one.master for one in self.under if one.state == "known" and not one.rows)


@dataclass(slots=True)
class Done:
    """What one rotation did."""

    rows: int = 0
    people: int = 0
    damaged: int = 0  # rows that their own master key doesn't open: left as they are


async def be_alone(owner: asyncpg.Connection, wait: Callable[[], None] = lambda: None) -> bool:
    """Holds other rotations off for as long as `owner` is connected; whether another one had to be waited for."""
    waited = False
    while not await owner.fetchval(SQL["only_one"]):
        if not waited:
            wait()
        waited = True
        await asyncio.sleep(0.2)
    return waited


async def tally(owner: asyncpg.Connection, masters: Masters) -> Tally:
    """Who wrapped what."""
    counted = {row["master"]: (row["rows"], row["people"]) for row in await owner.fetch(SQL["tally"])}
    ours = [master.id for master in masters.all]
    strangers = sorted(counted.keys() - set(ours))
    return Tally(
        tuple(
            Under(id, *counted.get(id, (0, 0)), "newest" if id == ours[0] else "known" if id in ours else "unknown")
            for id in (*ours, *strangers)
        )
    )


async def wrap_anew(
    owner: asyncpg.Connection, masters: Masters, *, progress: Progress = lambda rows: None, rest: float = REST
) -> Done:
    """Everything that can be unwrapped, under the newest master key.

    Repeated until a pass finds nothing: whoever heard late of the new master key may have wrapped under the old one.
    """
    done = Done()
    while await _pass(owner, masters, done, progress, rest):
        pass
    return done


async def _pass(owner: asyncpg.Connection, masters: Masters, done: Done, progress: Progress, rest: float) -> int:
    """Once through the table; how many rows were wrapped anew."""
    newest, place, before, person = masters.newest, START, done.rows, None
    done.damaged = 0
    while rows := await owner.fetch(SQL["next_rows"], *place, newest.id, AT_ONCE):
        began = time.perf_counter()
        place = (rows[-1]["person_id"], rows[-1]["compartment"])
        fresh = await asyncio.gather(*(_again(row, masters, newest, done) for row in rows))
        good = [(row, after) for row, after in zip(rows, fresh, strict=True) if after is not None]
        if good:
            wrapped = await owner.execute(
                SQL["wrap_anew"],
                [row["person_id"] for row, _ in good],
                [row["compartment"] for row, _ in good],
                [row["wrapped"] for row, _ in good],
                [after for _, after in good],
                newest.id,
            )
            done.rows += int(wrapped.rpartition(" ")[2])
            for row, _ in good:  # the rows of one person stand together
                done.people += row["person_id"] != person
                person = row["person_id"]
        progress(done.rows)
        await asyncio.sleep(rest * (time.perf_counter() - began))
    return done.rows - before


async def _again(row: asyncpg.Record, masters: Masters, newest: Master, done: Done) -> bytes | None:
    """None where the master key is not here, or doesn't open it: the tally tells, and so does whoever needs the key."""
    master = masters.find(row["master"])
    if master is None:
        return None
    place = place_of(row["person_id"], row["compartment"])
    try:
        return await newest.wrap(place, await master.unwrap(place, row["wrapped"]))
    except Damaged:
        done.damaged += 1
        return None
