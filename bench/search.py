"""`search`: looking through a directory of 50,000 programs, beside one of 500, over HTTP as the page's reader waits.

Two databases on one server, filled through the service's own store; rounds of the same questions go to one and the
other in turn, so that the machine's mood falls on both. What is held is the ratio of the slowest in a hundred.
"""

import random
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import asyncpg
import httpx

from bench.figures import percentile
from bench.found import Plan, Row, goal_cell
from bench.network import Servers
from services.intake.app import service
from services.intake.directory import Accepts, Agency, AgencyEntry, Calendar, Place, Program, ProgramEntry
from services.intake.store import directory as store
from shared.contracts.kinds import NEEDS
from shared.messaging.meters import Meters
from shared.process import Running, build
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE, acting
from shared.security.keyed import keyed_pool

FEW, MANY = 500, 50_000
GOAL = 3.0  # times as slow, in a directory a hundred times as large
ASKED = 300  # questions a round and side
EACH = 5  # programs an agency
TOWNS = 25  # of fifty thousand; five hundred are one town
HTML = {"Accept": "text/html"}
WORDS = ("rooms", "meals", "clinic", "school", "legal", "desk", "night", "family", "hands", "bridge", "harbor", "oak",
         "cedar", "path", "first", "month", "work", "tools", "coats", "bus")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Search:
    """The result: p50 and p99 of both sides, in milliseconds, round by round."""

    programs: int
    few: Sequence[Sequence[float]]
    many: Sequence[Sequence[float]]
    name: str = "search"

    @property
    def ratios(self) -> list[float]:
        return [percentile(ours, 99) / percentile(theirs, 99) for ours, theirs in zip(self.many, self.few, strict=True)]

    @property
    def reached(self) -> bool:
        return median(self.ratios) <= GOAL

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "what": "milliseconds of a search page over HTTP",
            "programs": [FEW, self.programs],
            "few": self._told(self.few),
            "many": self._told(self.many),
            "ratio": round(median(self.ratios), 2),
            "ratios": [round(ratio, 2) for ratio in self.ratios],
            "goal": GOAL,
            "reached": self.reached,
        }

    def _told(self, rounds: Sequence[Sequence[float]]) -> dict[str, float]:
        return {f"p{share}": round(median(percentile(one, share) for one in rounds), 1) for share in (50, 99)}

    def rows(self) -> list[Row]:
        few, many = self._told(self.few), self._told(self.many)
        ratios = self.ratios
        return [
            Row(
                self.name,
                f"a search among {self.programs:,} programs: the page over HTTP, p99",
                f"{many['p99']} ms (p50 {many['p50']})",
                f"the same among {FEW}: {few['p99']} ms (p50 {few['p50']})",
                f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})",
                goal_cell(f"at most {GOAL}", self.reached),
                "",
            )
        ]

    def notes(self) -> list[str]:
        return [
            f"`search` asks {ASKED} questions a round: words, needs, languages, records, room and distance, alone and "
            f"together, also such as find little. {MANY:,} programs lie in {TOWNS} towns, {FEW} in one."
        ]


async def bench(at: Servers, plan: Plan) -> Search:
    programs = plan.many(MANY)
    async with _side(at, plan, "few", FEW) as few, _side(at, plan, "many", programs) as many:
        asked = list(_questions(ASKED))
        for side in (few, many):  # statements are prepared and pages compiled before the clock starts
            await _ask(side, asked[:40])
        found: tuple[list[list[float]], list[list[float]]] = ([], [])
        for number in range(plan.rounds):
            for side, laps in zip((few, many), found, strict=True):
                laps.append(await _ask(side, asked))
            told = [percentile(laps[-1], 99) for laps in found]
            plan.say(f"search round {number + 1}: p99 {told[0]:.1f} ms and {told[1]:.1f} ms")
    return Search(programs, found[0], found[1])


async def _ask(client: httpx.AsyncClient, questions: Sequence[str]) -> list[float]:
    """Milliseconds each. One reader at a time: this is how long somebody waits, not how many can."""
    took = []
    for question in questions:
        began = time.perf_counter()
        answer = await client.get(f"/intake/directory?{question}", headers=HTML)
        took.append((time.perf_counter() - began) * 1000)
        if answer.status_code != 200:
            raise RuntimeError(f"{answer.status_code}: a search was not answered")
    return took


