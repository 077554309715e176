"""Referral events: one person, one need, one program asked to help.

Every event says where the referral stands now and who holds it, so a reader who missed the others is still right.
What people wrote stays in caseplan's state; here are ids and codes.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.codes import Coded
from shared.contracts.compartments import Compartment, In
from shared.contracts.events import Event
from shared.contracts.kinds import Need
from shared.contracts.parties import Party, Way

InHealth = In(Compartment.HEALTH)  # a rule or a paper can tell of health, of use, of supervision
InReferral = In(Compartment.REFERRAL)  # what stands between a person and the help, which no count needs


class Stage(Coded):
    DRAFT = "draft", "Not sent yet", "Worker and person are writing it; the program knows nothing."
    SENT = "sent", "Sent", "On its way to the agency."
    DELIVERED = "delivered", "Delivered", "The agency's stream acknowledged it; nobody there has said they read it."
    SEEN = "seen", "Seen", "The agency says it has read it; it has yet to answer."
    ESCALATED = "escalated", "With their lead", "The agency did not answer in time, so its lead holds it now."
    WAITLISTED = "waitlisted", "In line", "The agency keeps a place in line and tells which."
    ACCEPTED = "accepted", "Accepted", "The agency said yes; it has yet to reach the person."
    CONTACTING = "contacting", "Being contacted", "The agency is trying to reach the person."
    IN_PROGRESS = "in_progress", "Help has begun", "Person and agency have met and are at work."
    AWAITING_PERSON = "awaiting_person", "Something is needed", "The agency needs something from the person, and helps."
    ON_HOLD = "on_hold", "On hold", "The agency has paused, and said why."
    STALLED = "stalled", "Quiet after a yes", "The agency said yes and then fell silent, so its lead holds it now."
    REOPENED = "reopened", "Open again", "The person says that it did not end so; the agency has it again."
    REPORTED = "reported", "The agency says it is done", "The agency says how it ended; the person has yet to say."
    DECLINED = "declined", "No from the agency", "The agency said no and why; the next program is being looked for."
    EXPIRED = "expired", "Never answered", "Agency and lead stayed silent; the next program is being looked for."
    ABANDONED = "abandoned", "Dropped after a yes", "Agency and lead fell silent; the next program is being looked for."
    OFFERED = "offered", "Another door offered", "The person may choose another program. It hears nothing until then."
    PAUSED = "paused", "Sharing stopped", "Nothing new goes out. The place stays theirs until they have been asked."
    UNASKED = "unasked", "Not asked in time", "Sharing stopped; the worker did not ask in time, so the supervisor does."
    CLOSED = "closed", "Closed", "The person confirmed how it ended, or had the time to; the record says which."
    MOVED_ON = "moved_on", "Goes on elsewhere", "The person chose another program; a new referral goes there."
    NOT_TAKEN = "not_taken", "Not taken", "Nobody took it, and the person chose no other for now or did not say."
    WITHDRAWN = "withdrawn", "Taken back", "The person took it back. No reason is needed, and the door stays open."
    LAPSED = "lapsed", "Ended in silence", "Nobody moved it further. Silence is recorded as silence."
    ENTERED_IN_ERROR = "entered_in_error", "A mistake of ours", "Written by mistake; kept so that this can be seen."


# 42 CFR 2.31 wants what is disclosed described explicitly: for these needs a consent must name the category as well.
SENSITIVE = frozenset({"health", "mental_health", "substance_use"})


class DeclineReason(Coded):
    NO_CAPACITY = "no_capacity", "No room now", "All places are taken."
    NO_FUNDS = "no_funds", "No money now", "The fund for this is used up."
    NOT_ELIGIBLE = "not_eligible", "A rule stands in the way", "A rule of the program; the answer names which."
    OUTSIDE_AREA = "outside_area", "Outside their area", "The program serves another part of town."
    MISSING_DOCUMENT = "missing_document", "A paper is missing", "The program needs one first; the answer names which."
    CONVICTION_RULE = "conviction_rule", "A rule about the past", "The program excludes some convictions."
    COULD_NOT_CONTACT = "could_not_contact", "Could not reach the person", "The agency tried and did not reach them."
    PERSON_DECLINED = "person_declined", "The person said no for now", "The person told the agency so."
    DUPLICATE = "duplicate", "Already with them", "The agency is at work on the same need already."
    OTHER = "other", "Something else", "The answer says what, in words."


class EligibilityRule(Coded):
    AGE = "age", "Age", "The program is for another age."
    GENDER = "gender", "Gender", "The program is for another gender."
    HOUSEHOLD = "household", "Household", "The program is for other households, such as families."
    RESIDENCE = "residence", "Where they live", "The program asks for a longer stay in the area."
    INCOME = "income", "Income", "Income is above or below what the program allows."
    INSURANCE = "insurance", "Insurance", "The program takes another insurance."
    SOBRIETY = "sobriety", "Time sober", "The program asks for a time without use."
    SUPERVISION = "supervision", "Supervision", "The program excludes or demands a kind of supervision."
    REFERRER = "referrer", "Who may refer", "The program takes referrals from named agencies only."
    OTHER = "other", "Another rule", "The answer says which, in words."


class Document(Coded):
    STATE_ID = "state_id", "State ID", "An identity card of the state."
    BIRTH_RECORD = "birth_record", "Birth record", "A certified birth certificate."
    SOCIAL_SECURITY = "social_security", "Social security card", "The card or a proof of the number."
    RELEASE_PAPERS = "release_papers", "Release papers", "What was handed over at the gate."
    PROOF_OF_INCOME = "proof_of_income", "Proof of income", "Pay slips or a benefit letter."
    INSURANCE_CARD = "insurance_card", "Insurance card", "Medicaid or another card."
    MEDICAL_RECORD = "medical_record", "Medical record", "A letter or a record from a clinic."
    OTHER = "other", "Another paper", "The answer says which, in words."


class Outcome(Coded):
    GOT_HELP = "got_help", "Got the help", "What was asked for was given."
    PARTLY = "partly", "Got part of it", "Some of what was asked for was given."
    NOT_ELIGIBLE = "not_eligible", "A rule stood in the way", "It turned out that a rule does not allow it."
    NO_CAPACITY = "no_capacity", "No room after all", "The place was not there after all."
    UNREACHABLE = "unreachable", "Not reached", "The agency tried at least three times."
    PERSON_DECLINED = "person_declined", "The person said no for now", "Not wanted now; the door stays open."
    FAILED = "failed", "It did not work out", "Help began and did not do what was hoped."


class WaitingFor(Coded):
    DOCUMENT = "document", "A paper", "A paper that only the person can get."
    FORM = "form", "A form", "A form or a signature."
    APPOINTMENT = "appointment", "A time", "A time that suits the person."
    CHOICE = "choice", "A choice", "A choice between what is there."
    ANSWER = "answer", "An answer", "An answer to a question."


class HoldReason(Coded):
    NO_PLACE = "no_place", "Waiting for a place", "A place is promised and not free yet."
    FUNDING = "funding", "Waiting for money", "A payment or approval is outstanding."
    OTHER_AGENCY = "other_agency", "Waiting for somebody else", "Another office has to act first."
    CLOSED = "closed", "The program is closed for a while", "Holidays, repairs or illness."
    PERSON_ASKED = "person_asked", "The person asked for it", "The person asked to wait."


class ContactKind(Coded):
    CALL = "call", "Call", "A phone call."
    TEXT = "text", "Text", "A text message."
    MAIL = "mail", "Letter or e-mail", "Something written."
    VISIT = "visit", "Visit", "A visit."
    THROUGH_WORKER = "through_worker", "Through the worker", "The worker passed it on."


class PauseCause(Coded):
    REVOKED = "revoked", "Consent taken back", "The person stopped sharing with this agency."
    EXPIRED = "expired", "Consent ran out", "The time that the person had given is over."


class WithdrawReason(Coded):
    NOT_ASKED = "not_asked", "No reason asked", "Nobody asks for one."
    FOUND_ELSEWHERE = "found_elsewhere", "Found elsewhere", "The person has what they needed."
    NOT_NEEDED = "not_needed", "Not needed any more", "Things changed."
    NOT_RIGHT = "not_right", "Not the right place", "The person does not want this agency."


class ReferralEvent(Event):
    """What every referral event carries: enough to decide, at the moment of disclosure, who may hear of it."""

    topic: ClassVar[str] = "throughcare.referral.v1"

    referral: UUID = Field(description="The referral.")
    person: UUID = Field(description="Whom it is for. Never passed on to a partner.")
    program: UUID = Field(description="The program that is asked to help.")
    agency: UUID = Field(description="The agency that offers the program: the one partner who may hear of this.")
    consent: UUID | None = Field(None, description="The consent it was sent under; none while it is a draft.")
    need: Need = Field(description="What kind of help is asked for.")
    stage: Stage = Field(description="Where the referral stands after this.")
    owner: Party | None = Field(None, description="Who holds it after this; none when it is at rest.")
    way: Way = Field(description="How the word came.")
    recorded_by: UUID | None = Field(None, description="The worker who wrote down what was said by phone or in person.")


class Drafted(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.drafted.v1"

    follows: UUID | None = Field(None, description="The referral that nobody took and that this one carries on.")


class Sent(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.sent.v1"


class Delivered(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.delivered.v1"


class Seen(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.seen.v1"


class Escalated(ReferralEvent):
    """Silence lasted as long as it may: `owner` says who holds it now."""

    type: ClassVar[str] = "throughcare.referral.escalated.v1"


class Accepted(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.accepted.v1"


class Waitlisted(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.waitlisted.v1"

    position: int = Field(ge=1, description="Place in line, from 1.")


class Declined(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.declined.v1"

    reason: DeclineReason = Field(description="Why the agency says no.")
    rule: Annotated[EligibilityRule | None, InHealth] = Field(
        None, description="Which rule, when a rule stands in the way."
    )
    document: Annotated[Document | None, InHealth] = Field(None, description="Which paper, when one is missing.")


class Expired(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.expired.v1"


class Abandoned(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.abandoned.v1"


class ContactTried(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.contact_tried.v1"

    attempts: int = Field(ge=1, description="Attempts so far, this one included.")
    contact: Annotated[ContactKind, InReferral] = Field(description="How they tried.")


class Begun(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.begun.v1"


class AwaitingPerson(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.awaiting_person.v1"

    waiting_for: Annotated[WaitingFor, InReferral] = Field(description="What is needed from the person.")


class Held(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.held.v1"

    hold_reason: Annotated[HoldReason, InReferral] = Field(description="Why the agency paused.")


class Continued(ReferralEvent):
    """A sign of life, or work taken up again after a wait."""

    type: ClassVar[str] = "throughcare.referral.continued.v1"


class Reported(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.reported.v1"

    outcome: Outcome = Field(description="How it ended, in the agency's word.")


class Confirmed(ReferralEvent):
    """The person's own word, which closes it. Counted apart from `closed`."""

    type: ClassVar[str] = "throughcare.referral.confirmed.v1"

    outcome: Outcome = Field(description="What the person confirmed.")


