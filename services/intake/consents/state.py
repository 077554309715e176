"""A consent: its terms, where it stands, and how long it holds."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.codes import Coded
from shared.workflow import By, Way

KIND = "consent.lapse"
REMINDER = "consent.remind"
SUPERVISION = "supervision"  # probation, parole and courts
SETBACK = "setback"
DISCLOSING = frozenset({"caseplan", "notifications"})  # must halt before it is in effect; reporting tells counts only


class Stage(Coded):
    ASKED = "asked", "Asked", "The person was asked. “Not now” costs nothing, and neither does no answer."
    GRANTED = "granted", "Allowed, not yet in private", "Signed at intake. It lapses unless said again in private."
    CONFIRMED = "confirmed", "Allowed", "The person said so in private."
    REVOKED = "revoked", "Taken back", "The person took it back. Every service is stopping what is under way."
    IN_EFFECT = "in_effect", "Stopped", "Nothing new goes out. What was written down elsewhere we can't take back."
    LAPSED = "lapsed", "Over", "Its time was over, or it was used up."
    NOT_NOW = "not_now", "Not now", "The person did not say yes. Nothing follows from it."


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    ask_days: int = Field(30, ge=7, le=90, description="days an unanswered question stays on the page; our choice")
    confirm_days: int = Field(30, ge=1, le=60, description="days until what was signed at intake lapses unconfirmed")
    longest_days: int = Field(365, ge=30, le=730, description="longest life; 42 CFR 2.31: no longer than needed")
    remind_days: int = Field(14, ge=1, le=60, description="days before its end on which the person is told; our choice")
    effect_hours: int = Field(1, ge=1, le=24, description="hours to be in effect, after which operators hear of it")


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may tell what to whom, what for, and the last day on which they may. `zone` is where that day ends."""

    discloser: UUID
    recipient: UUID
    categories: frozenset[str]
    purpose: str
    expires_on: date
    setback: UUID | None = None
    zone: str = "America/New_York"

    @property
    def once(self) -> bool:
        return SUPERVISION in self.categories


@dataclass(frozen=True, slots=True)
class Consent:
    id: UUID
    person: UUID
    terms: Terms
    stage: Stage = Stage.ASKED
    granted_on: date | None = None
    confirm_by: date | None = None
    given: str | None = None  # how the last word came
    reason: str | None = None  # why it lapsed
    halted: frozenset[str] = frozenset()  # services that have said that nothing more goes out

    @property
    def confirmed(self) -> bool:
        return self.stage is Stage.CONFIRMED


GIVEN = {Way.PHONE: "by_phone", Way.EMAIL: "mail"}  # as the events call it, where they do not say it as we do


def given(by: By) -> str:
    """How the word came, as a code of the events."""
    return GIVEN.get(by.way, str(by.way))


def last_day(consent: Consent) -> date:
    """The last day on which it holds as it stands now."""
    return min(consent.terms.expires_on, consent.confirm_by or consent.terms.expires_on)


def ends_at(consent: Consent) -> datetime:
    """The first moment at which it no longer holds: the midnight after its last day, where the discloser is."""
    midnight = datetime.combine(last_day(consent) + timedelta(days=1), time(), tzinfo=ZoneInfo(consent.terms.zone))
    return midnight.astimezone(UTC)


def is_live(consent: Consent, at: datetime) -> bool:
    """Whether something may be told under it at that moment. The clock may be late; this is not."""
    return consent.stage in (Stage.GRANTED, Stage.CONFIRMED) and at < ends_at(consent)
