"""A referral as it stands, and everything that can be said to it."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from services.caseplan.sharing import Consent
from shared.contracts.referral import (
    ContactKind,
    DeclineReason,
    Document,
    EligibilityRule,
    HoldReason,
    Outcome,
    PauseCause,
    Stage,
    WaitingFor,
    WithdrawReason,
)


@dataclass(frozen=True, slots=True)
class Onward:
    """Another program and the agency behind it."""

    program: UUID
    agency: UUID


@dataclass(frozen=True, slots=True)
class Referral:
    """One person, one need, one program. What an event says of it stands here under the same name."""

    id: UUID
    person: UUID
    program: UUID
    agency: UUID
    need: str
    worker: UUID
    home: UUID  # the worker's own agency, whose days their clocks run on
    stage: Stage = Stage.DRAFT
    consent: UUID | None = None
    second: Onward | None = None  # named by the person when sending: may be sent without asking once more
    next: Onward | None = None  # offered to the person, or chosen
    next_referral: UUID | None = None
    follows: UUID | None = None
    before: Stage | None = None  # where it stands beneath a pause
    not_taken_as: Stage | None = None  # declined, expired or abandoned, once it was
    underway: bool = False  # work with the person had begun, or was put off, at some time
    attempts: int = 0
    contact: ContactKind | None = None
    position: int | None = None
    reason: DeclineReason | None = None
    rule: EligibilityRule | None = None
    document: Document | None = None
    waiting_for: WaitingFor | None = None
    hold_reason: HoldReason | None = None
    outcome: Outcome | None = None  # as the agency reported it
    confirmed: bool | None = None  # closed by the person's word (True) or by their silence (False)
    told: Outcome | None = None  # as the person told a worker: closes nothing
    cause: PauseCause | None = None
    withdraw_reason: WithdrawReason | None = None

    @property
    def next_program(self) -> UUID | None:
        return self.next.program if self.next else None


@dataclass(frozen=True, slots=True)
class Send:
    """`second`: a program that the person names now, to be asked at once should nobody here take it."""

    verb: ClassVar = "send"
    consent: Consent | None
    second: Onward | None = None


@dataclass(frozen=True, slots=True)
class Deliver:
    verb: ClassVar = "deliver"


@dataclass(frozen=True, slots=True)
class See:
    verb: ClassVar = "see"


@dataclass(frozen=True, slots=True)
class Accept:
    verb: ClassVar = "accept"


@dataclass(frozen=True, slots=True)
class Waitlist:
    verb: ClassVar = "waitlist"
    position: int


@dataclass(frozen=True, slots=True)
class Decline:
    """`words` are kept sealed beside the referral and stand in no event."""

    verb: ClassVar = "decline"
    reason: DeclineReason
    rule: EligibilityRule | None = None
    document: Document | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    verb: ClassVar = "attempt"
    contact: ContactKind


@dataclass(frozen=True, slots=True)
class Begin:
    verb: ClassVar = "begin"


@dataclass(frozen=True, slots=True)
class Await:
    verb: ClassVar = "await"
    waiting_for: WaitingFor


@dataclass(frozen=True, slots=True)
class Hold:
    verb: ClassVar = "hold"
    hold_reason: HoldReason


@dataclass(frozen=True, slots=True)
class Continue:
    verb: ClassVar = "continue"


@dataclass(frozen=True, slots=True)
class Report:
    verb: ClassVar = "report"
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Confirm:
    verb: ClassVar = "confirm"


@dataclass(frozen=True, slots=True)
class Dispute:
    verb: ClassVar = "dispute"


@dataclass(frozen=True, slots=True)
class Reopen:
    verb: ClassVar = "reopen"
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class Tell:
    """What the person told a worker about how it ended; the worker speaks here, never for the person."""

    verb: ClassVar = "tell"
    told: Outcome


@dataclass(frozen=True, slots=True)
class Offer:
    verb: ClassVar = "offer"
    next: Onward


@dataclass(frozen=True, slots=True)
class ChooseNext:
    """`next_referral` is the id that the referral to `next` will have."""

    verb: ClassVar = "choose_next"
    next: Onward
    next_referral: UUID


@dataclass(frozen=True, slots=True)
class NotNow:
    verb: ClassVar = "not_now"


@dataclass(frozen=True, slots=True)
class FollowSecond:
    """The network keeps the person's earlier word: `consent` is the one that the second program needs."""

    verb: ClassVar = "follow_second"
    next_referral: UUID
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class Pause:
    verb: ClassVar = "pause"
    cause: PauseCause


@dataclass(frozen=True, slots=True)
class Resume:
    verb: ClassVar = "resume"
    consent: Consent | None


@dataclass(frozen=True, slots=True)
class Withdraw:
    """`checked`: a human has asked the person by another safe way, when the word came by phone."""

    verb: ClassVar = "withdraw"
    withdraw_reason: WithdrawReason = WithdrawReason.NOT_ASKED
    checked: bool = False


@dataclass(frozen=True, slots=True)
class MarkError:
    verb: ClassVar = "mark_error"


@dataclass(frozen=True, slots=True)
class Lapse:
    verb: ClassVar = "lapse"


Command = (
    Send
    | Deliver
    | See
    | Accept
    | Waitlist
    | Decline
    | Attempt
    | Begin
    | Await
    | Hold
    | Continue
    | Report
    | Confirm
    | Dispute
    | Reopen
    | Tell
    | Offer
    | ChooseNext
    | NotNow
    | FollowSecond
    | Pause
    | Resume
    | Withdraw
    | MarkError
    | Lapse
)
