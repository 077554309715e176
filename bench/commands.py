"""`commands`: HTTP commands a second through the real app, beside the same SQL said by bare asyncpg.

The command is a promise renegotiated: a worker asks for another time, the person agrees, and so on. Each goes through
sign-in, the permission table, the idempotency key, the promise's lock and its transition, and commits the new state,
the event in the outbox, the clock, the timeline and the audit.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self
from uuid import UUID

import asyncpg

from bench.found import Plan
from bench.line import Line, request
from bench.network import Servers
from bench.rounds import Result, interleave
from bench.services import serving
from bench.statements import Recorder, Script, Swap, recorder, say
from bench.watch import Lap
from shared.local.ports import LOOPBACK
from shared.runtime.ids import uuid7
from shared.security import demo

COMMANDS = 2_000  # a round
CLIENTS = 8  # at once, on both sides; the app's pool holds 10 connections
PEOPLE = 400  # each with one promise, so that eight clients never wait for one lock
WRITTEN = ("outbox", "audit", "happened", "idempotency")
WHAT = f"HTTP commands, {CLIENTS} at a time, each answered once it is committed"
BARE = f"the same statements said by bare asyncpg over {CLIENTS} connections"
FIRST_DUE = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Promised:
    """One promise, and how often somebody has said something to it."""

    id: UUID
    person: UUID
    tokens: Mapping[str, str]  # by verb: whose word it is
    turn: int = 0

    def next(self) -> tuple[str, dict[str, str]]:
        """The next verb, and what is sent with it."""
        self.turn += 1
        if self.turn % 2 == 0:
            return "agree", {}
        return "ask-for-time", {"due": (FIRST_DUE + timedelta(minutes=self.turn)).isoformat()}

    def path(self, verb: str) -> str:
        return f"/caseplan/promises/{self.id}/{verb}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one command says to Postgres, and of whom."""

    script: Script
    promised: Promised
    key: str

    def again(self, promised: Promised) -> Script:
        """The same, of another promise and under another key."""
        mine = self.promised
        texts = {str(mine.id): str(promised.id), str(mine.person): str(promised.person), self.key: uuid7().hex}
        return Swap(texts, frozenset({demo.DANA, demo.WELCOME_ALDER})).script(self.script)


async def bench(at: Servers, plan: Plan) -> Result:
    async with loaded(at, plan) as load:
        result = await interleave(
            "commands", WHAT, plan, load.commands, goal=0.4, ours=load.ours, limits={BARE: load.theirs}
        )
    result.extra |= {
        "clients": CLIENTS,
        "statements": {verb: len(one.script) for verb, one in load.recorded.items()},
        "client_us_per_command": round(load.client_spent / load.client_sent * 1e6, 1),
    }
    return result


