"""`page`: what a person's page reads, with isolation, sealing and audit, beside the same reading without them.

Without: as somebody whom no policy holds, writing no row of the audit, leaving words sealed. The same
functions of caseplan on the same rows, so nothing else differs.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID

import asyncpg

from bench.commands import FIRST_DUE
from bench.found import Plan
from bench.network import Servers
from bench.rounds import Result, interleave
from bench.statements import Recorder, recorder
from bench.watch import Lap
from services.caseplan import reading
from services.caseplan.reactions import reactions
from services.caseplan.reading import Sheet
from shared.contracts.agency import Calendar, Registered
from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.contracts.person import Welcomed
from shared.local.provision import DATABASE
from shared.messaging.inbox import Inbox
from shared.messaging.meters import Meters
from shared.messaging.outbox import source_of
from shared.process import Running
from shared.runtime.ids import uuid7
from shared.runtime.reach import NOTHING, SERVICE, Reach, acting
from shared.security import demo
from shared.security.edge import reach_of
from shared.security.keyed import keyed_pool

PAGES = 400  # a round
PEOPLE = 40
READERS = 4  # at once
ACTION = "plan.read"
HOURS = Calendar(timezone="America/New_York")
WITHOUT = "the same without isolation, opening of words and audit"


async def bench(at: Servers, plan: Plan) -> Result:
    """The goal: with all of it on, a page takes at most twice as long."""
    people = await _people(at)
    settings = at.settings("caseplan", roles="api")
    async with (
        keyed_pool(settings, "bench page") as (opened, keys),
        asyncpg.create_pool(
            at.databases.url(None, DATABASE), min_size=READERS, server_settings={"search_path": "caseplan"}
        ) as bare,
    ):
        load = _Load(
            at, Running(settings, opened, keys, Meters()), Running(settings, bare, keys, Meters()), people,
            plan.many(PAGES),
        )  # fmt: skip
        result = await interleave(
            "page",
            "pages of people read by their worker",
            plan,
            load.pages,
            goal=0.5,
            ours=load.ours,
            limits={WITHOUT: load.theirs},
        )
    result.extra |= {"words_on_a_page": load.words, "readers": READERS}
    return result


class Record(NamedTuple):
    """What an inbox uses of a Kafka record."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


class _Load:
    def __init__(self, at: Servers, here: Running, bare: Running, people: Sequence[UUID], pages: int) -> None:
        self._at, self._here, self._bare = at, here, bare
        self._actor = demo.person_actor(demo.DANA)
        each = pages // READERS
        self._turns = [[people[(reader + n) % len(people)] for n in range(each)] for reader in range(READERS)]
        self.pages = each * READERS
        self.words = 0

    async def ours(self) -> Lap:
        lap, sheet = await self._read(self._here, reach_of(self._actor, ACTION))
        self.words = len(sheet.words)
        if not self.words:
            raise RuntimeError("nothing was opened")
        return lap

    async def theirs(self) -> Lap:
        with _without():
            lap, _ = await self._read(self._bare, NOTHING)
        return lap

    async def _read(self, here: Running, reach: Reach) -> tuple[Lap, Sheet]:
        watch = self._at.watch()
        with acting(reach):
            found = await asyncio.gather(*(self._one_after_the_other(here, people) for people in self._turns))
        return watch.stop(), found[0]

    async def _one_after_the_other(self, here: Running, people: Sequence[UUID]) -> Sheet:
        for person in people:
            sheet = await reading.around_person(here, self._actor, ACTION, person)
        return sheet


@contextmanager
def _without() -> Iterator[None]:
    async def nothing(*_: Any, **__: Any) -> None:
        pass

    async def as_it_is(_: Running, sheet: Sheet) -> Sheet:
        return sheet

    with patch.object(reading.audit, "record", nothing), patch.object(reading, "opened", as_it_is):
        yield


async def _people(at: Servers) -> list[UUID]:
    """Each with a plan that both signed, promises, setbacks and contacts, as commands made them."""
    settings, people = at.settings("caseplan", roles="api"), [uuid7() for _ in range(PEOPLE)]
    async with keyed_pool(settings, "bench page", reach=SERVICE) as (opened, _):
        inbox = Inbox(opened, "caseplan", reactions)
        inbox.cluster = "bench"
        told = [_heard(Registered(agency=demo.WELCOME_ALDER, name="Welcome Alder", calendar=HOURS), demo.WELCOME_ALDER)]
        told += [_heard(_welcomed(person), person) for person in people]
        for offset, record in enumerate(told):
            await inbox.process([record._replace(offset=offset)])
    async with recorder(settings) as app:
        for person in people:
            await _live(app, demo.token(settings, demo.DANA), demo.token(settings, person), person)
    return people


def _welcomed(person: UUID) -> Welcomed:
    return Welcomed(person=person, language="en", agency=demo.WELCOME_ALDER, worker=demo.DANA, synthetic=True)


def _heard(event: Event, subject: UUID) -> Record:
    envelope = Envelope(
        id=uuid7(), source=source_of(event.topic), type=event.type, subject=str(subject), time=datetime.now(UTC),
        sequence=1, epoch=1, partitionkey=str(subject), dataschema=dataschema_of(event.type), traceparent=None,
        causationid=None, actor=None, data=encode_data(event),
    )  # fmt: skip
    return Record(event.topic, 0, 0, *to_kafka(envelope))


async def _live(app: Recorder, worker: str, own: str, person: UUID) -> None:
    due = (date.today() + timedelta(days=5)).isoformat()
    steps = [{"goal": 0, "owner": "person", "due": due, "words": f"Look at part {n} of town."} for n in range(6)]
    plan = {"goals": [{"words": "A key of my own."}], "steps": steps}
    await app.post(worker, f"/caseplan/plans/{person}/suggest", plan)
    await app.post(own, f"/caseplan/plans/{person}/sign", {})
    for n in range(4):
        promise = {"person": str(person), "words": f"I will make call {n}.", "due": FIRST_DUE.isoformat()}
        await app.post(worker, "/caseplan/promises", promise)
    await app.post(own, "/caseplan/setbacks", {"words": "The bus was too full.", "pace": "soon"})
    for n in range(3):
        contact = {"who": str(person), "how": "called", "what": f"Slept well, night {n}.", "id": str(uuid7())}
        await app.post(worker, "/caseplan/contacts", contact)
