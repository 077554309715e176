"""Answers: what a partner agency said to a referral, checked, attributed and given a receipt.

Who said it comes from the topic, the link or the worker's sign-in, never from what the record claims.
"""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.codes import CODE
from shared.contracts.compartments import Compartment, In
from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Known, PersonId, WorkerId

InHealth = In(Compartment.HEALTH)  # as in the referral that hears of it

AnswerCode = Annotated[str, Known("seen", "accept", "decline", "waitlist", "start", "report")]


class Received(Event):
    """Subject: the referral that was answered. Partition key: the person."""

    topic: ClassVar[str] = "throughcare.answer.v1"
    type: ClassVar[str] = "throughcare.answer.received.v1"

    answer_id: UUID = Field(description="This answer.")
    referral: UUID = Field(description="The referral that was answered.")
    person: PersonId
    partner: UUID | None = Field(description="The partner whose answer it is; none where the agency has no system.")
    agency: AgencyId = Field(description="The agency whose answer it is.")
    answer: AnswerCode = Field(description="What was said.")
    reason: str | None = Field(None, pattern=CODE, description="Why not, for decline.", examples=["no_capacity"])
    rule: Annotated[str | None, InHealth] = Field(
        None, pattern=CODE, description="Which rule, where a rule stands in the way."
    )
    document: Annotated[str | None, InHealth] = Field(
        None, pattern=CODE, description="Which paper, where one is missing."
    )
    outcome: str | None = Field(None, pattern=CODE, description="How it ended, for report.", examples=["got_help"])
    position: int | None = Field(None, ge=1, le=100_000, description="The place in line, for waitlist.")
    by: Annotated[str, Known("stream", "phone", "link")] = Field(description="How it came.")
    recorded_by: WorkerId | None = Field(None, description="The worker who wrote down what was said by phone.")
    receipt: UUID = Field(description="The receipt that the partner got, or that the page showed.")
