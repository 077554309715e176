"""Reporting in this process on a real Postgres: facts are put into its inbox by hand, pages asked for over HTTP."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import httpx

from services.reporting import store
from services.reporting.app import service
from services.reporting.reactions import reactions
from shared.contracts import agency, consent, need, person, portrait, promise, referral, setback
from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.contracts.halted import Halted
from shared.contracts.parties import Way
from shared.messaging.inbox import Inbox
from shared.messaging.meters import Meters
from shared.messaging.outbox import shard_of, source_of
from shared.process import Running, build
from shared.runtime.ids import uuid7
from shared.runtime.reach import SERVICE
from shared.runtime.settings import Settings
from shared.security import demo
from shared.security.keyed import keyed_pool
from shared.security.tokens import Tokens
from tests.hands import hands

NOW = datetime(2026, 11, 24, 15, tzinfo=UTC)  # a Tuesday, 10:00 in New York
OCTOBER = datetime(2026, 10, 6, 14, tzinfo=UTC)  # a Tuesday, 10:00 in New York
WORKER, PROGRAM = UUID(int=71), UUID(int=72)
HOURS = agency.Calendar(timezone="America/New_York")
SUBJECTS = {
    "agency": "agency", "program": "program", "referral": "referral", "promise": "promise", "setback": "setback",
    "message": "message", "person": "person", "portrait": "person", "need": "person", "consent": "consent",
    "caseplan": "consent", "notifications": "consent",
}  # fmt: skip


class Record(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


@dataclass
class Log:
    """Numbers what is said, by subject and by partition, as owners and brokers do."""

    sequences: dict[tuple[str, str], int] = field(default_factory=dict)
    ends: dict[tuple[str, int], int] = field(default_factory=dict)

    def put(self, event: Event, at: datetime) -> Record:
        topic = event.topic
        names = ("concern", SUBJECTS[topic.split(".")[1]], "person")  # what is forgotten goes by the person
        subject = str(next(filter(None, (getattr(event, name, None) for name in names))))
        key = str(getattr(event, "person", None) or getattr(event, "agency", None) or subject)
        sequence = self.sequences[topic, subject] = self.sequences.get((topic, subject), 0) + 1
        envelope = Envelope(
            id=uuid7(), source=source_of(topic), type=event.type, subject=subject, time=at, sequence=sequence, epoch=1,
            partitionkey=key, dataschema=dataschema_of(event.type), traceparent=None, causationid=None,
            actor="case_manager:somebody", data=encode_data(event),
        )  # fmt: skip
        place = topic, shard_of(key)
        offset = self.ends[place] = self.ends.get(place, -1) + 1
        return Record(*place, offset, *to_kafka(envelope))


class World:
    def __init__(self, settings: Settings, pool: asyncpg.Pool, client: httpx.AsyncClient, owner: asyncpg.Connection):
        self.settings, self.pool, self.client, self.owner = settings, pool, client, owner
        self.log = Log()
        self.inbox = Inbox(pool, "reporting", reactions)
        self.inbox.cluster = "by hand"

    async def be_at(self, moment: datetime) -> None:
        """The service's clock shows about `moment`."""
        await self.owner.execute("UPDATE clock_shift SET shift = $1 - clock_timestamp()", moment)

    async def hear(self, *said: tuple[Event, datetime]) -> list[Record]:
        records = [self.log.put(event, at) for event, at in said]
        await self.inbox.process(records)
        return records

    async def wipe(self) -> None:
        async with self.owner.transaction():
            await store.wipe(self.owner)

    async def rows(self) -> dict[str, dict[UUID, dict[str, Any]]]:
        """Every projection, by table and id."""
        return {
            table: {row["id"]: dict(row) for row in await self.pool.fetch(f"SELECT * FROM {table}")}  # noqa: S608 - our own names
            for table in store.PROJECTIONS
        }

    async def get(self, path: str, account: UUID | None = demo.DANA, accept: str = "application/json") -> Any:
        token = {"Authorization": f"Bearer {self._token(account)}"} if account else {}
        return await self.client.get(path, headers={"Accept": accept, **token})

    def _token(self, account: UUID) -> str:
        """As of a session, which is what tokens have to belong to outside of the demo."""
        return Tokens(self.settings).issue_for(demo.person_actor(account), uuid7())


@asynccontextmanager
async def open_world(database: Any, **changed: Any) -> AsyncIterator[World]:
    settings = Settings(**await database.settings("reporting", roles="api", **changed))
    owner = await asyncpg.connect(await database("reporting", owner=True), server_settings=SERVICE.settings)
    async with keyed_pool(settings, "reporting test") as (pool, keys), hands(settings, keys) as own:
        app = build(service(settings), settings)
        app.state.running = Running(settings, pool, keys, Meters())
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000", headers={}
        ) as client:
            yield World(settings, own, client, owner)
    await owner.close()


# Little lives


def agency_called(id: UUID, name: str) -> agency.Registered:
    return agency.Registered(agency=id, name=name, calendar=HOURS)


