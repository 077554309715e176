"""What a partner reads and writes: thin CloudEvents in structured mode, made for this one partner.

They say what happened, to which of the partner's own references, and under which consent; detail is fetched over
HTTPS under the consent that is live then. Never the person's key, an actor, a cause or the inner sequence, whose
gaps would tell. 42 CFR 2.32 asks that each disclosure carries its notice and the consent or a clear explanation of
it: the notice is the rule's short form, (a)(2), and `consent` is the explanation.
"""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import Field, model_validator

from shared.contracts.answer import AnswerCode
from shared.contracts.codes import CODE, Coded
from shared.contracts.events import Event
from shared.contracts.kinds import Category, Epoch, Known, Language, Need, Number, Part, Reference
from shared.contracts.referral import DeclineReason, Document, EligibilityRule, Outcome

REDISCLOSURE = "42 CFR part 2 prohibits unauthorized use or disclosure of these records."

REFUSED = (
    "unknown_reference", "not_a_referral", "unknown_answer", "unknown_reason", "unknown_rule", "unknown_document",
    "unknown_outcome", "rule_missing", "document_missing", "needs_words", "not_from_here",
)  # fmt: skip
"""Why an answer that could be read does not count."""
UNREADABLE = (
    "bad_data", "bad_json", "bad_header", "bad_specversion", "missing_attribute", "unsupported_content", "too_large",
    "tombstone",
)  # fmt: skip
"""Why one could not be read, though its id could."""


def known(codes: type[Coded]) -> Known:
    """Today's codes, beside which others may come."""
    return Known(*(code.value for code in codes))


OwnReference = Annotated[Reference, Field(description="Yours alone: no other partner knows it by this.")]


class ConsentScope(Part):
    """What the person agreed to, as far as it concerns you."""

    reference: Reference = Field(description="This consent, by a reference of yours.", examples=["c-8m2q5"])
    categories: tuple[Category, ...] = Field(min_length=1, max_length=32, description="What you may be told.")
    purpose: str = Field(pattern=CODE, description="What for.", examples=["referral"])
    expires_on: date = Field(description="The last day on which it holds, unless the person ends it before.")


class StreamEvent(Event):
    """Everything on a partner's stream. `sequence` counts all records of one topic, from 1, without gaps."""

    sequence: Number = Field(
        description="The place in this topic and life: 1, 2, 3 ... One that is missing was lost on the way."
    )
    life: Epoch = Field(1, description="Higher once the stream was begun anew, which starts its sequence at 1 again.")


class Heartbeat(StreamEvent):
    """Nothing to tell; the stream is alive. Comes every few minutes, on every stream."""

    topic: ClassVar[str] = "partner.{slug}.referral.v1"
    type: ClassVar[str] = "partner.stream.heartbeat.v1"


class TestHello(StreamEvent):
    """The event that you asked for on your page. It concerns nobody."""

    __test__ = False  # pytest takes it for a test otherwise

    topic: ClassVar[str] = "partner.{slug}.referral.v1"
    type: ClassVar[str] = "partner.test.hello.v1"

    reference: OwnReference


ON_EVERY_STREAM = (Heartbeat, TestHello)


class Disclosure(StreamEvent):
    """Something about a person, told because they agreed. Subject: your reference."""

    reference: OwnReference
    consent: ConsentScope = Field(description="What the person agreed to.")
    notice: str = Field(
        REDISCLOSURE, max_length=2000, description="Holds for this record and all that you fetch with its reference."
    )
    synthetic: bool = Field(description="An invented person: you read only these until your agreement is recorded.")


class ReferralDisclosure(Disclosure):
    topic: ClassVar[str] = "partner.{slug}.referral.v1"


