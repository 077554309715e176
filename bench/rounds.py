"""Interleaved rounds: ours, theirs, ours, theirs ... in one run, since the machine's mood changes by the minute.

The ratio of each neighbouring pair is what counts; the middle of those ratios is the result.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.found import Plan, Row, goal_cell
from bench.watch import Lap
from shared.runtime import memory

Round = Callable[[], Awaitable[Lap]]
"""Does one round and returns what it took."""

WARM_UP = 3  # rounds: a broker that has just started is half as fast, until its JVM has compiled what is hot


@dataclass(slots=True)
class Contender:
    """Ours, or one of the limits beside it, round by round."""

    name: str
    once: Round
    events: int
    laps: list[Lap] = field(default_factory=list)

    @property
    def rates(self) -> list[float]:
        """Events a second."""
        return [self.events / lap.seconds for lap in self.laps]

    def as_json(self) -> dict[str, Any]:
        spent = {program: median(lap.spent[program] for lap in self.laps) for program in self.laps[0].spent}
        return {
            "events_per_second": round(median(self.rates)),
            "rounds": [round(rate) for rate in self.rates],
            "cpu_us_per_event": {name: round(seconds / self.events * 1e6, 1) for name, seconds in spent.items()},
        }


@dataclass(slots=True)
class Result:
    """What one benchmark found. The goal is about the first limit."""

    name: str
    what: str
    goal: float
    events: int
    ours: Contender
    limits: Sequence[Contender]
    extra: dict[str, Any] = field(default_factory=dict)  # for the JSON alone

    def ratios(self, limit: Contender) -> list[float]:
        return [mine / other for mine, other in zip(self.ours.rates, limit.rates, strict=True)]

    @property
    def ratio(self) -> float:
        return median(self.ratios(self.limits[0]))

    @property
    def reached(self) -> bool:
        return self.ratio >= self.goal

    def as_json(self) -> dict[str, Any]:
        beside = [
            {
                "limit": limit.name,
                "ratio": round(median(self.ratios(limit)), 3),
                "ratios": [round(ratio, 3) for ratio in self.ratios(limit)],
                **limit.as_json(),
            }
            for limit in self.limits
        ]
        return {
            "name": self.name,
            "what": self.what,
            "events": self.events,
            "ratio": round(self.ratio, 3),
            "goal": self.goal,
            "reached": self.reached,
            **self.ours.as_json(),
            "beside": beside,
            **self.extra,
        }

    def rows(self) -> list[Row]:
        """For the table: one for each limit."""
        ours, events = self.ours.as_json(), f"{median(self.ours.rates):,.0f}/s"
        return [
            Row(
                self.name,
                self.what,
                events,
                f"{limit.name}: {median(limit.rates):,.0f}/s",
                f"{median(self.ratios(limit)):.2f} ({min(self.ratios(limit)):.2f} to {max(self.ratios(limit)):.2f})",
                goal_cell(f"{self.goal:g}", self.reached) if limit is self.limits[0] else "",
                _spent(ours) + " / " + _spent(limit.as_json()),
            )
            for limit in self.limits
        ]

    def notes(self) -> list[str]:
        return []


def _spent(contender: Mapping[str, Any]) -> str:
    return " + ".join(f"{spent:g}" for spent in contender["cpu_us_per_event"].values())


async def interleave(
    name: str, what: str, plan: Plan, events: int, *, goal: float, ours: Round, limits: Mapping[str, Round]
) -> Result:
    """`WARM_UP` rounds of each that do not count, then those that do, every second time the other way round."""
    beside = [Contender(limit, once, events) for limit, once in limits.items()]
    result = Result(name, what, goal, events, Contender("ours", ours, events), beside)
    order = [result.ours, *result.limits]
    memory.settle()  # as every process of ours does; it spares both sides the same
    for _ in range(WARM_UP):
        for contender in order:
            await contender.once()
    for number in range(plan.rounds):
        for contender in order if number % 2 == 0 else reversed(order):
            gc.collect()
            contender.laps.append(await contender.once())
        others = ", ".join(f"{limit.rates[-1]:,.0f}" for limit in result.limits)
        plan.say(f"{name} {number + 1}/{plan.rounds}: {result.ours.rates[-1]:,.0f}/s beside {others}")
    return result


async def until(true: Callable[[], bool], seconds: float = 600.0) -> float:
    """Wait for a condition; returns the moment it was seen."""
    async with asyncio.timeout(seconds):
        while not true():  # what is measured is not to carry an event for it
            await asyncio.sleep(0.005)
    return time.perf_counter()
