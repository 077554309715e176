"""Rules that hold a move back. Each says what would meet it, in words that can stand on a page."""

from typing import Any

from services.caseplan.referrals.state import (
    ChooseNext,
    Decline,
    FollowSecond,
    Offer,
    Referral,
    Reopen,
    Report,
    Resume,
    Send,
    Waitlist,
    Withdraw,
)
from services.caseplan.sharing import covers_referral
from shared.contracts.referral import DeclineReason, Document, EligibilityRule, Outcome
from shared.workflow import By, Guard

ATTEMPTS_BEFORE_UNREACHABLE = 3  # americaserves.org, "close your case" (2018)


def _consent_covers(referral: Referral, command: Send | Resume | Reopen, by: By) -> bool:
    return covers_referral(command.consent, referral.person, referral.agency, referral.need)


def _second_is_covered(referral: Referral, command: FollowSecond, by: By) -> bool:
    second = referral.second
    return second is not None and covers_referral(command.consent, referral.person, second.agency, referral.need)


def _second_is_another(referral: Referral, command: Send, by: By) -> bool:
    return command.second is None or command.second.program != referral.program


def _next_is_another(referral: Referral, command: Offer | ChooseNext, by: By) -> bool:
    return command.next.program != referral.program


def _reason_is_told(referral: Referral, command: Decline, by: By) -> bool:
    in_words = bool(command.words.strip())
    match command.reason:
        case DeclineReason.NOT_ELIGIBLE:
            return command.rule is not None and (command.rule is not EligibilityRule.OTHER or in_words)
        case DeclineReason.MISSING_DOCUMENT:
            return command.document is not None and (command.document is not Document.OTHER or in_words)
        case DeclineReason.OTHER:
            return in_words
        case _:
            return True


def _tried_enough(referral: Referral, command: Report, by: By) -> bool:
    return command.outcome is not Outcome.UNREACHABLE or referral.attempts >= ATTEMPTS_BEFORE_UNREACHABLE


def _position_counts_from_one(referral: Referral, command: Waitlist, by: By) -> bool:
    return command.position >= 1


def _is_own_word(referral: Referral, command: Any, by: By) -> bool:
    return by.is_own_word


def _is_there(referral: Referral, command: Any, by: By) -> bool:
    return by.is_there


def _is_checked(referral: Referral, command: Withdraw, by: By) -> bool:
    return by.is_there or command.checked


CONSENT = Guard(
    "consent_covers",
    "The person has not said yes to telling this agency about this. Ask them first; “not now” costs nothing.",
    _consent_covers,
)
SECOND_CONSENT = Guard(
    "second_named_and_covered",
    "It goes on by itself only to the program that the person named when sending, and under their consent for it.",
    _second_is_covered,
)
SECOND_IS_ANOTHER = Guard("second_is_another", "Name another program as the second one.", _second_is_another)
NEXT_IS_ANOTHER = Guard("next_is_another", "This program has had its chance; name another one.", _next_is_another)
REASON = Guard("reason_told", "Say which rule or which paper, or say it in words.", _reason_is_told)
TRIED = Guard(
    "three_attempts",
    f"“Not reached” can be said after {ATTEMPTS_BEFORE_UNREACHABLE} attempts that were written down.",
    _tried_enough,
)
POSITION = Guard("position_from_one", "A place in line counts from 1.", _position_counts_from_one)
OWN_WORD = Guard(
    "own_word",
    "Only the person says so, from their own page. What they told you is kept apart: write it down as that.",
    _is_own_word,
)
PRESENT = Guard(
    "own_word_or_present",
    "The person chooses on their own page, or with you in the room: a phone number proves nobody.",
    _is_there,
)
CHECKED = Guard(
    "checked_another_way",
    "A word by phone gives up no place. Ask the person by another safe way first, then say that you did.",
    _is_checked,
)
