"""What an agency answered elsewhere (its stream, a link, the phone), as something said to its referral."""

from services.caseplan.referrals import state as said
from services.caseplan.referrals.state import Command
from shared.contracts.answer import Received
from shared.contracts.parties import Party, Way
from shared.contracts.referral import DeclineReason, Document, EligibilityRule, Outcome
from shared.runtime.errors import Invalid
from shared.workflow import By

WAYS = {"stream": Way.STREAM, "link": Way.EMAIL, "phone": Way.PHONE}


def heard(answer: Received) -> tuple[Command, By]:
    """The command that the answer means, and whose it is. Invalid when it says something that we do not know."""
    way = WAYS.get(answer.by)
    if way is None:
        raise Invalid("by", "An answer comes by stream, by link or by phone.")
    return _command(answer), By(Party.AGENCY, answer.agency, way, answer.recorded_by)


def _command(answer: Received) -> Command:
    match answer.answer:
        case "seen":
            return said.See()
        case "accept":
            return said.Accept()
        case "waitlist" if answer.position is not None:
            return said.Waitlist(answer.position)
        case "decline":
            return _decline(answer)
        case "start":
            return said.Begin()
        case "report":
            try:
                return said.Report(Outcome(answer.outcome or ""))
            except ValueError:
                raise Invalid("outcome", _known(Outcome)) from None
        case _:
            raise Invalid("answer", "An answer is seen, accept, waitlist, decline, start or report.")


def _decline(answer: Received) -> said.Decline:
    """A stream carries no words, so a rule or a paper that only words could name counts as something else."""
    try:
        reason = DeclineReason(answer.reason or "")
    except ValueError:
        raise Invalid("reason", _known(DeclineReason)) from None
    try:
        rule = EligibilityRule(answer.rule) if answer.rule else None
    except ValueError:
        raise Invalid("rule", _known(EligibilityRule)) from None
    try:
        document = Document(answer.document) if answer.document else None
    except ValueError:
        raise Invalid("document", _known(Document)) from None
    return said.Decline(reason, rule, document)


def _known(codes: type[DeclineReason] | type[EligibilityRule] | type[Document] | type[Outcome]) -> str:
    return f"Known here: {', '.join(codes)}."