def _questions(many: int) -> Iterator[str]:
    """The same ones each run. Some find thousands, some nothing."""
    dice = random.Random(5)
    for number in range(many):
        near = {"near": f"{21200 + dice.randrange(TOWNS if number % 3 else 1):05}", "within": dice.choice(("2", "25"))}
        kinds: tuple[dict[str, str], ...] = (
            {},
            {"q": dice.choice(WORDS)},
            {"q": f"{dice.choice(WORDS)} {dice.choice(WORDS)}"},
            {"need": dice.choice(NEEDS)},
            {"need": dice.choice(NEEDS), "room": "yes"},
            {"need": dice.choice(NEEDS), "speaks": "am"},
            {"order": "agency", "need": dice.choice(NEEDS)},
            near,
            near | {"need": dice.choice(NEEDS), "speaks": "es"},
            near | {"record": "arson", "papers": "none"},
            near | {"order": "program", "speaks": "am"},
            {"q": "nothing", "speaks": "vi"},
        )
        yield urlencode(kinds[number % len(kinds)])


@asynccontextmanager
async def _side(at: Servers, plan: Plan, name: str, programs: int) -> AsyncIterator[httpx.AsyncClient]:
    await at.databases.ensure(name)
    await at.databases.migrate(name)
    settings = at.settings("intake", roles="api", database=at.databases.url("intake", name, password=False))
    async with keyed_pool(settings, "bench search") as (pool, keys):
        plan.say(f"search: filling a directory with {programs:,} programs")
        with acting(SERVICE):
            async with pool.acquire() as connection, connection.transaction():
                await _fill(connection, programs)
        await _analyze(at, name)
        app = build(service(settings), settings)
        app.state.running = Running(settings, pool, keys, Meters())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


async def _analyze(at: Servers, name: str) -> None:
    owner = await asyncpg.connect(at.databases.url(None, name), server_settings={"search_path": "intake"})
    try:
        await owner.execute("VACUUM ANALYZE")
    finally:
        await owner.close()


async def _fill(tx: Any, programs: int) -> None:
    dice = random.Random(7)
    today = (await tx.fetchval("SELECT clock()")).date()
    towns = max(1, programs * TOWNS // MANY)
    home = uuid7()
    for number in range(programs):
        if number % EACH == 0:
            home = uuid7()
            name = f"{dice.choice(WORDS)} {dice.choice(WORDS)} {number}".title()
            calendar = Calendar(timezone="America/New_York")
            await store.add_agency(tx, Agency(home, AgencyEntry(name=name, calendar=calendar), said_on=today))
        entry = _entry(dice, home, number, dice.randrange(towns), today)
        old = 400 if dice.random() < 0.1 else dice.randrange(300)
        await store.add_program(tx, Program(uuid7(), entry, said_on=today - timedelta(days=old)))


def _entry(dice: random.Random, home: UUID, number: int, town: int, today: date) -> ProgramEntry:
    """A town every seventh of a degree; the Spanish of a third and the Amharic of one in a hundred."""
    say = " ".join(dice.choices(WORDS, k=2))
    places = tuple(
        Place(
            address=f"{dice.randrange(9999)} {dice.choice(WORDS)} St, Town, MD {21200 + town:05}",
            latitude=39.0 + town // 5 / 7 + dice.gauss(0, 0.04),
            longitude=-77.0 + town % 5 / 7 + dice.gauss(0, 0.04),
        )
        for _ in range(dice.choice((1, 1, 1, 3)))
    )
    return ProgramEntry(
        agency=home,
        name=f"{say} {number}".title(),
        needs=tuple(dict.fromkeys(dice.choices(NEEDS, k=2))),
        description=" ".join(dice.choices(WORDS, k=30)),
        languages=("en", *(("es",) if dice.random() < 0.33 else ()), *(("am",) if dice.random() < 0.01 else ())),
        documents=("state_id",) if dice.random() < 0.5 else (),
        accepts=Accepts(arson="asks" if dice.random() < 0.1 else "no", drugs="yes"),
        openness="open" if dice.random() < 0.6 else "waitlist",
        openness_as_of=today,
        places=places,
    )
