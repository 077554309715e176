"""What requests about consents say, and whose word each of them is."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.consents import Terms
from services.intake.fields import Called, Category, Line
from services.intake.people import Person
from services.intake.says_consent import BESIDE
from services.intake.signing import Way, purpose_of
from shared.runtime.errors import Invalid
from shared.security.identity import Actor
from shared.security.permissions import Relations
from shared.web.words import Lang
from shared.workflow import By, Party
from shared.workflow import Way as Came

DAYS = 90  # how long a consent holds if nobody says otherwise
SPOKEN = ("in_person", "by_phone", "sms", "paper")  # how a word came that staff write down


class Question(BaseModel):
    """Who may be told what, until when."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID | None = None
    person: UUID
    recipient: UUID = Field(description="The agency that may be told.")
    discloser: UUID | None = Field(None, description="The agency that may tell; the person's home agency, if not said.")
    categories: tuple[Category, ...] = Field(min_length=1, max_length=9, description="What may be told.")
    purpose: Literal["referral", "support_after_setback", "coordination", "reporting_to_court"] | None = None
    expires_on: date | None = Field(None, description="The last day; in 90 days, if not said.")
    setback: UUID | None = Field(None, description="The one setback that may be told.")
    next: str | None = None

    def terms(self, person: Person, zone: str, today: date) -> Terms:
        return Terms(
            self.discloser or person.agency,
            self.recipient,
            frozenset(self.categories),
            self.purpose or purpose_of(self.categories, self.setback),
            self.expires_on or today + timedelta(days=DAYS),
            self.setback,
            zone,
        )


class Asked(Question):
    """A question from the page whose other button takes the answer: what only that one needs is left aside."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Signature(BaseModel):
    """How somebody said yes to what they read, and who helped them to read it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shown: bool = Field(False, description="The person has seen whom the recipient reports to, and that a no is free.")
    lang: Lang | None = Field(None, description="Of the text that they read; their own language, if not said.")
    read: str | None = Field(
        None, max_length=40, description="The page's mark of that text; refused if it has changed."
    )
    signed: Literal["screen", "paper", "voice"] | None = Field(None, description="For a worker: how they said yes.")
    signed_as: Called | None = Field(None, description="Their name, as they wrote it on the worker's screen.")
    paper_at: Line | None = Field(None, description="Where the signed sheet is kept.")
    reader: Literal["self", "worker", "other"] | None = Field(None, description="Who read it aloud.")
    interpreter: Line | None = Field(None, description="Who interpreted, by name or number.")

    def how(self, *, is_own: bool, on_form: bool) -> Way:
        """The same, of which nothing may be left open where there was a form to say it on."""
        if on_form and not is_own and self.signed is None:
            raise Invalid("signed", BESIDE["mend_signed"])
        if on_form and self.signed == "screen" and not self.signed_as:
            raise Invalid("signed_as", BESIDE["mend_name"])
        return self.way(is_own=is_own)

    def way(self, *, is_own: bool) -> Way:
        how = "page" if is_own else self.signed or ("screen" if self.signed_as else "voice")
        return Way(how, self.signed_as, self.paper_at, self.reader, self.interpreter)


class Yes(Signature, Question):
    """A question, said yes to."""

    given: Literal["page", "in_person"] | None = Field(None, description="For a worker: in_person.")


class YesOnPage(Yes):
    """A yes from the page, with what the page needs to be drawn again as it was."""

    suggested: str = ""
    program: str = ""


class Word(BaseModel):
    """What somebody says of a consent that is there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    given: Literal["page", "in_person", "by_phone", "sms", "paper"] | None = None
    in_private: bool = Field(False, description="Said where nobody else listens; what is said on one's own page is.")
    next: str | None = None


class SignedWord(Signature, Word):
    """A yes to what they read of it."""


class Longer(SignedWord):
    """The same goes on."""

    expires_on: date = Field(description="The new last day.")


class Stop(BaseModel):
    """What shall stop, by the person's word to a worker of any agency that knows them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    which: Literal["all"] | UUID = Field(description="One consent, or all that they let anybody know.")
    given: Literal["in_person", "by_phone", "sms", "paper"] = Field(description="How their word came.")


@dataclass(frozen=True, slots=True)
class Spoken:
    """Whose word a request is, once the person is known."""

    actor: Actor
    person: Person
    today: date

    @property
    def is_own(self) -> bool:
        return self.actor.person == self.person.id

    def by(self, given: str | None) -> By:
        """How the person said it. A worker writes down what was said to them; nobody writes on another's page."""
        if self.is_own:
            return By(Party.PERSON, self.person.id, Came.PAGE)
        way = {"by_phone": Came.PHONE, "sms": Came.SMS}.get(given or "", Came.IN_PERSON)
        recorder = self.actor.id if way.needs_a_recorder else None
        return By(Party.PERSON, self.person.id, way, recorder)

    @property
    def recorder(self) -> UUID | None:
        return None if self.is_own else self.actor.id

    @property
    def relations(self) -> Relations:
        return self.person.ties(self.actor)

    def require(self, action: str, which: UUID) -> None:
        """`action`, and for an answer also whose answer it is: one's own, or one that a worker writes down."""
        self.actor.require(action, self.relations, which)
        self.actor.require(self.deed(action), self.relations, which)

    def deed(self, action: str) -> str:
        """What the audit calls it."""
        return {"consent.answer": "consent.grant" if self.is_own else "consent.record"}.get(action, action)

    def heard(self, given: str | None) -> None:
        if not self.is_own and given not in SPOKEN:
            raise Invalid("given", "Say how their word came: in_person, by_phone, sms or paper.")
