"""`sealed`: relay and inbox with the data of events sealed, beside the same events in clear.

Every person has keys of their own, and whoever reads starts without any: each round looks up and unwraps all of them.
The other side is the wire of before there was sealing, which every reader still takes.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Pool

from bench.found import Plan, Row
from bench.inbox import MOST, fill, listen
from bench.lives import Said, facts, people_of
from bench.network import Servers
from bench.relay import EVENTS, as_record, drain, relaying
from bench.rounds import Result, Round, interleave
from bench.watch import Lap
from services.reporting.reactions import hear_referrals
from services.reporting.store import PROJECTIONS
from shared.contracts.compartments import Compartment, fields_in
from shared.contracts.data import encode_data
from shared.contracts.sealed import close
from shared.messaging.inbox import Inbox
from shared.messaging.reactions import Reactions
from shared.runtime.database import pool
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security.keys import PostgresKeys, open_keys

GOAL = 0.7
CLEAR = "the same events in clear"
ON, BESIDE = "throughcare.referral.v1", "throughcare.plan.v1"  # the second: same owner, same settings, else empty
AT_ONCE = 8
Keyring = Mapping[tuple[UUID, Compartment], bytes]


@dataclass(frozen=True, slots=True)
class Both:
    """The relay's result and the inbox's."""

    results: Sequence[Result]
    name: str = "sealed"

    @property
    def reached(self) -> bool:
        return all(result.reached for result in self.results)

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "reached": self.reached, "parts": [result.as_json() for result in self.results]}

    def rows(self) -> list[Row]:
        return [row for result in self.results for row in result.rows()]

    def notes(self) -> list[str]:
        return []


async def bench(at: Servers, plan: Plan) -> Both:
    count = plan.many(EVENTS)
    sealed, clear = await _said(at, count)
    results = [await _relay(at, plan, sealed, clear)]
    await at.clear()
    results.append(await _inbox(at, plan, sealed, clear))
    for result in results:
        result.extra["bytes_per_value"] = [sum(len(fact.data) for fact in some) // count for some in (sealed, clear)]
    return Both(results)


async def _said(at: Servers, count: int) -> tuple[list[Said], list[Said]]:
    """The same lives twice: sealed with keys that are in the key store, and in clear."""
    async with open_keys(at.settings("caseplan"), "bench keys") as store:
        keys = await _keyring(store, people_of(count))

    def seal(event: Any, id: UUID) -> bytes:
        own = {part: keys[event.person, part] for part in fields_in(type(event))}  # type: ignore[arg-type]
        return close(event, own, person=event.person, id=id)

    return list(facts(count, encode=seal)), list(facts(count, encode=lambda event, _: encode_data(event)))


async def _keyring(keys: PostgresKeys, people: Sequence[UUID]) -> Keyring:
    ring: dict[tuple[UUID, Compartment], bytes] = {}
    for part in (Compartment.FACTS, Compartment.HEALTH):
        for start in range(0, len(people), AT_ONCE):
            some = people[start : start + AT_ONCE]
            made = await asyncio.gather(*(keys.create(person, part) for person in some))
            ring |= {(person, part): key for person, key in zip(some, made, strict=True)}
    return ring


async def _relay(at: Servers, plan: Plan, sealed: Sequence[Said], clear: Sequence[Said]) -> Result:
    owner = await at.owner("caseplan")
    try:
        async with relaying(at) as relay:

            def drained(said: Sequence[Said]) -> Round:
                return lambda: drain(at, relay, owner, said)

            return await interleave(
                "sealed", "relay: committed outbox rows to acknowledged and archived, sealed", plan, len(sealed),
                goal=GOAL, ours=drained(sealed), limits={CLEAR: drained(clear)},
            )  # fmt: skip
    finally:
        await owner.close()


async def _inbox(at: Servers, plan: Plan, sealed: Sequence[Said], clear: Sequence[Said]) -> Result:
    for topic, said in ((ON, sealed), (BESIDE, clear)):
        await fill(at, topic, [as_record(fact) for fact in said])
    settings = at.settings("reporting", inbox_batch=MOST)
    owner = await at.owner("reporting")
    try:
        async with pool(settings, "bench", reach=SERVICE) as opened:

            async def opening() -> Lap:
                async with open_keys(settings, "bench keys") as keys:  # new, so it knows none yet
                    return await _hear(at, settings, opened, owner, ON, keys, len(sealed))

            async def in_clear() -> Lap:
                return await _hear(at, settings, opened, owner, BESIDE, None, len(sealed))

            return await interleave(
                "sealed", "inbox: topic to committed projection, opened with keys looked up anew", plan, len(sealed),
                goal=GOAL, ours=opening, limits={CLEAR: in_clear},
            )  # fmt: skip
    finally:
        await owner.close()


async def _hear(
    at: Servers, settings: Settings, opened: Pool, owner: asyncpg.Connection, topic: str, keys: PostgresKeys | None,
    events: int,
) -> Lap:  # fmt: skip
    reactions = Reactions()
    reactions.on(topic)(hear_referrals)
    await owner.execute(f"TRUNCATE progress, consumer_offset, {', '.join(PROJECTIONS)}")
    return await listen(at, settings, Inbox(opened, "reporting", reactions, keys=keys), events)
