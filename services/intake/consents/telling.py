"""May this be told to them, now? One answer over everything that was ever said.

Reads no row and no clock: a history goes in, a word comes out, so the same question can be asked of any moment that
was. Two rules make it short. A no reaches further than a yes: whom somebody never lets look is kept out of every record
that they have said is theirs, while a yes stays with the record that it was given for. And what has ended does not
come back by itself, whatever is taken back afterwards.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum, auto
from typing import assert_never
from uuid import UUID

from services.intake.consents.state import Consent, Stage, ends_at


@dataclass(frozen=True, slots=True)
class Given:
    """A yes, as it stood after it was said: with its terms, confirmed or not yet."""

    at: datetime
    consent: Consent


@dataclass(frozen=True, slots=True)
class Confirmed:
    at: datetime
    consent: UUID


@dataclass(frozen=True, slots=True)
class Renewed:
    at: datetime
    consent: UUID
    until: date


@dataclass(frozen=True, slots=True)
class Used:
    """The one disclosure was made; ends what is good for one."""

    at: datetime
    consent: UUID


@dataclass(frozen=True, slots=True)
class Ended:
    """Taken back, or over."""

    at: datetime
    consent: UUID


@dataclass(frozen=True, slots=True)
class Never:
    """They never let this agency look; `again`: they take that back."""

    at: datetime
    record: UUID
    agency: UUID
    again: bool = False


@dataclass(frozen=True, slots=True)
class One:
    """They said in person that two records are theirs; `apart`: they are not after all."""

    at: datetime
    record: UUID
    other: UUID
    apart: bool = False


Fact = Given | Confirmed | Renewed | Used | Ended | Never | One


@dataclass(frozen=True, slots=True)
class Matter:
    """What would be told, of which record, by whom to whom."""

    record: UUID
    discloser: UUID
    recipient: UUID
    categories: frozenset[str]
    setback: UUID | None = None


class Word(StrEnum):
    """The answer. Only the first is a yes."""

    YES = auto()
    NEVER = auto()  # whatever else was said
    ENDED = auto()  # there was a yes to this, and it is over
    NO = auto()  # nobody ever said yes to this


@dataclass(slots=True)
class Yes:
    """A yes as it stands now; `cut` is when something ended it before its last day."""

    consent: Consent
    cut: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return (self.cut is None or at < self.cut) and at < ends_at(self.consent)

    def end(self, at: datetime) -> None:
        if self.cut is None or at < self.cut:
            self.cut = at


@dataclass(slots=True)
class Standing:
    """What a history leaves: every yes, whom they keep out, which records are theirs."""

    given: dict[UUID, Yes] = field(default_factory=dict)
    ended_unheard: dict[UUID, datetime] = field(default_factory=dict)  # an end that came before its yes stays the end
    nevers: set[tuple[UUID, UUID]] = field(default_factory=set)  # record, agency
    links: set[frozenset[UUID]] = field(default_factory=set)

    def records(self, record: UUID) -> set[UUID]:
        """Every record that they have said is theirs, this one included."""
        found, ahead = {record}, [record] if self.links else []
        while ahead:
            here = ahead.pop()
            beside = {other for link in self.links if here in link for other in link} - found
            found |= beside
            ahead += beside
        return found

    def is_never(self, record: UUID, agency: UUID) -> bool:
        return bool(self.nevers) and any((one, agency) in self.nevers for one in self.records(record))

    def shut(self, record: UUID, at: datetime) -> None:
        """What they allowed of these records to whom they keep out is over."""
        theirs = self.records(record)
        kept_out = {agency for one, agency in self.nevers if one in theirs}
        for yes in self.given.values() if kept_out else ():
            if yes.consent.person in theirs and yes.consent.terms.recipient in kept_out:
                yes.end(at)


def may_tell(history: Iterable[Fact], matter: Matter, at: datetime) -> Word:
    """`history` in the order in which it was said, up to any moment; what came after `at` does not count."""
    return judge(fold(history, at), matter, at)


def fold(history: Iterable[Fact], at: datetime) -> Standing:
    standing = Standing()
    for fact in history:
        if fact.at <= at:
            _take(standing, fact)
    return standing


def judge(standing: Standing, matter: Matter, at: datetime) -> Word:
    """The yes with the longest life decides nothing more than any other: one that holds is enough."""
    if standing.is_never(matter.record, matter.recipient):
        return Word.NEVER
    word = Word.NO
    for yes in standing.given.values():
        if covers(yes.consent, matter):
            if yes.holds(at):
                return Word.YES
            word = Word.ENDED
    return word


def covers(consent: Consent, matter: Matter) -> bool:
    """Whether it is a yes to exactly this: everything named, and one setback only where it is that one."""
    terms = consent.terms
    return (
        consent.person == matter.record
        and (terms.discloser, terms.recipient) == (matter.discloser, matter.recipient)
        and terms.setback == matter.setback
        and matter.categories <= terms.categories
    )


def _take(standing: Standing, fact: Fact) -> None:
    match fact:
        case Given(at, consent):
            _hear(standing, consent, at)
        case Confirmed(at, id):
            _go_on(standing.given.get(id), at, None)
        case Renewed(at, id, until):
            _go_on(standing.given.get(id), at, until)
        case Used(at, id):
            if (used := standing.given.get(id)) and used.consent.terms.once:
                used.end(at)
        case Ended(at, id):
            if ended := standing.given.get(id):
                ended.end(at)
            else:
                standing.ended_unheard.setdefault(id, at)
        case Never(at, record, agency, again):
            (standing.nevers.discard if again else standing.nevers.add)((record, agency))
            standing.shut(record, at)
        case One(at, record, other, apart):
            (standing.links.discard if apart else standing.links.add)(frozenset({record, other}))
            standing.shut(record, at)
        case _:
            assert_never(fact)


def _hear(standing: Standing, consent: Consent, at: datetime) -> None:
    """Only the first time: no yes that arrives again undoes an end."""
    if consent.id in standing.given:
        return
    kept_out = standing.is_never(consent.person, consent.terms.recipient)
    standing.given[consent.id] = Yes(consent, at if kept_out else standing.ended_unheard.get(consent.id))


def _go_on(yes: Yes | None, at: datetime, until: date | None) -> None:
    """Said again in private, perhaps with a later last day. Nothing is raised from its end."""
    if yes is None or not yes.holds(at):
        return
    terms = yes.consent.terms
    if until is not None:
        if terms.once or terms.setback is not None:
            return
        terms = replace(terms, expires_on=until)
    yes.consent = replace(yes.consent, terms=terms, stage=Stage.CONFIRMED, confirm_by=None)
