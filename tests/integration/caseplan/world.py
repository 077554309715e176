"""caseplan alone, on a real Postgres: its routes called in process, its reactions driven with hand-made records.

What the others would have told it (agencies, programs, people, consents) is heard through its own inbox, so a test
begins where a network stands after its first day.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from fastapi import FastAPI

from services.caseplan.app import service
from services.caseplan.conduct import CLOCKS
from services.caseplan.reactions import reactions
from shared.contracts import agency, consent, person, program
from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.messaging.inbox import Inbox
from shared.messaging.meters import Meters
from shared.messaging.outbox import shard_of, source_of
from shared.messaging.timers import Clockwork
from shared.process import Running
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.edge import install, require_entries
from shared.security.keyed import keyed_pool
from shared.web.app import web_app
from tests.hands import hands
from tests.network import FreshDatabase
from tests.opened import Opened

HOME, CEDAR, HARBOR, CLINIC = demo.WELCOME_ALDER, demo.CEDAR_HOUSE, demo.HARBOR_STREET, demo.LANTERN_CLINIC
ROOMS, BEDS, LODGE, CARE = (UUID(f"01934b00-0000-7000-8e00-{n:012x}") for n in range(1, 5))
BASE = "http://127.0.0.1:8000"
HTML = {"Accept": "text/html"}


@dataclass
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


@dataclass
class World:
    app: FastAPI
    running: Running
    pool: asyncpg.Pool  # the worker's, and the tests' own looks
    inbox: Inbox
    clockwork: Clockwork
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)
    offsets: dict[tuple[str, int], int] = field(default_factory=dict)

    def sign_in(self, account: UUID, **headers: str) -> httpx.AsyncClient:
        token = demo.token(self.running.settings, account)
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(
            transport=transport, base_url=BASE, headers={"Authorization": f"Bearer {token}", **headers}
        )  # fmt: skip

    def nobody(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=BASE)

    async def post(self, who: UUID, path: str, body: Any = None, **headers: str) -> httpx.Response:
        async with self.sign_in(who, **headers) as client:
            return await client.post(path, json={} if body is None else body)

    async def get(self, who: UUID, path: str, **headers: str) -> httpx.Response:
        async with self.sign_in(who, **headers) as client:
            return await client.get(path)

    async def ok(self, who: UUID, path: str, body: Any = None) -> dict[str, Any]:
        answer = await self.post(who, path, body)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    async def read(self, who: UUID, path: str) -> Any:
        answer = await self.get(who, path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def page(self, who: UUID, path: str) -> str:
        answer = await self.get(who, path, **HTML)
        assert answer.status_code == 200, answer.text
        return answer.text

    def record(self, event: Event, subject: UUID, *, key: UUID | None = None, skip: int = 0) -> Record:
        """The next record of `subject`; `skip` leaves a gap before it."""
        place = (event.topic, str(subject))
        sequence = self.sequences[place] = self.sequences.get(place, 0) + 1 + skip
        partition = shard_of(str(key or subject))
        offset = self.offsets[event.topic, partition] = self.offsets.get((event.topic, partition), -1) + 1
        envelope = Envelope(
            id=uuid7(), source=source_of(event.topic), type=event.type, subject=str(subject), time=datetime.now(UTC),
            sequence=sequence, epoch=1, partitionkey=str(key or subject), dataschema=dataschema_of(event.type),
            traceparent=None, causationid=None, actor=None, data=encode_data(event),
        )  # fmt: skip
        return Record(event.topic, partition, offset, *to_kafka(envelope))

    async def hear(self, event: Event, subject: UUID, *, key: UUID | None = None, skip: int = 0) -> None:
        await self.inbox.process([self.record(event, subject, key=key, skip=skip)])

    async def later(self, **time: float) -> None:
        """Time passes, and every clock that runs out in it rings, in order."""
        until = await self.now() + timedelta(**time)
        while True:
            due = await self.pool.fetchval("SELECT min(due_at) FROM timer")
            if due is None or due > until:
                break
            await self._be_at(max(due, await self.now()))
            await self.clockwork.fire_due()
        await self._be_at(until)

    async def _be_at(self, moment: datetime) -> None:
        shift = "UPDATE clock_shift SET shift = shift + ($1::timestamptz - clock()) + interval '1 millisecond'"
        await self.pool.execute(shift, moment)

    async def be_at(self, moment: datetime) -> None:
        """As the first thing of a test, before any clock runs."""
        await self._be_at(moment)

    async def now(self) -> datetime:
        return await self.pool.fetchval("SELECT clock()")

    async def events(self, subject: UUID | None = None) -> list[str]:
        """What happened, as it waits in the outbox: types without their frame, in order."""
        rows = await self.pool.fetch("SELECT type, subject FROM outbox ORDER BY position")
        return [short(row["type"]) for row in rows if subject is None or row["subject"] == str(subject)]

    async def told(self, subject: UUID, kind: str) -> dict[str, Any]:
        """The data of the latest event of this kind."""
        row = await self.pool.fetchrow(
            "SELECT id, type, data FROM outbox WHERE subject = $1 AND type LIKE $2 ORDER BY position DESC LIMIT 1",
            str(subject), f"%.{kind}.v1",
        )  # fmt: skip
        return await Opened(self.running.keys, "caseplan").data(row)

    async def counts(self) -> dict[str, int]:
        """How many rows each table of this service's own work has."""
        tables = ("aggregate", "words", "happened", "contact", "outbox", "timer", "audit", "idempotency")
        return {table: await self.pool.fetchval(f"SELECT count(*) FROM {table}") for table in tables}  # noqa: S608

    async def stage(self, kind: str, id: UUID | str) -> str:
        return await self.pool.fetchval("SELECT stage FROM aggregate WHERE kind = $1 AND id = $2", kind, UUID(str(id)))

    async def state(self, kind: str, id: UUID | str) -> dict[str, Any]:
        text = await self.pool.fetchval("SELECT state FROM aggregate WHERE kind = $1 AND id = $2", kind, UUID(str(id)))
        return json.loads(text)

    # What the other services say.

    async def consent(
        self, who: UUID, recipient: UUID, *categories: str, setback: UUID | None = None, expires_on: date | None = None
    ) -> UUID:
        id = uuid7()
        granted = consent.Granted(
            consent=id, person=who, discloser=HOME, recipient=recipient, categories=categories or ("referral",),
            purpose="support_after_setback" if setback else "referral", setback=setback, confirmed=True, given="page",
            expires_on=expires_on or (await self.now()).date() + timedelta(days=90),
        )  # fmt: skip
        await self.hear(granted, id, key=who)
        return id

    async def revoke(self, who: UUID, id: UUID, *, skip: int = 0) -> None:
        await self.hear(consent.Revoked(consent=id, person=who, given="page"), id, key=who, skip=skip)

    async def refer(self, who: UUID = demo.RAY, program: UUID = ROOMS, *, by: UUID = demo.DANA, **more: Any) -> UUID:
        body = {"person": str(who), "program": str(program), "need": "housing", **more}
        return UUID((await self.ok(by, "/caseplan/referrals", body))["id"])