class ReferralReceived(ReferralDisclosure):
    """Somebody asks for your help. Fetch the detail, then answer."""

    type: ClassVar[str] = "partner.referral.received.v1"

    program: UUID = Field(description="Which of your programs.")
    need: Need = Field(description="What kind of help.")
    priority: Annotated[str, Known("routine", "urgent")] = Field("routine", description="How soon.")
    language: Language | None = Field(None, description="In which the person likes to be spoken to.")
    answer_by: datetime | None = Field(None, description="Until when the person was told to expect your answer.")


class ReferralUpdated(ReferralDisclosure):
    """The referral moved on, or its detail changed. Fetch it again."""

    type: ClassVar[str] = "partner.referral.updated.v1"

    stage: str = Field(pattern=CODE, description="Where it stands now.", examples=["accepted"])
    answer_by: datetime | None = Field(None, description="Until when something is expected from you; none: nothing is.")


class ReferralWithdrawn(ReferralDisclosure):
    """It needs nothing more from you."""

    type: ClassVar[str] = "partner.referral.withdrawn.v1"

    reason: Annotated[str, Known("not_asked", "answered_elsewhere", "entered_in_error")] = Field(
        "not_asked", description="Why, where there is something to say."
    )


class ReferralClosed(ReferralDisclosure):
    """It has ended. Silence of the person is told as silence."""

    type: ClassVar[str] = "partner.referral.closed.v1"

    outcome: str = Field(pattern=CODE, description="How it ended.", examples=["got_help"])
    by: Annotated[str, Known("person", "silence")] = Field(
        description="The person confirmed it, or had the time to and said nothing."
    )


class SetbackShared(Disclosure):
    """The person wants you to know that something got hard. Nothing they have with you may end because of it."""

    topic: ClassVar[str] = "partner.{slug}.setback.v1"
    type: ClassVar[str] = "partner.setback.shared.v1"

    asks: Annotated[str, Known("know", "contact", "adjust")] = Field(
        "know", description="What they would like of you: to know, to get in touch, to make something easier."
    )
    referral: Reference | None = Field(None, description="The referral it bears on, by your reference.")


class Receipt(StreamEvent):
    """What became of one answer of yours. Until it has come, send the answer again, with the same id."""

    topic: ClassVar[str] = "partner.{slug}.receipt.v1"
    type: ClassVar[str] = "partner.answer.receipt.v1"

    answer_id: str = Field(min_length=1, max_length=256, description="The id of your record.", examples=["a-0001"])
    result: Literal["accepted", "refused"] = Field(description="Whether it counts.")
    reason: Annotated[str, Known(*REFUSED, *UNREADABLE)] | None = Field(
        None, description="Why not.", examples=["not_from_here"]
    )
    reference: Reference | None = Field(None, description="The referral that you answered, where that could be read.")


class Answer(Event):
    """What you say to a referral. Its CloudEvents `id` is yours to choose: the same id again is the same answer."""

    topic: ClassVar[str] = "partner.{slug}.answer.v1"
    type: ClassVar[str] = "partner.answer.given.v1"

    reference: OwnReference
    answer: AnswerCode = Field(description="What you say.")
    reason: Annotated[str, known(DeclineReason)] | None = Field(
        None, description="Why not. Needed for decline.", examples=["no_capacity"]
    )
    rule: Annotated[str, known(EligibilityRule)] | None = Field(
        None, description="Which rule, where a rule stands in the way. Needed for not_eligible."
    )
    document: Annotated[str, known(Document)] | None = Field(
        None, description="Which paper, where one is missing. Needed for missing_document."
    )
    outcome: Annotated[str, known(Outcome)] | None = Field(None, description="How it ended. Needed for report.")
    position: int | None = Field(None, ge=1, le=100_000, description="The place in line. Needed for waitlist.")

    @model_validator(mode="after")
    def says_enough(self) -> Self:
        needed = {"decline": "reason", "report": "outcome", "waitlist": "position"}.get(self.answer)
        if needed and getattr(self, needed) is None:
            raise ValueError(f"{self.answer} needs {needed}")
        return self