@asynccontextmanager
async def loaded(at: Servers, plan: Plan) -> AsyncIterator["Load"]:
    """The app with its promises, and clients that are connected."""
    commands = max(1, plan.many(COMMANDS) // (2 * CLIENTS)) * 2 * CLIENTS  # whole pairs for each client
    owner = await at.owner("caseplan")
    try:
        people = await _people(owner)
        async with recorder(at.settings("caseplan", roles="api")) as recording:
            promises = [await _promised(at, recording, person) for person in people]
            recorded = await _record(recording, promises.pop())
        async with serving(at, "caseplan", roles="api") as app, Load(at, owner, promises, recorded, commands) as load:
            await load.connect(app.port, app.pid)
            yield load
    finally:
        await owner.close()


async def _people(owner: asyncpg.Connection) -> list[UUID]:
    """As caseplan knows them once it has heard of them."""
    people, home = [uuid7() for _ in range(PEOPLE + 1)], demo.WELCOME_ALDER
    agency = "INSERT INTO agency (id, name, lead) VALUES ($1, 'Welcome Alder', $2) ON CONFLICT DO NOTHING"
    await owner.execute(agency, home, demo.LENA)
    rows = [(person, home, demo.DANA, "en", True) for person in people]
    columns = ("id", "home", "worker", "language", "is_synthetic")
    await owner.copy_records_to_table("person", records=rows, columns=columns)
    return people


async def _promised(at: Servers, recording: Recorder, person: UUID) -> Promised:
    settings = at.settings("caseplan")
    worker, own = demo.token(settings, demo.DANA), demo.token(settings, person)
    body = {"person": str(person), "words": "I will call the clinic with you", "due": FIRST_DUE.isoformat()}
    made, _ = await recording.post(worker, "/caseplan/promises", body)
    return Promised(UUID(made["id"]), person, {"ask-for-time": worker, "agree": own}, turn=10)


async def _record(recording: Recorder, promised: Promised) -> dict[str, Recorded]:
    """What each of the two verbs says to Postgres."""
    promised.turn = 0
    found: dict[str, Recorded] = {}
    for _ in range(2):
        verb, body = promised.next()
        key = f"recorded-{verb}-{uuid7().hex}"  # another one in each run: two benchmarks share a database
        _, script = await recording.post(promised.tokens[verb], promised.path(verb), body, key)
        found[verb] = Recorded(script, promised, key)
    return found


class Load:
    """Eight clients, and what they say next."""

    def __init__(
        self,
        at: Servers,
        owner: asyncpg.Connection,
        promises: Sequence[Promised],
        recorded: Mapping[str, Recorded],
        commands: int,
    ) -> None:
        self._at, self._owner, self.commands = at, owner, commands
        self.recorded = recorded
        self._of_client = [promises[client::CLIENTS] for client in range(CLIENTS)]
        self._bare: list[asyncpg.Connection] = []
        self._pid = self._port = 0
        self.client_spent, self.client_sent = 0.0, 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self._bare:
            await connection.close()

    async def connect(self, port: int, pid: int | None) -> None:
        assert pid is not None
        self._pid, self._port = pid, port
        settings = self._at.settings("caseplan")
        password = settings.database_password.get_secret_value()
        for _ in range(CLIENTS):
            self._bare.append(await asyncpg.connect(settings.database, password=password))

    async def ours(self) -> Lap:
        """The processor that counts is the app's; the client's own is kept apart.

        Lines are opened anew: the app hangs up on who has said nothing for five seconds.
        """
        lines = [await Line.open(LOOPBACK, self._port) for _ in range(CLIENTS)]
        sent = [[self._request(one) for one in self._turns(mine)] for mine in self._of_client]
        before = await self._rows()
        watch, spent = self._at.watch(python=self._pid), time.process_time()
        await asyncio.gather(*(_send(line, some) for line, some in zip(lines, sent, strict=True)))
        lap = watch.stop()
        for line in lines:
            line.close()
        self.client_spent += time.process_time() - spent
        self.client_sent += self.commands
        await self._compare(before)
        return lap

    async def theirs(self) -> Lap:
        said = [[self._script(one) for one in self._turns(mine)] for mine in self._of_client]
        before = await self._rows()
        watch = self._at.watch()
        await asyncio.gather(*(_say(one, some) for one, some in zip(self._bare, said, strict=True)))
        lap = watch.stop()
        await self._compare(before)
        return lap

    def _turns(self, mine: Sequence[Promised]) -> list[Promised]:
        """Whose turn it is: twice each, so that what was asked for is agreed to."""
        pairs = self.commands // CLIENTS // 2
        return [one for pair in range(pairs) for one in [mine[pair % len(mine)]] * 2]

    def _request(self, promised: Promised) -> bytes:
        verb, body = promised.next()
        return request(promised.path(verb), promised.tokens[verb], body)

    def _script(self, promised: Promised) -> Script:
        verb, _ = promised.next()
        return self.recorded[verb].again(promised)

    async def _rows(self) -> dict[str, int]:
        return {table: await self._owner.fetchval(f"SELECT count(*) FROM {table}") for table in WRITTEN}  # noqa: S608

    async def _compare(self, before: Mapping[str, int]) -> None:
        """Both sides write the same rows."""
        after = await self._rows()
        written = {table: after[table] - before[table] for table in WRITTEN}
        if set(written.values()) != {self.commands}:
            raise RuntimeError(f"{self.commands} commands wrote {written}")


async def _send(line: Line, requests: Sequence[bytes]) -> None:
    for one in requests:
        await line.ask(one)


async def _say(connection: asyncpg.Connection, scripts: Sequence[Script]) -> None:
    for script in scripts:
        await say(connection, script)
