"""Messages to people: whether one goes now, waits, or stays unsent, and the rows that remember it.

The decision is a pure function of the occasion, the person's safe ways and their hours. A row per message and occasion
makes each of them happen once, however often the fact behind it arrives.
"""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum, auto
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from asyncpg import Connection, Record

from services.notifications.settings import Voice
from shared.contracts import consent as consents
from shared.contracts import person as people
from shared.contracts import referral as referrals
from shared.contracts.envelope import Envelope
from shared.contracts.events import Event
from shared.contracts.message import Decided, Withheld
from shared.contracts.referral import ReferralEvent
from shared.messaging.outbox import Cause, put_events
from shared.messaging.reactions import Fact
from shared.runtime import sql
from shared.runtime.ids import uuid7

SQL = sql.load(__file__, "messages.sql")
OCCASIONS: Final[dict[type[Event], str]] = {
    referrals.Accepted: "referral_accepted",
    referrals.Declined: "referral_declined",
    referrals.Reported: "referral_reported",
    people.Acknowledged: "acknowledged",
    people.ErasureSet: "erasure_set",
    people.Opened: "record_opened",
    people.AskedFor: "record_asked_for",
    consents.EndsSoon: "consent_ends_soon",
}
LINK: Final = "link"  # of somebody's own page, asked for by themselves
# Nobody else's news, so no consent stands behind it.
OF_THEMSELVES = frozenset(
    {LINK, "acknowledged", "erasure_set", "record_opened", "record_asked_for", "consent_ends_soon"}
)
WRITABLE = ("sms",)  # the ways that a carrier stands behind; the others need a human


TOO_LATE = timedelta(hours=24)  # yesterday's news is on the person's page; a late text only startles
LISTEN_FOR = timedelta(minutes=1)  # facts of different aggregates may come in any order


