"""Whether an answer counts. Pure. Whether the move is on offer is for caseplan; here is what no state could make right.

A refusal says what the partner can mend, and never whether a reference that is not its own means something to others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args
from uuid import UUID

from shared.contracts.codes import Coded
from shared.contracts.partner_view import Answer
from shared.contracts.referral import DeclineReason, Document, EligibilityRule, Outcome, Stage

Verb = Literal["seen", "accept", "decline", "waitlist", "start", "report"]
VERBS = frozenset(get_args(Verb))
OVER = frozenset(
    {
        Stage.CLOSED,
        Stage.MOVED_ON,
        Stage.NOT_TAKEN,
        Stage.WITHDRAWN,
        Stage.LAPSED,
        Stage.ENTERED_IN_ERROR,
        Stage.DECLINED,
        Stage.OFFERED,
        Stage.EXPIRED,
        Stage.ABANDONED,
    }
)
"""An agency's answer moves nothing from these. A partner can't know of a reopening before this service does."""
DECLARED: Mapping[str, type[Coded]] = {
    "reason": DeclineReason,
    "rule": EligibilityRule,
    "document": Document,
    "outcome": Outcome,
}
NEEDS_WORDS = {("reason", DeclineReason.OTHER), ("rule", EligibilityRule.OTHER), ("document", Document.OTHER)}

REFUSALS: Mapping[str, str] = {
    "unknown_reference": "no referral of yours is called so",
    "not_a_referral": "a setback or an event without a person is not answered; a setback is for you to know",
    "unknown_answer": "say seen, accept, decline, waitlist, start or report",
    "unknown_reason": "not one of the reasons in the catalog",
    "unknown_rule": "not one of the rules in the catalog",
    "unknown_document": "not one of the papers in the catalog",
    "unknown_outcome": "not one of the outcomes in the catalog",
    "rule_missing": "not_eligible needs the rule",
    "document_missing": "missing_document needs the paper",
    "needs_words": "this one has to be said in words: call, or answer on the page",
    "not_from_here": "the referral is over, or with somebody else by now",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What a partner's reference means; `stage` of a referral as this service last heard it."""

    kind: Literal["referral", "setback", "test"]
    thing: UUID
    person: UUID | None = None
    stage: str | None = None


def refusal(answer: Answer, known: Known | None) -> str | None:
    """Why the answer does not count, as one of `REFUSALS`; None if it does."""
    if known is None:
        return "unknown_reference"
    if known.kind == "setback":
        return "not_a_referral"
    if answer.answer not in VERBS:
        return "unknown_answer"
    wrong = _wrong_code(answer)
    if wrong is not None or known.kind == "test":
        return wrong
    return "not_from_here" if known.stage is None or known.stage in OVER else None


def _wrong_code(answer: Answer) -> str | None:
    for name, codes in DECLARED.items():
        value = getattr(answer, name)
        if value is None:
            continue
        if value not in {code.value for code in codes}:
            return f"unknown_{name}"
        if (name, value) in NEEDS_WORDS:
            return "needs_words"
    if answer.answer == "decline" and answer.reason == DeclineReason.NOT_ELIGIBLE and answer.rule is None:
        return "rule_missing"
    if answer.answer == "decline" and answer.reason == DeclineReason.MISSING_DOCUMENT and answer.document is None:
        return "document_missing"
    return None