class Closed(ReferralEvent):
    """The person had the time to speak and did not: silence, never a confirmation."""

    type: ClassVar[str] = "throughcare.referral.closed.v1"

    outcome: Outcome = Field(description="What the agency had reported.")


class Disputed(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.disputed.v1"

    outcome: Outcome = Field(description="The report that the person says is not so.")


class Reopened(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.reopened.v1"


class ToldWorker(ReferralEvent):
    """What the person told a worker. Counted apart; confirms and closes nothing."""

    type: ClassVar[str] = "throughcare.referral.told_worker.v1"

    told: Outcome = Field(description="How it ended, as the person told the worker.")


class NextOffered(ReferralEvent):
    """Another door, shown to the person only: the program offered hears nothing."""

    type: ClassVar[str] = "throughcare.referral.next_offered.v1"

    next_program: UUID | None = Field(None, description="The program offered; none asks the person to choose freely.")


class NextChosen(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.next_chosen.v1"

    next_program: UUID = Field(description="The program that the person chose, now or when sending.")
    next_referral: UUID = Field(description="The referral that goes there.")


class NotTaken(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.not_taken.v1"


class Paused(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.paused.v1"

    cause: PauseCause = Field(description="Why nothing new goes out.")


class Resumed(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.resumed.v1"


class Withdrawn(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.withdrawn.v1"

    withdraw_reason: Annotated[WithdrawReason, InReferral] = Field(description="Why, if the person cared to say.")


class Lapsed(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.lapsed.v1"


class EnteredInError(ReferralEvent):
    type: ClassVar[str] = "throughcare.referral.entered_in_error.v1"
