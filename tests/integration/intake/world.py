"""Intake in this process on a real Postgres, called over HTTP as programs and browsers call it."""

import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import httpx

from services.intake.app import service
from services.intake.reactions import reactions
from shared.contracts.codec import to_kafka
from shared.contracts.data import encode_data
from shared.contracts.envelope import Envelope
from shared.contracts.halted import Halted
from shared.messaging.inbox import Inbox
from shared.messaging.meters import Meters
from shared.messaging.timers import Clockwork
from shared.process import Running, build
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.keyed import keyed_pool
from shared.web import forms
from tests.hands import hands
from tests.opened import Opened

NAME, NUMBER, WORDS = "Canary Nightingale", "555-010-7788", "I would like my canary words kept."
HTML = {"Accept": "text/html"}
HTMX = {"HX-Request": "true", "Accept": "*/*"}
CALENDAR = {
    "timezone": "America/New_York",
    "openings": [{"weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(1, 6)],
}


class Record(NamedTuple):
    """What an inbox uses of a Kafka record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass
class Door:
    """The service, and the ways in."""

    settings: Settings
    client: httpx.AsyncClient
    pool: asyncpg.Pool  # the worker's, and the tests' own looks
    owner: str  # DSN of the schema's owner, who may shift the clock
    running: Running
    heard: int = 0

    def as_(self, account: UUID | None, **headers: str) -> dict[str, str]:
        token = {"Authorization": f"Bearer {demo.token(self.settings, account)}"} if account else {}
        return {"Accept": "application/json", **token, **headers}

    async def get(self, path: str, account: UUID | None = None, **headers: str) -> httpx.Response:
        return await self.client.get(path, headers={**self.as_(account), **headers})

    async def page(self, path: str, account: UUID | None = None) -> httpx.Response:
        return await self.client.get(path, headers={**self.as_(account), **HTML})

    async def send(
        self, method: str, path: str, body: Any, account: UUID | None = None, **headers: str
    ) -> httpx.Response:
        return await self.client.request(method, path, json=body, headers={**self.as_(account), **headers})

    async def post(self, path: str, body: Any, account: UUID | None = None, **headers: str) -> httpx.Response:
        return await self.send("POST", path, body, account, **headers)

    async def fill(self, path: str, fields: Mapping[str, Any], account: UUID | None = None) -> httpx.Response:
        """Post a form as a browser does, with its cookie and token."""
        cookie = secrets.token_urlsafe(16)
        self.client.cookies.set(forms.cookie_name(self.settings), cookie)
        data = {**fields, forms.TOKEN: forms.sign(self.settings, cookie)}
        return await self.client.post(path, data=data, headers={**self.as_(account), **HTML})

    async def events(self, topic: str = "%", subject: UUID | str | None = None) -> list[dict[str, Any]]:
        """What was said, in order: type and data."""
        rows = await self.pool.fetch(
            "SELECT id, type, data, subject, sequence, partitionkey, actor FROM outbox"
            " WHERE topic LIKE $1 AND ($2::text IS NULL OR subject = $2) ORDER BY position",
            topic if topic == "%" else f"throughcare.{topic}.v1",
            str(subject) if subject else None,
        )
        opened = await Opened(self.running.keys, "intake").all(rows)
        return [{**dict(row), "data": data} for row, data in zip(rows, opened, strict=True)]

    async def types(self, topic: str, subject: UUID | str | None = None) -> list[str]:
        return [
            event["type"].removeprefix("throughcare.").removesuffix(".v1")
            for event in await self.events(topic, subject)
        ]

    async def shift(self, interval: str) -> None:
        """Let this service's clock run ahead."""
        connection = await asyncpg.connect(self.owner, server_settings={"search_path": "intake"})
        await connection.execute("UPDATE clock_shift SET shift = $1::text::interval", interval)
        await connection.close()

    async def everything(self) -> dict[str, str]:
        """What stands in each table, as one number: whatever is written anywhere changes one of them."""
        connection = await asyncpg.connect(self.owner, server_settings={"search_path": "intake", **SERVICE.settings})
        rows = await connection.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'intake'")
        found = {}
        for name in sorted(row["name"] for row in rows):
            whole = f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {name} t"  # noqa: S608 - our own names
            found[name] = str(await connection.fetchval(whole))
        await connection.close()
        return found

    async def fire(self) -> int:
        """Let every due clock act."""
        clockwork = Clockwork(self.pool)
        for kind, handler in service(self.settings).clocks.items():
            clockwork.on(kind, handler)
        return await clockwork.fire_due()

    async def hear_halted(
        self, by: str, consent: UUID | str, person: UUID | str, sequence: int = 1, *, topic: str = ""
    ) -> None:  # fmt: skip
        """`by` says that nothing more goes out under this consent; on another's `topic`, if one is named."""
        halted = Halted(service=by, consent=consent, person=person)  # type: ignore[arg-type]
        envelope = Envelope(
            id=uuid7(),
            source=f"/throughcare/{by}",
            type=Halted.type,
            subject=str(consent),
            time=await self.pool.fetchval("SELECT clock()"),
            sequence=sequence,
            epoch=1,
            partitionkey=str(person),
            dataschema=f"urn:throughcare:schema:{Halted.type}",
            data=encode_data(halted),
            traceparent=None,
            causationid=None,
            actor=None,
        )
        self.heard += 1
        inbox = Inbox(self.pool, "intake", reactions)
        inbox.cluster = "test"
        await inbox.process([Record(topic or halted.topic, 0, self.heard, *to_kafka(envelope))])

    # The little network that most tests need

    async def agency(self, id: UUID, name: str, **more: Any) -> None:
        body = {"name": name, "calendar": CALENDAR, **more}
        answer = await self.send("PUT", f"/intake/agencies/{id}", body, demo.RUTH)
        assert answer.status_code in (200, 201), answer.text

    async def network(self) -> None:
        await self.agency(demo.WELCOME_ALDER, "Welcome Alder", phone="555-0100", welcomes=True, lead=str(demo.LENA))
        reports = {"supervision": "yes", "courts": "no", "immigration": "no", "child_protection": "unknown"}
        await self.agency(demo.CEDAR_HOUSE, "Cedar House", reports_to=reports)
        await self.agency(demo.LANTERN_CLINIC, "Lantern Clinic")

    async def add(self, account: UUID = demo.DANA, **more: Any) -> UUID:
        """Somebody new, whom Dana walks with."""
        body = {"name": NAME, "way": "sms", "contact": NUMBER, "safe": True, "words": WORDS, **more}
        answer = await self.post("/intake/people", body, account)
        assert answer.status_code == 201, answer.text
        return UUID(answer.json()["id"])

    async def allow(self, person: UUID, account: UUID | None = None, **more: Any) -> dict[str, Any]:
        """The person lets Cedar House know what they ask it for."""
        body = {
            "person": str(person),
            "recipient": str(demo.CEDAR_HOUSE),
            "categories": ["referral"],
            "shown": True,
            **more,
        }
        answer = await self.post("/intake/consents", body, account or person)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found


@asynccontextmanager
async def open_door(database: Any) -> AsyncIterator[Door]:
    settings = Settings(**await database.settings("intake", roles="api"))
    async with keyed_pool(settings, "intake test") as (pool, keys), hands(settings, keys) as own:
        app = build(service(settings), settings)
        running = Running(settings, pool, keys, Meters())
        app.state.running = running
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            door = Door(settings, client, own, await database("intake", owner=True), running)
            await door.network()
            yield door


def text(page: httpx.Response) -> str:
    """What a reader sees of a page."""
    body = re.sub(r"(?s)<(script|style|svg|head)\b.*?</\1>", " ", page.text)
    import html

    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body)))