def short(type: str) -> str:
    return type.removeprefix("throughcare.").removesuffix(".v1")


def an_agency(id: UUID, name: str, **more: Any) -> agency.Registered:
    calendar = agency.Calendar(timezone="America/New_York")
    return agency.Registered(agency=id, name=name, calendar=calendar, **more)


def a_program(id: UUID, of: UUID, name: str, *needs: str) -> program.Listed:
    return program.Listed(program=id, agency=of, name=name, needs=needs or ("housing",))


def the_network() -> Sequence[tuple[Event, UUID]]:
    """Four agencies with their programs, and four people of the first with a worker."""
    agencies = ((HOME, "Welcome Alder"), (CEDAR, "Cedar House"), (HARBOR, "Harbor Street"), (CLINIC, "Lantern Clinic"))
    programs = (
        a_program(ROOMS, CEDAR, "Cedar House Rooms"),
        a_program(BEDS, HARBOR, "Harbor Street Beds"),
        a_program(LODGE, HARBOR, "Lodge"),
        a_program(CARE, CLINIC, "Care", "health"),
    )
    return [
        *((an_agency(id, name, lead=demo.LENA), id) for id, name in agencies),
        *((told, told.program) for told in programs),
        *(
            (person.Welcomed(person=id, language="en", agency=HOME, worker=demo.DANA, synthetic=True), id)
            for id in (demo.RAY, demo.JO, demo.TASHA, demo.SAM)
        ),
    ]


@asynccontextmanager
async def open_world(database: FreshDatabase, home: Path) -> AsyncIterator[World]:
    dsn = await database("caseplan")
    settings = Settings(database=dsn, keys=database.keys.url("caseplan"), demo=True, roles="api", home=home)
    async with keyed_pool(settings, "caseplan test") as (pool, keys), hands(settings, keys) as own:
        app = web_app("caseplan", settings=settings)
        install(app, settings)
        for router in service(settings).routers:
            app.include_router(router)
        require_entries(app)
        app.state.running = running = Running(settings, pool, keys, Meters())
        clockwork = Clockwork(own)
        for kind, handler in CLOCKS.items():
            clockwork.on(kind, handler)
        yield World(app, running, own, Inbox(own, "caseplan", reactions, keys=keys), clockwork)