class Standing(StrEnum):
    """Of the consent that the news came under."""

    LIVE = auto()
    ENDED = auto()
    UNHEARD = auto()


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom it is for, as far as that decides."""

    channels: Sequence[str]  # safe ways, the best first
    has_contact: bool
    erased: bool = False
    quiet: tuple[time, time] | None = None  # hours of their own for the number that is written to


@dataclass(frozen=True, slots=True)
class News:
    """What a message is to tell, and under which consent; or the link it brings, sealed."""

    occasion: str
    person: UUID
    about: UUID
    consent: UUID | None = None
    link: bytes | None = None


@dataclass(frozen=True, slots=True)
class Send:
    channel: str


@dataclass(frozen=True, slots=True)
class Hold:
    channel: str
    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Withhold:
    reason: str


Decision = Send | Hold | Withhold


def decide(
    reader: Reader | None, standing: Standing, local_now: datetime, quiet: tuple[time, time], age: timedelta
) -> Decision:
    """`local_now` is aware, in the person's own zone; `quiet` is from when until when they are not written to.

    `age` is how long ago the news happened, or the message was first decided.
    """
    if age > TOO_LATE:
        return Withhold("too_late")
    if standing is Standing.ENDED or (standing is Standing.UNHEARD and age > LISTEN_FOR):
        return Withhold("no_consent")
    if reader is None or reader.erased or not reader.has_contact:
        return Withhold("no_safe_way")
    channel = next((way for way in reader.channels if way in WRITABLE), None)
    if channel is None:
        return Withhold("no_safe_way")
    hours = (quiet, reader.quiet) if reader.quiet else (quiet,)
    until = max((end for one in hours if (end := quiet_until(local_now, one))), default=None)
    if until is not None:  # where other quiet hours begin then, it is decided once more
        return Hold(channel, until, f"quiet hours until {until.hour}:{until.minute:02}")
    if standing is Standing.UNHEARD:
        return Hold(channel, local_now + LISTEN_FOR, "their consent is on its way to us")
    return Send(channel)


def quiet_until(local_now: datetime, quiet: tuple[time, time]) -> datetime | None:
    """When the quiet hours that hold now end, on the local clock; None outside of them."""
    begin, end = quiet
    at = local_now.timetz().replace(tzinfo=None)
    within = begin <= at or at < end if begin > end else begin <= at < end
    if not within:
        return None
    day = local_now.date() + timedelta(days=1 if at >= end else 0)
    return datetime.combine(day, end, tzinfo=local_now.tzinfo)


def number_of(event: people.ContactChanged) -> tuple[str | None, tuple[time | None, time | None]]:
    """The number that is written to, sealed, and its quiet hours: of the best safe way that a carrier stands behind."""
    way = next((way for way in event.ways or () if way.channel in WRITABLE), None)
    if way is None:
        return (event.sealed_contact if event.ways is None else None), (None, None)
    return way.sealed_contact, (way.quiet_from, way.quiet_until)


# The rows


async def hear(tx: Connection, voice: Voice, facts: Sequence[Fact]) -> None:
    """One message for each of these occasions, decided now."""
    for fact in facts:
        if news := news_of(fact.event):
            await _decide(tx, voice, news, fact.envelope)


def news_of(event: Event) -> News | None:
    occasion = OCCASIONS.get(type(event))
    match event:
        case ReferralEvent(person=person, referral=referral, consent=consent) if occasion:
            return News(occasion, person, referral, consent)
        case people.Acknowledged(person=person) if occasion:
            return News(occasion, person, person)
        case people.ErasureSet(person=person) if occasion:
            return News(occasion, person, person)
        case people.Opened(person=person, opening=opening) if occasion:
            return News(occasion, person, opening)
        case people.AskedFor(person=person, demand=demand) if occasion:
            return News(occasion, person, demand)
        case consents.EndsSoon(person=person, consent=about) if occasion:
            return News(occasion, person, about)
        case _:
            return None


async def hear_link(tx: Connection, voice: Voice, event: people.WayInMade, heard: Envelope) -> None:
    """A link that goes by text; one that waits still is of no use any more."""
    await _told(tx, await tx.fetch(SQL["withdraw_links"], event.person), "out_of_date")
    if event.sealed_link is not None:
        news = News(LINK, event.person, event.person, link=b64decode(event.sealed_link))
        await _decide(tx, voice, news, heard)


async def _decide(tx: Connection, voice: Voice, news: News, heard: Envelope) -> None:
    known = await tx.fetchrow(SQL["reader"], news.person, news.consent)
    assert known is not None
    decision = decide_row(known, voice, heard.time, news.occasion)
    message = uuid7()
    now: datetime = known["now"]
    channel, state, not_before, held, reason = _columns(decision, now)
    new = await tx.fetchval(
        SQL["put_message"], message, news.person, news.occasion, news.about, heard.id, news.consent, channel, state,
        not_before, held, reason, news.link,
    )  # fmt: skip
    if not new:
        return  # the occasion was heard before
    whom = {"message": message, "person": news.person, "audience": "person"}
    happened: list[Decided | Withheld] = [
        Decided(
            **whom, occasion=news.occasion, about=news.about, channel=channel,
            not_before=not_before if isinstance(decision, Hold) else None,
        )
    ]  # fmt: skip
    if isinstance(decision, Withhold):
        happened.append(Withheld(**whom, reason=decision.reason))
    cause = Cause(causationid=str(heard.id))
    await put_events(tx, message, happened, partitionkey=news.person, person=news.person, cause=cause)


def decide_row(known: Record, voice: Voice, since: datetime, occasion: str) -> Decision:
    """The decision on a row of the statement `reader` or `claim`."""
    reader = _reader(known) if known["channels"] is not None else None
    local = known["now"].astimezone(ZoneInfo(known["timezone"] or voice.timezone))
    standing = Standing.LIVE if occasion in OF_THEMSELVES else _standing(known, local)
    return decide(reader, standing, local, voice.quiet, known["now"] - since)


def _reader(known: Record) -> Reader:
    begin, end = known["quiet_from"], known["quiet_until"]
    return Reader(known["channels"], known["has_contact"], known["erased"], (begin, end) if begin and end else None)


def _standing(known: Record, local: datetime) -> Standing:
    if not known["consent_heard"]:
        return Standing.UNHEARD
    live = known["consent_live"] and known["expires_on"] is not None and known["expires_on"] >= local.date()
    return Standing.LIVE if live else Standing.ENDED


def _columns(decision: Decision, now: datetime) -> tuple[str, str, datetime, str | None, str | None]:
    match decision:
        case Send(channel):
            return channel, "waiting", now, None, None
        case Hold(channel, until, why):
            return channel, "waiting", until.astimezone(UTC), why, None
        case Withhold(reason):
            return WRITABLE[0], "withheld", now, None, reason


async def withdraw(tx: Connection, consent: UUID) -> None:
    """Messages that wait under a consent that ended are out of date."""
    await _told(tx, await tx.fetch(SQL["withdraw_under"], consent), "out_of_date")


async def withdraw_all(tx: Connection, person: UUID) -> None:
    """Somebody was erased."""
    await _told(tx, await tx.fetch(SQL["withdraw_of"], person), "no_safe_way")


async def ids_of(tx: Connection, person: UUID) -> list[UUID]:
    """Every message that there ever was to them."""
    return [row["id"] for row in await tx.fetch(SQL["ids_of"], person)]


async def _told(tx: Connection, rows: Sequence[Record], reason: str) -> None:
    for row in rows:
        event = Withheld(message=row["id"], person=row["person"], audience="person", reason=reason)
        await put_events(tx, row["id"], [event], partitionkey=row["person"], person=row["person"])
