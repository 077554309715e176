"""Notifications on a real database and a real Kafka: what others say is put into its inbox by hand, so that a test
decides what is known when; partners are real Kafka users with clients that share no code with ours.
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from asyncpg import Pool

from services.notifications import halting, partners, told
from services.notifications.database import transaction
from services.notifications.partners import Partner
from services.notifications.provisioning import Desk
from services.notifications.reactions import reactions_of
from services.notifications.settings import Voice
from services.notifications.streams.relay import PartnerRelay
from shared.contracts import consent as consents
from shared.contracts import person as people
from shared.contracts import referral as referrals
from shared.contracts import setback as setbacks
from shared.contracts.agency import Calendar, Registered
from shared.contracts.codec import to_kafka
from shared.contracts.data import dataschema_of, encode_data
from shared.contracts.envelope import Envelope
from shared.contracts.events import Event, topic_of
from shared.contracts.parties import Way
from shared.contracts.referral import Stage
from shared.messaging.cluster import Cluster
from shared.messaging.inbox import Inbox
from shared.messaging.outbox import shard_of, source_of
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.security.keys import open_keys
from shared.security.sealing import Compartment, Keys, seal
from tests.hands import hands
from tests.opened import Opened

ZONE = "America/New_York"


async def until(true: Callable[[], Coroutine[Any, Any, bool]], seconds: float = 30) -> None:
    """Wait for a condition, not for a time."""
    async with asyncio.timeout(seconds):
        while not await true():
            await asyncio.sleep(0.02)


@dataclass
class Record:
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


@dataclass
class Matter:
    """A referral to a partner's agency, with its consent."""

    agency: UUID
    person: UUID = field(default_factory=uuid7)
    consent: UUID = field(default_factory=uuid7)
    referral: UUID = field(default_factory=uuid7)
    program: UUID = field(default_factory=uuid7)
    setback: UUID = field(default_factory=uuid7)
    need: str = "housing"

    def says(self, kind: type[referrals.ReferralEvent], stage: Stage, **more: Any) -> referrals.ReferralEvent:
        return kind(
            referral=self.referral, person=self.person, program=self.program, agency=self.agency,
            consent=self.consent, need=self.need, stage=stage, way=Way.PAGE, **more,
        )  # fmt: skip

    def sent(self) -> referrals.ReferralEvent:
        return self.says(referrals.Sent, Stage.SENT)

    def welcomed(self, *, synthetic: bool = True, **more: Any) -> people.Welcomed:
        return people.Welcomed(
            person=self.person, agency=uuid7(), language="en", channels=("sms",), synthetic=synthetic, **more
        )

    def granted(self, **changed: Any) -> consents.Granted:
        terms: dict[str, Any] = {
            "discloser": uuid7(), "recipient": self.agency, "categories": ("referral",), "purpose": "referral",
            "expires_on": date.today() + timedelta(days=30), "confirmed": True, "given": "page",
        }  # fmt: skip
        return consents.Granted(consent=self.consent, person=self.person, **(terms | changed))

    def renewed(self, until: date) -> consents.Renewed:
        return consents.Renewed(consent=self.consent, person=self.person, expires_on=until, given="page")

    def revoked(self) -> consents.Revoked:
        return consents.Revoked(consent=self.consent, person=self.person, given="page")

    def shared(self, asks: setbacks.Asks = setbacks.Asks.CONTACT, referral: UUID | None = None) -> setbacks.Shared:
        return setbacks.Shared(
            setback=self.setback, person=self.person, worker=uuid7(), stage=setbacks.Stage.REPORTED, way=Way.PAGE,
            recipient=self.agency, consent=self.consent, asks=asks, referral=referral,
        )  # fmt: skip


