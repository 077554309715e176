"""`front_door`: a thousand people who ask for help at once, and a release list of 20,000 rows.

Of the people none may be lost and none doubled, though every tenth form is sent twice at the same moment, as a phone
does that lost its line. A list is read as it streams in, so memory must not follow its length.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import Any
from uuid import UUID

import httpx
import psutil

from bench.figures import percentile
from bench.found import Plan, Row, goal_cell
from bench.network import Servers
from bench.rounds import Result, interleave
from bench.watch import Lap
from services.intake import naming
from services.intake.app import service
from services.intake.directory import Agency, AgencyEntry, Calendar
from services.intake.people import Person, SelfReferral
from services.intake.release_lists import Listed, columns_of, read_row
from services.intake.seals import close
from services.intake.store import directory, people
from shared.messaging.meters import Meters
from shared.messaging.timers import Clockwork
from shared.process import Running, build
from shared.runtime.database import transaction
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, acting
from shared.security import demo
from shared.security.keyed import keyed_pool

AT_ONCE = 1_000  # people of a round
TWICE = 10  # every tenth form is sent twice at once
ROWS = 20_000  # of a list; the short one beside it has a tenth
MOST_GROWTH = 8.0  # MiB that a list of ten times the rows may take more; to hold the longer one whole would be 20
BARE = "sealed, and its row inserted: no HTTP, events, audit or clock, as many at a time as the pool has connections"
READ = "csv and the rules alone, in one process: nothing is sealed or written"
HEAD = b"reference,name,release_date,language,reach\n"


@dataclass
class FrontDoor:
    """The result: a row for the people, one for the list, and what must hold of both."""

    referrals: Result
    lists: Result
    p99: float  # milliseconds, of a round's requests
    grown: float  # MiB of this process while a thousand were on their way
    lost: int
    doubled: int
    longer: float  # MiB that the long list took more than the short one
    invited: float  # rows a second that the worker made invitations of
    again: int  # forms that were sent once more because the service was too busy, of all rounds
    name: str = "front_door"
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def none_lost(self) -> bool:
        return self.lost == self.doubled == 0

    @property
    def flat(self) -> bool:
        return self.longer <= MOST_GROWTH

    @property
    def reached(self) -> bool:
        return self.referrals.reached and self.lists.reached and self.none_lost and self.flat

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "reached": self.reached,
            "referrals": self.referrals.as_json(),
            "lists": self.lists.as_json(),
            "p99_ms": round(self.p99),
            "grown_mib": round(self.grown, 1),
            "lost": self.lost,
            "doubled": self.doubled,
            "sent_again": self.again,
            "longer_list_mib": round(self.longer, 1),
            "invitations_per_second": round(self.invited),
        }

    def rows(self) -> list[Row]:
        kept = Row(
            self.name,
            f"{AT_ONCE:,} people at once, every tenth form sent twice",
            f"p99 {self.p99:,.0f} ms; {self.grown:+.0f} MiB; "
            f"{self.lost} lost, {self.doubled} doubled, {self.again} sent again",
            "",
            "",
            goal_cell("none lost, none doubled", self.none_lost),
            "",
        )
        flat = Row(
            self.name,
            f"memory of a list of {ROWS:,} rows beside one of {ROWS // 10:,}",
            f"{self.longer:+.1f} MiB; the worker then makes {self.invited:,.0f} invitations/s",
            "",
            "",
            goal_cell(f"at most {MOST_GROWTH:g} MiB", self.flat),
            "",
        )
        return [*self.referrals.rows(), kept, *self.lists.rows(), flat]

    def notes(self) -> list[str]:
        return []


async def bench(at: Servers, plan: Plan) -> FrontDoor:
    async with _door(at) as (client, here):
        people_ = _People(at, client, here)
        referrals = await interleave(
            "front_door", "self-referrals over HTTP, all at once, each answered once it is committed", plan, AT_ONCE,
            goal=0.25, ours=people_.ours, limits={BARE: people_.theirs},
        )  # fmt: skip
        lost, doubled = await people_.counted()
        many = plan.many(ROWS)
        rows = _Rows(at, client, here, many)
        lists = await interleave(
            "front_door", "rows of a release list over HTTP, to sealed and committed", plan, many,
            goal=0.1, ours=rows.ours, limits={READ: rows.theirs},
        )  # fmt: skip
        longer = await rows.growth()
        invited = await rows.invited()
        p99 = median(percentile(lap, 99) for lap in people_.latencies)
        return FrontDoor(referrals, lists, p99, max(people_.grown), lost, doubled, longer, invited, people_.again)


@asynccontextmanager
async def _door(at: Servers) -> AsyncIterator[tuple[httpx.AsyncClient, Running]]:
    settings = at.settings("intake", roles="api")
    async with keyed_pool(settings, "bench front door") as (pool, keys):
        app = build(service(settings), settings)
        app.state.running = here = Running(settings, pool, keys, Meters())
        async with acting_transaction(here) as tx:
            for id, name, welcomes in ((demo.WELCOME_ALDER, "Welcome Alder", True), (demo.CEDAR_HOUSE, "Cedar", False)):
                entry = AgencyEntry(name=name, calendar=Calendar(timezone="UTC"), welcomes=welcomes)
                if await directory.lock_agency(tx, id) is None:
                    await directory.add_agency(tx, Agency(id, entry))
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=600) as client:
            yield client, here


@asynccontextmanager
async def acting_transaction(here: Running) -> AsyncIterator[Any]:
    with acting(SERVICE):
        async with transaction(here.pool) as tx:
            yield tx


def _own() -> float:
    """MiB that are this process's alone."""
    return float(psutil.Process().memory_full_info().uss) / 2**20