@dataclass
class Life:
    """A referral of somebody, as it goes: each call is the next fact, an hour later unless told."""

    agency: UUID
    at: datetime = OCTOBER
    id: UUID = field(default_factory=uuid7)
    person: UUID = field(default_factory=uuid7)
    said: list[tuple[Event, datetime]] = field(default_factory=list)

    def say(self, kind: type[referral.ReferralEvent], stage: referral.Stage, hours: float = 1, **more: Any) -> "Life":
        if self.said:
            self.at += timedelta(hours=hours)
        event = kind(
            referral=self.id, person=self.person, program=PROGRAM, agency=self.agency, need="housing", stage=stage,
            way=Way.PAGE, **more,
        )  # fmt: skip
        self.said.append((event, self.at))
        return self

    def sent(self) -> "Life":
        self.say(referral.Drafted, referral.Stage.DRAFT)
        return self.say(referral.Sent, referral.Stage.SENT, 0)

    def accepted(self, hours: float = 1) -> "Life":
        return self.say(referral.Accepted, referral.Stage.ACCEPTED, hours)

    def begun(self) -> "Life":
        return self.say(referral.Begun, referral.Stage.IN_PROGRESS)

    def reported(self) -> "Life":
        return self.say(referral.Reported, referral.Stage.REPORTED, outcome=referral.Outcome.GOT_HELP)

    def confirmed(self) -> "Life":
        return self.say(referral.Confirmed, referral.Stage.CLOSED, outcome=referral.Outcome.GOT_HELP)

    def passed_in_silence(self) -> "Life":
        return self.say(referral.Closed, referral.Stage.CLOSED, outcome=referral.Outcome.GOT_HELP)

    def disputed(self) -> "Life":
        return self.say(referral.Disputed, referral.Stage.REOPENED, outcome=referral.Outcome.GOT_HELP)

    def told(self) -> "Life":
        return self.say(referral.ToldWorker, referral.Stage.CLOSED, told=referral.Outcome.PARTLY)


def promised(agency: UUID, *came: str, due: datetime = OCTOBER) -> Sequence[tuple[Event, datetime]]:
    """A promise and what came of it: kept, late, broken, moved."""
    id, person = uuid7(), uuid7()
    said: list[tuple[Event, datetime]] = []
    stages = {
        "made": promise.Stage.MADE, "kept": promise.Stage.KEPT, "late": promise.Stage.KEPT,
        "broken": promise.Stage.BROKEN, "moved": promise.Stage.MADE, "said_kept": promise.Stage.KEPT,
    }  # fmt: skip
    kinds: dict[str, tuple[type[promise.PromiseEvent], dict[str, Any]]] = {
        "made": (promise.Made, {}),
        "moved": (promise.Renegotiated, {}),
        "kept": (promise.Kept, {"late": False, "by_person": False}),
        "late": (promise.Kept, {"late": True, "by_person": False}),
        "said_kept": (promise.Kept, {"late": False, "by_person": True}),
        "broken": (promise.Broken, {"by_person": True}),
    }
    for number, what in enumerate(("made", *came)):
        kind, more = kinds[what]
        event = kind(
            promise=id, person=person, worker=WORKER, agency=agency, stage=stages[what], due=due, way=Way.PAGE, **more
        )
        said.append((event, due - timedelta(hours=9 - number)))
    return said


def hard_time(*came: tuple[type[setback.SetbackEvent], setback.Stage, float], at: datetime = OCTOBER) -> Any:
    """A setback: its facts, each so many hours after the first."""
    id, person = uuid7(), uuid7()
    said = []
    for kind, stage, hours in ((setback.Reported, setback.Stage.REPORTED, 0), *came):
        more: dict[str, Any] = {"pace": setback.Pace.SOON} if "pace" in kind.model_fields else {}
        more |= {"late": hours > 4} if kind is setback.Contacted else {}
        event = kind(setback=id, person=person, worker=WORKER, stage=stage, way=Way.PAGE, **more)
        said.append((event, at + timedelta(hours=hours)))
    return said


def asked_for_help(*, late: bool = False, answer_by: datetime = OCTOBER) -> Any:
    """Somebody came by themselves and was promised an answer; where it was late, that is said at the moment."""
    somebody = uuid7()
    asked = person.Acknowledged(person=somebody, answer_by=answer_by)
    said: list[tuple[Event, datetime]] = [(asked, answer_by - timedelta(hours=4))]
    if late:
        said.append((person.AnswerLate(person=somebody, agency=uuid7(), answer_by=answer_by), answer_by))
    return said


def told(
    kind: type[portrait.Told | need.Told] = portrait.Told, *answered: str, retold: tuple[str, ...] = (), **more: Any
) -> Any:
    event = kind(
        person=uuid7(), agency=uuid7(), by="person", section="portrait", sitting=1, day=3, answered=answered,
        retold=retold, **more,
    )  # fmt: skip
    return [(event, OCTOBER)]


def taken_back(*halted: tuple[str, timedelta], at: datetime = OCTOBER) -> Any:
    """A consent that is taken back, and how long each service took to say that nothing more goes out."""
    ids: dict[str, Any] = {"consent": uuid7(), "person": uuid7()}
    said: list[tuple[Event, datetime]] = [(consent.Revoked(**ids, given="page"), at)]
    return said + [(Halted(service=service, **ids), at + after) for service, after in halted]
