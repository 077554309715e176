"""Openings: for a medical emergency, and for nothing else, a worker sees what their agency does not see of somebody.

For an hour, with words of their own, and never where the person said *never*. The person is told, and their own agency
looks at it afterwards. What is written down is what 42 CFR 2.51 asks for.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.intake.names import whole_words_of, words_of
from shared.contracts.codes import Coded
from shared.runtime.errors import Conflict, Invalid, Refused
from shared.security.permissions import Relation, Relations
from shared.workflow import Hours, Timer

# From the call to the hand-over at a hospital's door; who needs longer says again why.
LASTS = timedelta(hours=1)
TRIES, WITHIN = 6, timedelta(hours=1)  # of one worker, whatever came of them: more is going through names
REMEMBERED = timedelta(days=365)  # how long the same words open nobody else
LONG_ENOUGH = 20  # letters
KIND = "opening.review"
REVIEWED_WITHIN = Hours.days(2)  # by the agency that walks with them; then it rings, and goes on ringing
WORDS = 3  # different ones that say something
# What is written where nothing is said: such words count for nothing.
SAYS_NOTHING = frozenset(
    word
    for line in (
        "a an and are as asap at be before emergency for form gotta has have help i in info information is it just",
        "life medical my na need needed needs none now of on or patient person please reason record records same see",
        "someone somebody test the their them they this threatening to urgent us very want we with access above",
        "details open required",
        "acceso ahora ayuda de del el en es expediente favor la las los medica necesita necesito paciente para",
        "persona por que su un una urgente urgencia y emergencia",
    )
    for word in line.split()
)


class Cannot(Coded):
    """Why they could not be asked. Who can be, is asked: then it is a consent."""

    UNCONSCIOUS = "unconscious", "They are not conscious", "Nobody can ask them."
    TOO_ILL = "too_ill", "They are too ill or hurt to answer", "Nobody can ask them now."
    NO_TIME = "no_time", "Asking would cost time that could cost their life", "They are elsewhere, or far away."


class Verdict(Coded):
    """What their own agency found afterwards."""

    GOOD_FAITH = "good_faith", "It was an emergency, and needed", "They acted in good faith."
    NOT_GOOD_FAITH = "not_good_faith", "It should not have been opened", "Their agency hears of it from us."


@dataclass(frozen=True, slots=True)
class Opening:
    id: UUID
    person: UUID
    home: UUID
    agency: UUID
    worker: UUID
    cannot: Cannot
    treatment: bool
    opened_at: datetime
    ends_at: datetime
    verdict: Verdict | None = None
    reviewed_by: UUID | None = None
    reviewed_at: datetime | None = None


class Over(Refused):
    status = 410
    title = "Its hour is over"

    def __init__(self) -> None:
        super().__init__("What you opened is shut again. Is it still an emergency? Open it anew, and say again why.")


class TooOften(Refused):
    status = 429
    title = "Please call them"

    def __init__(self, phone: str | None) -> None:
        call = f"Call them: {phone}." if phone else "Call them."
        super().__init__(f"You tried {TRIES} times within an hour. {call} Each try is written down.")
        self.headers = {"Retry-After": str(round(WITHIN.total_seconds()))}


def check_words(text: str) -> None:
    """Raises Invalid for words that any emergency could have."""
    words = {word for typed in text.split() for word in words_of(typed)}
    saying = {word for word in words - SAYS_NOTHING if not word.isdigit()}
    if len(re.sub(r"\W", "", text)) < LONG_ENOUGH or len(saying) < WORDS:
        raise Invalid(
            "emergency",
            "Say in your own words what happened: what you see, since when, and what they need to be treated for. "
            "“Medical emergency” alone opens nothing.",
        )


def told_before() -> Invalid:
    return Invalid("emergency", "You wrote the very same of somebody else. Say what happened to this person.")


def nobody(phone: str | None) -> Invalid:
    """The same for nobody, for several of that name, and for whoever never lets this agency look."""
    call = f" Or call them: {phone}." if phone else " Or call them."
    return Invalid(
        "name",
        "Nobody there opens by this name. Write the whole name as they go by it, and check the agency."
        f"{call} Do not guess: each try is written down, and they see it.",
    )


def the_one(typed: str, called: Sequence[tuple[UUID, str]]) -> UUID | None:
    """Whoever goes by exactly that name, if there is one alone."""
    sought = sorted(whole_words_of(typed))
    found = [id for id, name in called if sought and sorted(whole_words_of(name)) == sought]
    return found[0] if len(found) == 1 else None


def lends(opening: Opening, worker: UUID, now: datetime) -> Relations:
    """What it ties to the person: whoever opened it, for its hour. No cover passes it on."""
    return frozenset({Relation.OPENED}) if opening.worker == worker and now < opening.ends_at else frozenset()


def care_shown(opening: Opening) -> frozenset[str]:
    """Whose care is named to whoever treats them. That for drugs or alcohol only where it was asked for."""
    return frozenset({"health", "mental_health"}) | ({"substance_use"} if opening.treatment else set())


def clock_of(opening: Opening) -> Timer:
    """Until their own agency has said whether it was right."""
    return Timer(KIND, opening.id, None if opening.verdict else REVIEWED_WITHIN)


def check_review(opening: Opening) -> None:
    if opening.verdict is not None:
        raise Conflict("Somebody has looked at it already, and said so.")
