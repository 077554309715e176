"""How much silence each stage of a referral allows: settings of a network, each with the source of its default."""

from typing import assert_never

from pydantic import BaseModel, ConfigDict, Field

from services.caseplan.referrals.state import Referral
from shared.contracts.referral import Stage
from shared.workflow import BusinessDays, Hours, Timer
from shared.workflow import Patience as Silence

KIND = "referral.lapse"


def business_days(default: int, description: str) -> int:
    """A setting in days on which an agency is open."""
    return Field(default, ge=1, le=60, description=f"business days: {description}")


def days_of_the_person(default: int, description: str) -> int:
    """A setting in real days; under a week is no chance to speak."""
    return Field(default, ge=7, le=90, description=f"days the person has {description}")


class Patience(BaseModel):
    """The agency's days run on the agency's calendar, the worker's on the worker's. The person's are real days."""

    model_config = ConfigDict(frozen=True)

    draft: int = business_days(3, "a draft nobody sends; our choice: shorter than a working week")
    answer: int = business_days(2, "an agency's first answer; wycommunicare.org asks for 2")
    lead: int = business_days(1, "the agency's lead once it was silent; half of wycommunicare.org's 2 days of grace")
    line: int = business_days(10, "a place in line without a word on it; our choice: a word every two weeks")
    begin: int = business_days(5, "from yes to the first attempt; our choice: help begins within a week")
    contact: int = business_days(2, "between attempts to reach the person; our choice: three fit into two weeks")
    work: int = business_days(20, "help under way without a sign of life; our choice: a sign every month")
    needed: int = business_days(5, "something is needed from the person; our choice: a week, then somebody helps")
    hold: int = business_days(10, "a pause without a word on it; our choice: a word every two weeks")
    look: int = business_days(1, "the worker shows the person another door; our choice: they have waited long enough")
    ask: int = business_days(1, "the worker asks the person about their place once sharing stopped; our choice")
    supervise: int = business_days(5, "the worker's lead does, if the worker did not; our choice: a week to find them")
    choose_days: int = days_of_the_person(14, "to choose another program; as long as to confirm")
    confirm_days: int = days_of_the_person(14, "to confirm or dispute a report; our choice: two weeks")


def silence_of(referral: Referral, patience: Patience) -> Silence | None:  # noqa: C901 - one line a stage
    """How long the stage it stands at may last; None where it is at rest."""

    def agency(days: int) -> BusinessDays:
        return BusinessDays(days, referral.agency)

    def home(days: int) -> BusinessDays:
        return BusinessDays(days, referral.home)

    match referral.stage:
        case Stage.DRAFT:
            return home(patience.draft)
        case Stage.SENT | Stage.DELIVERED | Stage.SEEN:
            return agency(patience.answer)
        case Stage.ESCALATED | Stage.STALLED:
            return agency(patience.lead)
        case Stage.WAITLISTED:
            return agency(patience.line)
        case Stage.ACCEPTED:
            return agency(patience.begin)
        case Stage.CONTACTING | Stage.REOPENED:
            return agency(patience.contact)
        case Stage.IN_PROGRESS:
            return agency(patience.work)
        case Stage.AWAITING_PERSON:
            return agency(patience.needed)
        case Stage.ON_HOLD:
            return agency(patience.hold)
        case Stage.REPORTED:
            return Hours.days(patience.confirm_days)
        case Stage.DECLINED | Stage.EXPIRED | Stage.ABANDONED:
            return home(patience.look)
        case Stage.OFFERED:
            return Hours.days(patience.choose_days)
        case Stage.PAUSED:
            return home(patience.ask)
        case Stage.UNASKED:
            return home(patience.supervise)
        case Stage.CLOSED | Stage.MOVED_ON | Stage.NOT_TAKEN | Stage.WITHDRAWN | Stage.LAPSED | Stage.ENTERED_IN_ERROR:
            return None
        case _:
            assert_never(referral.stage)


def clock_of(referral: Referral, patience: Patience) -> Timer:
    """The one live clock of a referral where it stands now; at rest, the stop of it."""
    return Timer(KIND, referral.id, silence_of(referral, patience))
