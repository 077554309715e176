"""The fan-out: what was decided becomes rows of a partner's stream, in the transaction of the fact that caused it.

Facts of other aggregates may come in any order. What can't be told yet is kept back with its reason, and told as soon
as the missing fact is here: `catch_up_*` are called by whoever heard it.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from asyncpg import Connection, Record

from services.notifications import views
from services.notifications.disclosure import (
    Agreement,
    Consent,
    Matter,
    Obstacle,
    Person,
    Recipient,
    about_referral,
    about_setback,
    obstacle,
    shown_categories,
)
from services.notifications.views import News
from shared.contracts.delivery import Withheld
from shared.contracts.partner_view import ConsentScope
from shared.contracts.referral import ReferralEvent, Stage
from shared.contracts.setback import Shared
from shared.messaging.outbox import Cause, put_events
from shared.messaging.restoring import was_said
from shared.runtime import sql
from shared.runtime.settings import Settings
from shared.security.references import reference

SQL = sql.load(__file__, "disclosing.sql")
Kind = Literal["referral", "setback"]
TOLD = "shared"  # the one stage of a setback that leaves

log = structlog.get_logger("disclosing")


@dataclass(frozen=True, slots=True)
class Word:
    """Something that may be news to the agency it is addressed to. `news(told, language)` says what of it is."""

    kind: Kind
    thing: UUID
    stage: str
    matter: Matter
    consent: UUID | None
    news: Callable[[str | None, str | None], list[News]]
    cause: str | None = None
    bears_on: UUID | None = None  # the referral that a setback bears on


@dataclass(slots=True)
class Telling:
    """What one partner knows of one thing."""

    reference: str
    stage: str | None = None
    withheld: str | None = None
    changed: bool = False


@dataclass(slots=True)
class Facts:
    """What disclosures are decided by. The consents are locked until the transaction ends."""

    recipients: dict[UUID, list[Recipient]] = field(default_factory=dict)  # by agency
    consents: dict[UUID, Consent] = field(default_factory=dict)
    people: dict[UUID, Person] = field(default_factory=dict)


async def load_facts(
    tx: Connection, agencies: Iterable[UUID], consents: Iterable[UUID], people: Iterable[UUID]
) -> Facts:
    facts = Facts(recipients=await _recipients(tx, set(agencies)))
    if not facts.recipients:
        return facts
    facts.consents = await lock_consents(tx, consents)
    for row in await tx.fetch(SQL["people"], list(set(people))):
        facts.people[row["id"]] = Person(row["id"], row["synthetic"], row["erased"], row["language"])
    return facts


async def lock_consents(tx: Connection, consents: Iterable[UUID]) -> dict[UUID, Consent]:
    """Read FOR SHARE, in the order of their ids."""
    rows = await tx.fetch(SQL["consents"], sorted(set(consents)))
    return {
        row["id"]: Consent(
            row["id"], row["person"], row["recipient"], frozenset(row["categories"]), row["purpose"],
            row["expires_on"], row["confirmed"], row["confirm_by"], row["setback"], row["once"], row["ended"],
            row["parked"],
        )
        for row in rows
    }  # fmt: skip


async def _recipients(tx: Connection, agencies: Collection[UUID]) -> dict[UUID, list[Recipient]]:
    rows = await tx.fetch(SQL["recipients"], list(agencies)) if agencies else []
    if not rows:
        return {}
    agreed: dict[UUID, list[Agreement]] = {}
    for row in await tx.fetch(SQL["agreements"], [row["id"] for row in rows]):
        agreed.setdefault(row["partner"], []).append(Agreement(row["valid_from"], row["expires_on"]))
    found: dict[UUID, list[Recipient]] = {}
    for row in rows:
        today = row["at"].astimezone(ZoneInfo(row["timezone"])).date()
        recipient = Recipient(
            row["id"], row["slug"], row["agency"], row["shard"], today, row["holds_no_records"],
            tuple(agreed.get(row["id"], ())),
        )  # fmt: skip
        found.setdefault(row["agency"], []).append(recipient)
    return found


# What is a word


def word_of(event: ReferralEvent, cause: str) -> Word:
    matter = about_referral(event.person, event.agency, event.need)
    return Word(
        "referral", event.referral, event.stage, matter, event.consent, partial(views.news_of, event), cause=cause
    )


def word_again(row: Record) -> Word:
    """Where a referral stands now, for a partner that missed how it came there."""
    matter = about_referral(row["person"], row["agency"], row["need"])
    return Word(
        "referral", row["id"], row["stage"], matter, row["consent"],
        lambda told, language: views.catch_up(row["stage"], told, row["program"], row["need"], language),
    )  # fmt: skip


def word_of_setback(event: Shared, cause: str) -> Word:
    matter = about_setback(event.person, event.recipient, event.setback)
    news = partial(_setback_news, event.asks)
    return Word("setback", event.setback, TOLD, matter, event.consent, news, cause=cause, bears_on=event.referral)


def setback_again(row: Record) -> Word:
    matter = about_setback(row["person"], row["recipient"], row["setback"])

    def news(told: str | None, language: str | None) -> list[News]:
        return [] if told else _setback_news(row["asks"], told, language)

    return Word("setback", row["setback"], TOLD, matter, row["consent"], news, bears_on=row["referral"])


def _setback_news(asks: str, told: str | None, language: str | None) -> list[News]:
    return [views.shared_setback(asks, None)]


# Telling it


async def tell(tx: Connection, settings: Settings, words: Sequence[Word]) -> int:
    """Decide about each word and queue what may be told; returns how many records that is."""
    facts = await load_facts(
        tx,
        {word.matter.agency for word in words},
        {word.consent for word in words if word.consent},
        {word.matter.person for word in words},
    )
    if not facts.recipients:
        return 0
    teller = Teller(tx, settings, facts)
    await teller.recall({word.thing for word in words} | {word.bears_on for word in words if word.bears_on})
    for word in words:
        for recipient in facts.recipients.get(word.matter.agency, ()):
            await teller.take(word, recipient)
    return await teller.save()


class Teller:
    """Collects what one transaction tells."""

    def __init__(self, tx: Connection, settings: Settings, facts: Facts) -> None:
        self._tx = tx
        self._settings = settings
        self._facts = facts
        self._tellings: dict[tuple[UUID, UUID], Telling] = {}
        self._of: dict[tuple[UUID, UUID], Word] = {}
        self._rows: list[tuple[object, ...]] = []

    async def recall(self, things: Collection[UUID]) -> None:
        partners = [to.partner for group in self._facts.recipients.values() for to in group]
        for row in await self._tx.fetch(SQL["tellings"], partners, list(things)):
            self._tellings[row["partner"], row["thing"]] = Telling(row["reference"], row["stage"], row["withheld"])

    async def take(self, word: Word, to: Recipient) -> None:
        known = self._tellings.get((to.partner, word.thing))
        person = self._facts.people.get(word.matter.person)
        news = word.news(known.stage if known else None, person.language if person else None)
        if not news:
            return
        if known is None:
            prefix: Literal["r", "s"] = "r" if word.kind == "referral" else "s"
            known = Telling(reference(self._settings, to.agency, word.thing, prefix))
            self._tellings[to.partner, word.thing] = known
        self._of[to.partner, word.thing] = word
        consent = self._facts.consents.get(word.consent) if word.consent else None
        reason = obstacle(word.matter, consent, person, to)
        if reason is not None:
            await self._withhold(word, to, known, reason)
            return
        assert consent is not None and person is not None
        scope = self._scope(word.matter, consent, to)
        for record in news:
            self._queue(word, to, self._with_reference(record, word, to), known.reference, scope, person)
        known.stage, known.withheld, known.changed = word.stage, None, True

    def _scope(self, matter: Matter, consent: Consent, to: Recipient) -> ConsentScope:
        assert consent.expires_on is not None
        return ConsentScope(
            reference=reference(self._settings, to.agency, consent.id, "c"),
            categories=tuple(shown_categories(matter, consent)),
            purpose=consent.purpose,
            expires_on=consent.expires_on,
        )

    def _with_reference(self, record: News, word: Word, to: Recipient) -> News:
        """A setback names a referral only to a partner that knows it."""
        on = self._tellings.get((to.partner, word.bears_on)) if word.bears_on else None
        return News(record.kind, {**record.says, "referral": on.reference}) if on and on.stage else record

    def _queue(self, word: Word, to: Recipient, record: News, called: str, scope: ConsentScope, person: Person) -> None:
        data = views.written(record, called, scope, synthetic=person.synthetic)
        self._rows.append(
            (
                to.shard, to.partner, word.kind, record.kind.type, json.dumps(data), word.kind, word.thing,
                word.matter.person, word.consent,
            )
        )  # fmt: skip

    async def _withhold(self, word: Word, to: Recipient, known: Telling, reason: Obstacle) -> None:
        """Said once for each reason: the network learns why nothing arrives."""
        if known.withheld == reason:
            return
        known.withheld, known.changed = reason.value, True
        if word.cause and await was_said(self._tx, word.thing, word.cause, Withheld.type):
            return  # before a restore: the fact is heard again, and that it went nowhere is known
        event = Withheld(
            person=word.matter.person,
            agency=to.agency,
            partner=to.partner,
            referral=word.thing if word.kind == "referral" else None,
            setback=word.thing if word.kind == "setback" else None,
            reason=reason.value,
        )
        await put_events(
            self._tx, word.thing, [event], partitionkey=word.matter.person, person=word.matter.person,
            cause=Cause(causationid=word.cause),
        )  # fmt: skip

    async def save(self) -> int:
        changed = [(place, known) for place, known in sorted(self._tellings.items()) if known.changed]
        if changed:
            await self._tx.execute(
                SQL["put_tellings"],
                [partner for (partner, _), _ in changed],
                [thing for (_, thing), _ in changed],
                [self._of[place].kind for place, _ in changed],
                [known.reference for _, known in changed],
                [self._of[place].matter.person for place, _ in changed],
                [known.stage for _, known in changed],
                [known.withheld for _, known in changed],
            )
        if self._rows:
            await self._tx.execute(SQL["put_rows"], *map(list, zip(*self._rows, strict=True)))
        return len(self._rows)


# Catching up


async def catch_up_consents(tx: Connection, settings: Settings, consents: Collection[UUID]) -> None:
    """These were granted or confirmed: what waits for them may go."""
    await _again(
        tx,
        settings,
        await tx.fetch(SQL["referrals_under"], list(consents)),
        await tx.fetch(SQL["setbacks_under"], list(consents)),
    )


async def catch_up_withheld(
    tx: Connection, settings: Settings, *, people: Collection[UUID] = (), partners: Collection[UUID] = ()
) -> None:
    """Something about these is known now; what was kept back is decided again."""
    columns = list(people), list(partners)
    await _again(
        tx,
        settings,
        await tx.fetch(SQL["referrals_withheld"], *columns),
        await tx.fetch(SQL["setbacks_withheld"], *columns),
    )


async def catch_up_agency(tx: Connection, settings: Settings, agency: UUID) -> None:
    """Its system is new, or its stream was begun anew: what is open is told from the start."""
    open_referrals = await tx.fetch(SQL["referrals_with"], agency, sorted(views.WITH_AGENCY))
    await _again(tx, settings, open_referrals, await tx.fetch(SQL["setbacks_with"], agency))


async def _again(tx: Connection, settings: Settings, referrals: Sequence[Record], setbacks: Sequence[Record]) -> None:
    words = [word_again(row) for row in referrals if row["stage"] != Stage.DRAFT]
    words += [setback_again(row) for row in setbacks]
    if words:
        await tell(tx, settings, words)
