"""Interleaved rounds: ours, theirs, ours, theirs ... in one run, since the machine's mood changes by the minute.

The ratio of each neighbouring pair is what counts; the middle of those ratios is the result.
"""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

WARM_UP = 3  # rounds: a broker that has just started is half as fast, until its JVM has compiled what is hot
Round = Callable[[], Awaitable[float]]
"""Does one round and returns the seconds that count."""


@dataclass(slots=True)
class Result:
    """What one benchmark found. Rates are events a second, in the order of the rounds."""

    name: str
    what: str
    limit: str
    events: int
    goal: float
    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)
    notes: dict[str, Any] = field(default_factory=dict)

    @property
    def ratios(self) -> list[float]:
        return [mine / other for mine, other in zip(self.ours, self.theirs, strict=True)]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "what": self.what,
            "limit": self.limit,
            "events": self.events,
            "events_per_second": round(median(self.ours)),
            "limit_per_second": round(median(self.theirs)),
            "ratio": round(median(self.ratios), 3),
            "goal": self.goal,
            "rounds": {
                "ours": [round(rate) for rate in self.ours],
                "limit": [round(rate) for rate in self.theirs],
                "ratios": [round(ratio, 3) for ratio in self.ratios],
            },
            **self.notes,
        }


async def interleave(result: Result, ours: Round, theirs: Round, count: int, say: Callable[[str], None]) -> Result:
    """`WARM_UP` rounds of each that do not count, then `count` pairs that do, every second pair the other way round."""
    for warm in (ours, theirs) * WARM_UP:
        await warm()
    for number in range(count):
        first_ours = number % 2 == 0
        for mine in (first_ours, not first_ours):
            rate = result.events / await _quietly(ours if mine else theirs)
            (result.ours if mine else result.theirs).append(rate)
        say(f"{result.name} {number + 1}/{count}: {result.ours[-1]:,.0f}/s beside {result.theirs[-1]:,.0f}/s "
            f"= {result.ratios[-1]:.2f}")  # fmt: skip
    return result


async def _quietly(once: Round) -> float:
    gc.collect()
    return await once()


async def until(true: Callable[[], bool], seconds: float = 120.0) -> float:
    """Wait for a condition; returns the moment it was seen."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.002)
    return time.perf_counter()
