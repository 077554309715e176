"""`duplicates`: who may be the same person as somebody, among 1,000,000 people of one agency, beside 1,000.

Only the lookup by blind indexes and the weighing of what it finds are on the clock; the rows were made by SQL before.
One agency of a million is the worst there is: the index is each agency's own.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from bench.figures import histogram, percentile
from bench.found import Plan, Row, goal_cell
from bench.network import Servers
from services.intake.matching import Sign
from services.intake.store.matching import Blind, find_alike
from shared.runtime import sql
from shared.runtime.database import pool, transaction
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, acting

SQL = sql.load(__file__, "duplicates.sql")
PEOPLE, FEW = 1_000_000, 1_000
SOUGHT = 300  # people a round
P99 = 50.0  # milliseconds: the goal; ours to choose, since nobody waits for it
EDGES = (1, 2, 5, 10, 25, 50, 100)
Somebody = tuple[UUID, Blind]


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds a lookup, of each agency."""

    many: Sequence[float]
    few: Sequence[float]
    found: float  # who came back, on average, however little alike
    people: int
    name: str = "duplicates"

    @property
    def reached(self) -> bool:
        return percentile(self.many, 99) < P99

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "people": self.people,
            "reached": self.reached,
            "found": round(self.found, 1),
            "ours": _summary(self.many),
            f"among_{FEW}": _summary(self.few),
        }

    def rows(self) -> list[Row]:
        ours, beside = _summary(self.many), _summary(self.few)
        return [
            Row(
                self.name,
                f"who may be the same, among {self.people:,} people of one agency",
                f"p50 {ours['p50']:g} ms, p99 {ours['p99']:g} ms",
                f"the same among {FEW:,}: p50 {beside['p50']:g} ms, p99 {beside['p99']:g} ms",
                f"{ours['p50'] / beside['p50']:.1f} times its p50, {ours['p99'] / beside['p99']:.1f} times its p99",
                goal_cell(f"p99 < {P99:g} ms", self.reached),
                "",
            )
        ]

    def notes(self) -> list[str]:
        return []


async def bench(at: Servers, plan: Plan) -> Result:
    people, large, small = plan.many(PEOPLE), uuid7(), uuid7()
    plan.say(f"duplicates: making {people:,} people ...")
    owner = await at.owner("intake")
    try:
        # Of the people themselves nothing is read, so there are none.
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(SQL["people"], large, people, timeout=500)
        await owner.execute(SQL["people"], small, FEW)
        await owner.execute("VACUUM (ANALYZE) sign", timeout=300)
        sought = {agency: await _some(owner, agency, SOUGHT * plan.rounds) for agency in (large, small)}
        async with pool(at.settings("intake"), "bench duplicates") as opened:
            with acting(SERVICE):
                return await _measure(opened, plan, people, sought)
    finally:
        await owner.execute("TRUNCATE sign")
        await owner.close()


async def _some(owner: asyncpg.Connection, agency: UUID, many: int) -> list[Somebody]:
    rows = await owner.fetch(SQL["somebody"], agency, many)
    return [
        (row["person_id"], [(Sign(kind), part) for kind, part in zip(row["kinds"], row["parts"], strict=True)])
        for row in rows
    ]


async def _measure(opened: asyncpg.Pool, plan: Plan, people: int, sought: dict[UUID, list[Somebody]]) -> Result:
    (large, of_many), (small, of_few) = sought.items()
    many: list[float] = []
    few: list[float] = []
    found = 0
    await _look(opened, large, of_many[:50], [])  # so that the statement is planned
    for number in range(plan.rounds):
        some = of_many[number * SOUGHT : (number + 1) * SOUGHT]
        found += await _look(opened, large, some, many)
        await _look(opened, small, [of_few[place % len(of_few)] for place in range(len(some))], few)
        plan.say(f"duplicates {number + 1}/{plan.rounds}: p99 {percentile(many, 99):.1f} ms so far")
    return Result(many, few, found / len(many), people)


async def _look(opened: asyncpg.Pool, agency: UUID, some: Sequence[Somebody], into: list[float]) -> int:
    found = 0
    for person, signs in some:
        async with transaction(opened) as tx:
            began = time.perf_counter()
            found += len(await find_alike(tx, agency, signs, person))
            into.append((time.perf_counter() - began) * 1000)
    return found


def _summary(values: Sequence[float]) -> dict[str, Any]:
    return {
        "lookups": len(values),
        "p50": round(percentile(values, 50), 1),
        "p99": round(percentile(values, 99), 1),
        "most": round(max(values), 1),
        "at_or_below_ms": dict(zip((*map(str, EDGES), "more"), histogram(values, EDGES), strict=True)),
    }