class _People:
    """Everybody who asks; what they were answered; how long it took."""

    def __init__(self, at: Servers, client: httpx.AsyncClient, here: Running) -> None:
        self._at, self._client, self._here = at, client, here
        self._answered: dict[str, set[str]] = {}
        self._bare = 0
        self.latencies: list[list[float]] = []
        self.grown: list[float] = []
        self.again = 0  # sent once more, because the service was too busy

    async def ours(self) -> Lap:
        keys = [str(uuid7()) for _ in range(AT_ONCE)]
        before, took, watch = _own(), list[float](), self._at.watch()
        await asyncio.gather(*(self._ask(key, took) for key in [*keys, *keys[::TWICE]]))
        lap = watch.stop()
        self.grown.append(_own() - before)
        self.latencies.append(took)
        return lap

    async def _ask(self, key: str, took: list[float]) -> None:
        body = {"name": "Bench", "way": "sms", "contact": "555-010-7788", "safe": True, "needs": ["housing"]}
        began = time.perf_counter()
        phone = ".".join(["127", *(str(part) for part in UUID(key).bytes[-3:])])  # a place of their own
        headers = {"Idempotency-Key": key, "X-Forwarded-For": phone}
        while True:
            answer = await self._client.post("/intake/start", json=body, headers=headers)
            if answer.status_code != 503:
                break
            self.again += 1  # as the phone's form does by itself
        took.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 201:
            raise RuntimeError(f"{answer.status_code}: somebody was not taken")
        self._answered.setdefault(key, set()).add(answer.json()["id"])

    async def counted(self) -> tuple[int, int]:
        """How many were answered and are not here, and how many are here more than once."""
        owner = await self._at.owner("intake")
        try:
            there = {str(row["id"]) for row in await owner.fetch("SELECT id FROM person")}
        finally:
            await owner.close()
        told = {id for ids in self._answered.values() for id in ids}
        doubled = sum(len(ids) - 1 for ids in self._answered.values())
        return len(told - there), doubled + len(there) - len(told) - self._bare

    async def theirs(self) -> Lap:
        watch, hands = self._at.watch(), asyncio.Semaphore(self._here.settings.database_pool)
        await asyncio.gather(*(self._insert(hands) for _ in range(AT_ONCE)))
        self._bare += AT_ONCE
        return watch.stop()

    async def _insert(self, hands: asyncio.Semaphore) -> None:
        said = SelfReferral(name="Bench", way="sms", contact="555-010-7788", safe=True, needs=("housing",))
        person = Person(uuid7(), demo.WELCOME_ALDER, None, "en", "sms", True, synthetic=True)
        async with hands:
            sealed = await close(self._here.keys, person.id, said)
            async with acting_transaction(self._here) as tx:
                await people.add_person(tx, person, sealed)


class _Rows:
    """A list, and the ways to take it."""

    def __init__(self, at: Servers, client: httpx.AsyncClient, here: Running, many: int) -> None:
        self._at, self._client, self._here, self._many = at, client, here, many
        self._today = date.today()
        home = self._today + timedelta(days=20)
        self._lines = [f"B-{n},Bench Somebody {n},{home},en,Unit {n % 40}\n".encode() for n in range(many)]
        token = demo.token(here.settings, demo.YUSUF)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "text/csv"}

    async def ours(self) -> Lap:
        await self._clear()
        watch = self._at.watch()
        await self._send(self._lines)
        return watch.stop()

    async def _send(self, lines: Sequence[bytes]) -> None:
        async def body() -> AsyncIterator[bytes]:
            yield HEAD
            for begin in range(0, len(lines), 500):
                yield b"".join(lines[begin : begin + 500])

        path = f"/intake/release-lists/{demo.WELCOME_ALDER}"
        answer = await self._client.post(path, content=body(), headers=self._headers)
        if answer.status_code != 202 or answer.json()["rows"] != len(lines):
            raise RuntimeError(f"{answer.status_code}: {answer.text[:200]}")

    async def theirs(self) -> Lap:
        watch = self._at.watch()
        columns = columns_of(HEAD.decode().strip().split(","))
        for number, line in enumerate(self._lines):
            cells = tuple(line.decode().strip().split(","))
            row = read_row(number, columns, cells, self._today)
            assert isinstance(row, Listed)
            json.dumps(row.told())
        return watch.stop()

    async def growth(self) -> float:
        """What the whole list takes at most beyond a tenth of it."""
        short = await self._peak(self._lines[: self._many // 10])
        return max(0.0, await self._peak(self._lines) - short)

    async def _peak(self, lines: Sequence[bytes]) -> float:
        await self._clear()
        before, most = _own(), 0.0
        sending = asyncio.ensure_future(self._send(lines))
        while not sending.done():
            most = max(most, _own() - before)
            await asyncio.wait({sending}, timeout=0.02)
        await sending
        return most

    async def invited(self) -> float:
        """Rows a second, from sent to invitations with keys and clocks of their own."""
        clockwork = Clockwork(self._here.pool)
        clockwork.on(naming.KIND, naming.make_invitations)
        began = time.perf_counter()
        with acting(SERVICE):
            while await self._waits():
                await clockwork.fire_due()
        return self._many / (time.perf_counter() - began)

    async def _waits(self) -> bool:
        async with acting_transaction(self._here) as tx:
            return bool(await tx.fetchval("SELECT EXISTS (SELECT FROM release_list)"))

    async def _clear(self) -> None:
        owner = await self._at.owner("intake")
        try:
            await owner.execute("TRUNCATE release_row, release_list, invited")
            await owner.execute("DELETE FROM timer WHERE kind IN ('release_list', 'invited.lapse')")
        finally:
            await owner.close()
