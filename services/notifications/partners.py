"""Partners: who has a stream, under which agreement. What Kafka has to know of it is `provisioning`'s.

Each change is a fact of the network: Connected, AgreementRecorded, AgreementExpired, Removed.
"""

import json
import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection, Record

from services.notifications.credentials import ALPHABET, new_slug
from services.notifications.disclosing import catch_up_agency, catch_up_withheld
from services.notifications.streams import STREAMS, shard_of
from shared.contracts.partner import AgreementExpired, AgreementRecorded, Connected, PartnerEvent, Removed
from shared.contracts.partner_view import TestHello
from shared.messaging import rules
from shared.messaging.outbox import put_events
from shared.messaging.timers import Due, claim, start_timers
from shared.runtime import sql
from shared.runtime.errors import Conflict, Invalid, NotFound
from shared.runtime.ids import uuid7
from shared.runtime.settings import Settings
from shared.workflow.clocks import Timer, Until

SQL = sql.load(__file__, "partners.sql")
AGREEMENT_CLOCK = "agreement.expire"
LONGEST = timedelta(days=5 * 366)  # an agreement is signed again at least so often


@dataclass(frozen=True, slots=True)
class Partner:
    """An agency's own system, as it was `now`. The agreement's days include both ends."""

    id: UUID
    agency: UUID
    agency_name: str
    slug: str
    shard: int
    life: int
    quota: int
    password: bytes | None
    made_at: datetime
    rotated_at: datetime
    first_read_at: datetime | None
    agreed_from: date | None
    agreed_until: date | None
    now: datetime
    zone: str

    @property
    def today(self) -> date:
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    @property
    def is_agreed(self) -> bool:
        return bool(self.agreed_from and self.agreed_until and self.agreed_from <= self.today <= self.agreed_until)

    @property
    def rules(self) -> rules.Partner:
        """What its topics and groups are called."""
        return rules.partner_named(self.slug)


def _partner(row: Record) -> Partner:
    return Partner(
        row["id"], row["agency"], row["agency_name"], row["slug"], row["shard"], row["life"], row["quota"],
        row["password"], row["made_at"], row["rotated_at"], row["first_read_at"], row["agreed_from"],
        row["agreed_until"], row["now"], row["timezone"],
    )  # fmt: skip


async def find(tx: Connection, slug: str) -> Partner:
    """Raises NotFound, also for one that was removed."""
    row = await tx.fetchrow(SQL["by_slug"], slug)
    if row is None:
        raise NotFound("partner", slug)
    return _partner(row)


async def find_all(tx: Connection) -> list[Partner]:
    return [_partner(row) for row in await tx.fetch(SQL["all"])]


async def of_agency(tx: Connection, agency: UUID) -> Partner | None:
    row = await tx.fetchrow(SQL["of_agency"], agency)
    return await find(tx, row["slug"]) if row else None


async def agency_called(tx: Connection, named: str) -> UUID:
    """By id or by name, as this service heard it. Raises NotFound or Conflict."""
    try:
        wanted = UUID(named)
    except ValueError:
        found = await tx.fetch(SQL["agencies_called"], named)
        if len(found) > 1:
            raise Conflict(f"{len(found)} agencies are called {named}: give the id", ()) from None
    else:
        found = await tx.fetch(SQL["agency"], wanted)
    if not found:
        raise NotFound("agency", named)
    agency: UUID = found[0]["id"]
    return agency


async def connect(
    tx: Connection, settings: Settings, agency: UUID, *, slug: str | None, quota: int, sealed: dict[UUID, bytes]
) -> Partner:
    """Give an agency's system its streams. What it may be told already is told at once. `sealed` by partner id."""
    known = await tx.fetchrow(SQL["agency"], agency)
    if known is None:
        raise NotFound("agency", agency)
    if known["holds_no_records"]:
        raise Conflict(f"{known['name']} keeps no people's records here, so it has no stream")
    if (there := await tx.fetchrow(SQL["of_agency"], agency)) is not None:
        raise Conflict(f"{known['name']} has a stream already: {there['slug']}", ("show", "rotate", "remove"))
    [(partner, password)] = sealed.items()
    called = rules.partner_named(slug or new_slug()).slug
    shard = shard_of(partner)
    await tx.execute(SQL["put_partner"], partner, agency, called, shard, quota, password)
    for stream in STREAMS:
        await tx.execute(SQL["put_stream"], partner, stream, shard)
    await _say(tx, Connected(partner=partner, agency=agency, slug=called))
    await catch_up_agency(tx, settings, agency)
    return await find(tx, called)


async def agree(tx: Connection, settings: Settings, slug: str, first: date | None, last: date) -> Partner:
    """Both signed: real people from `first` (today, if not said) to `last`."""
    partner = await _lock(tx, slug)
    first = first or partner.today
    if last < first:
        raise Invalid("until", f"The agreement's last day, {last}, is before its first, {first}.")
    if last - first > LONGEST:
        raise Invalid("until", f"An agreement is signed again after five years at most; this one runs until {last}.")
    agreement = uuid7()
    await tx.execute(SQL["put_agreement"], agreement, partner.id, first, last)
    await _say(
        tx,
        AgreementRecorded(
            partner=partner.id, agency=partner.agency, agreement=agreement, valid_from=first, expires_on=last
        ),
    )
    await start_timers(tx, [Timer(AGREEMENT_CLOCK, agreement, Until(_end_of(last, partner.zone)))])
    await catch_up_withheld(tx, settings, partners=[partner.id])
    return await find(tx, slug)


async def expire_agreement(tx: Connection, due: Due) -> None:
    """Its last day is over. Disclosures saw that by themselves; here the network hears of it."""
    row = await tx.fetchrow(SQL["live_agreement"], due.subject)
    if row is None or not await claim(tx, due):
        return
    await tx.execute(SQL["end_agreement"], due.subject)
    await _say(tx, AgreementExpired(partner=row["partner"], agency=row["agency"], agreement=due.subject))


def _end_of(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=ZoneInfo(zone))


async def rotate(tx: Connection, slug: str, sealed: bytes) -> Partner:
    partner = await _lock(tx, slug)
    await tx.execute(SQL["rotate"], partner.id, sealed)
    return await find(tx, slug)


async def say_hello(tx: Connection, slug: str) -> str:
    """A test event on both streams; returns its reference, which the partner may answer to try that too."""
    partner = await _lock(tx, slug)
    called = "t-" + "".join(secrets.choice(ALPHABET) for _ in range(8))
    hello = TestHello(sequence=1, reference=called).model_dump(mode="json", exclude={"sequence", "life"})
    await tx.execute(SQL["put_test_telling"], partner.id, uuid7(), called)
    await tx.execute(SQL["put_test"], partner.shard, partner.id, TestHello.type, json.dumps(hello))
    return called


async def remove(tx: Connection, slug: str, reason: str = "left") -> Partner:
    """Nothing more is written for it. Its topics and user are to be taken away by whoever calls this."""
    partner = await _lock(tx, slug)
    await tx.execute(SQL["drop_rows"], partner.id)
    await tx.execute(SQL["remove"], partner.id)
    await _say(tx, Removed(partner=partner.id, agency=partner.agency, reason=reason))
    return partner


async def _lock(tx: Connection, slug: str) -> Partner:
    if await tx.fetchrow(SQL["lock"], slug) is None:
        raise NotFound("partner", slug)
    return await find(tx, slug)


async def _say(tx: Connection, event: PartnerEvent) -> None:
    await put_events(tx, event.partner, [event], partitionkey=event.agency)