class World:
    """One notifications service whose parts run when a test starts them."""

    def __init__(self, settings: Settings, voice: Voice, pool: Pool, keys: Keys, cluster: Cluster, owner: str) -> None:
        self.settings, self.voice, self.pool, self.keys, self.cluster = settings, voice, pool, keys, cluster
        self.desk = Desk(pool, cluster, settings, voice)
        self.inbox = Inbox(pool, "notifications", reactions_of(settings, voice), keys=keys)
        self.inbox.cluster = "by hand"
        self.relay = PartnerRelay(settings, voice, keys=keys)
        self._owner = owner
        self._sequences: dict[tuple[str, str], int] = {}
        self._offsets: dict[tuple[str, int], int] = {}
        self._tasks: dict[str, asyncio.Task[Any]] = {}
        self._slugs: list[str] = []

    # what others say

    def record(self, event: Event, *, sequence: int | None = None, at: datetime | None = None) -> Record:
        topic = topic_of(type(event)).format(service="caseplan")
        subject = str(getattr(event, topic.split(".")[1]))
        place = topic, subject
        number = sequence or self._sequences.get(place, 0) + 1
        self._sequences[place] = max(number, self._sequences.get(place, 0))
        key = str(getattr(event, "person", None) or event.agency)
        envelope = Envelope(
            id=uuid7(), source=source_of(topic), type=event.type, subject=subject, time=at or datetime.now(UTC),
            sequence=number, epoch=1, partitionkey=key, dataschema=dataschema_of(event.type), traceparent=None,
            causationid="caused-by-inner-things", actor="case_manager:inner-actor",
            data=encode_data(event),
        )  # fmt: skip
        encoded, value, headers = to_kafka(envelope)
        partition = shard_of(key)
        offset = self._offsets.get((topic, partition), 0)
        self._offsets[topic, partition] = offset + 1
        return Record(topic, partition, offset, encoded, value, list(headers))

    async def hear(self, *events: Event) -> None:
        await self.inbox.process([self.record(event) for event in events])

    async def contact(self, whom: UUID, number: str, channels: Sequence[str] = ("sms",)) -> people.ContactChanged:
        sealed = await seal(self.keys, whom, Compartment.CONTACT, "contact_way.value", number)
        return people.ContactChanged(
            person=whom, language="en", channels=tuple(channels), sealed_contact=b64encode(sealed).decode()
        )

    # partners

    async def agency(self, name: str = "Lantern Clinic", *, holds_no_records: bool = False) -> UUID:
        agency = uuid7()
        await self.hear(
            Registered(agency=agency, name=name, calendar=Calendar(timezone=ZONE), holds_no_records=holds_no_records)
        )
        return agency

    async def partner(self, *, agreed: bool = False, kafka: bool = True, **more: Any) -> Partner:
        """A partner of an agency of its own. Without `kafka`, for tests that write nothing to its streams."""
        agency = await self.agency()
        if kafka:
            partner = await self.desk.add(agency, **more)
            self._slugs.append(partner.slug)
        else:
            async with transaction(self.pool) as tx:
                partner = await partners.connect(
                    tx, self.settings, agency, slug=None, quota=1_000_000, sealed={uuid7(): b"none"}
                )
        if agreed:
            partner = await self.desk.agree(partner.slug, None, date.today() + timedelta(days=365))
        return partner

    async def referred(self, partner: Partner, *, synthetic: bool = True, **consent: Any) -> Matter:
        """A referral sent to the partner's agency, under a consent that is live."""
        matter = Matter(partner.agency)
        await self.hear(matter.welcomed(synthetic=synthetic), matter.granted(**consent), matter.sent())
        return matter

    # what runs

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self._tasks[name] = asyncio.create_task(work, name=name)

    def start_relay(self) -> None:
        self.start("relay", self.relay.run())

    async def stop(self, *names: str) -> None:
        for name in names or tuple(self._tasks):
            task = self._tasks.pop(name, None)
            if task:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def halt(self) -> int:
        return await halting.halt_some(self.pool, self.settings)

    async def tell(self) -> int:
        return await told.tell_some(self.pool)

    async def all_sent(self) -> None:
        async def nothing_waits() -> bool:
            for task in self._tasks.values():
                if task.done():
                    task.result()  # whatever ended it
            return not await self.pool.fetchval("SELECT count(*) FROM partner_row")

        await until(nothing_waits)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """What this service said, as it waits in its outbox."""
        rows = await self.pool.fetch(
            "SELECT id, type, data FROM outbox WHERE type LIKE $1 ORDER BY position", f"%{kind}%"
        )
        return await Opened(self.keys, "notifications").all(rows)

    async def shift_clock(self, by: timedelta) -> None:
        connection = await asyncpg.connect(self._owner, server_settings={"search_path": "notifications"})
        try:
            await connection.execute("UPDATE clock_shift SET shift = $1", by)
        finally:
            await connection.close()

    async def close(self) -> None:
        await self.stop()
        for slug in self._slugs:
            await self.cluster.remove_partner(slug)


@asynccontextmanager
async def open_world(database: Any, cluster: Cluster, **voice: Any) -> AsyncIterator[World]:
    settings = Settings(**await database.settings("notifications"))
    async with open_keys(settings, "notifications test") as keys, hands(settings, keys) as pool:
        world = World(
            settings, Voice(**({"heartbeat_seconds": 3600} | voice)), pool, keys, cluster,
            await database("notifications", owner=True),
        )  # fmt: skip
        try:
            yield world
        finally:
            await world.close()
