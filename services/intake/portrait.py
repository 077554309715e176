"""Who somebody is, in their own words: the questions, who may hear the answers, and what a sitting changes.

Joys and people come first, needs after. Every question can be skipped, and a skip is an answer of its own, not a gap.
Beyond the first eight fields nothing is asked before the person lets us (`PACE`). What one agency was told, another
that may see it does not ask again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from shared.contracts.compartments import Compartment
from shared.contracts.kinds import NEEDS

Side = Literal["person", "worker", "referral"]
MOST_AT_ONCE = 8  # questions on the first day, and in any one sitting
STANDS = ("first", "later", "fine")  # what somebody can say of a need; what becomes of it, needs.py says


class Section(StrEnum):
    """Questions that are asked together, in the order in which they are offered."""

    PORTRAIT = "portrait"
    STRENGTHS = "strengths"
    ABOUT = "about"
    BASICS = "basics"
    WORKING = "working"
    BELONGING = "belonging"
    CARE = "care"


PACE = tuple(Section)
OF_NEEDS = frozenset({Section.BASICS, Section.WORKING, Section.BELONGING, Section.CARE})


@dataclass(frozen=True, slots=True)
class Question:
    """`shared_by`: the category of consent under which another agency may see the answer; None: none does."""

    code: str
    section: Section
    compartment: Compartment
    shared_by: str | None
    choices: tuple[str, ...] = ()  # none: in words

    @property
    def is_need(self) -> bool:
        return self.code in NEEDS


def _words(section: Section, *codes: str, shared_by: str | None = "portrait") -> list[Question]:
    return [Question(code, section, Compartment.IDENTITY, shared_by) for code in codes]


def _needs(section: Section, *codes: str) -> list[Question]:
    return [Question(code, section, Compartment.FACTS, "needs", STANDS) for code in codes]


def _care(*codes: str) -> list[Question]:
    """Each under a category of its own: who may hear of a doctor need not hear of drugs."""
    return [Question(code, Section.CARE, Compartment.HEALTH, code, STANDS) for code in codes]


_ALL = (
    *_words(Section.PORTRAIT, "matters", "important_people", "joys", "proud_of", "my_day", "reach_me", "feels_safe"),
    *_words(Section.STRENGTHS, "good_at", "have_done", "helped_before", "could_teach"),
    *_words(Section.ABOUT, "called", "pronouns", "speaks"),
    Question("interpreter", Section.ABOUT, Compartment.IDENTITY, "portrait", ("yes", "no")),
    *_words(Section.ABOUT, "faith", "describes_self"),
    *_needs(Section.BASICS, "housing"),
    Question("tonight", Section.BASICS, Compartment.IDENTITY, "needs", ("safe", "unsure", "nowhere")),
    *_words(Section.BASICS, "plan_b", shared_by="needs"),
    *_needs(Section.BASICS, "food", "phone", "transport", "documents"),
    *_needs(Section.WORKING, "money", "work"),
    *_words(Section.WORKING, "work_fits", shared_by="needs"),
    *_needs(Section.WORKING, "education", "legal"),
    *_words(Section.WORKING, "dates_ahead", shared_by=None),
    *_needs(Section.BELONGING, "family", "mentoring", "community"),
    *_words(Section.BELONGING, "ties_wished", shared_by="needs"),
    *_care("health", "mental_health", "substance_use"),
    Question("care_wishes", Section.CARE, Compartment.HEALTH, None),
)
QUESTIONS: Mapping[str, Question] = MappingProxyType({question.code: question for question in _ALL})


def questions_of(section: Section) -> tuple[Question, ...]:
    return tuple(question for question in _ALL if question.section is section)


class State(StrEnum):
    ANSWERED = "answered"
    SKIPPED = "skipped"  # their right, and no gap to be filled
    TAKEN_BACK = "taken_back"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one agency was told to one question, in one of its versions; 0 is what was said at the door."""

    question: str
    agency: UUID
    version: int
    state: State
    value: str | None
    by: Side
    worker: UUID | None
    sitting: int
    at: datetime

    @property
    def says(self) -> str | None:
        return self.value if self.state is State.ANSWERED else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody typed or pressed for one question."""

    value: str | None = None
    skip: bool = False

    @property
    def state(self) -> State:
        if self.skip:
            return State.SKIPPED
        return State.ANSWERED if self.value else State.TAKEN_BACK


@dataclass(frozen=True, slots=True)
class Clash:
    """Two people changed the same answer. Neither is lost: whoever comes second sees both, and says which."""

    question: str
    theirs: Answer
    typed: Wanted


@dataclass(frozen=True, slots=True)
class Merged:
    changes: Mapping[str, Wanted]
    clashes: tuple[Clash, ...] = ()


def merge(seen: Mapping[str, Answer | None], now: Mapping[str, Answer], wanted: Mapping[str, Wanted]) -> Merged:
    """What a form changes. `seen`: the answers it was drawn with, by question; whoever sent no form saw what is there
    now. A field that was not touched changes nothing, whatever somebody else wrote into it meanwhile."""
    changes, clashes = {}, []
    for code, want in wanted.items():
        before, after = seen.get(code), now.get(code)
        if _same(before, want) or _same(after, want):
            continue
        if after is not None and after.version > (before.version if before else 0):
            clashes.append(Clash(code, after, want))
        changes[code] = want
    return Merged(changes, tuple(clashes))


def _same(answer: Answer | None, want: Wanted) -> bool:
    if answer is None:
        return want.state is State.TAKEN_BACK
    return answer.state is want.state and (answer.says or None) == (want.value if not want.skip else None)


def applied(
    merged: Merged, now: Mapping[str, Answer], agency: UUID, by: Side, worker: UUID | None, sitting: int, at: datetime
) -> list[Answer]:
    """The answers after it, each a version of its own: what was said before stays readable."""
    return [
        Answer(
            code,
            agency,
            (now[code].version if code in now else 0) + 1,
            want.state,
            want.value if want.state is State.ANSWERED else None,
            by,
            worker,
            sitting,
            at,
        )
        for code, want in merged.changes.items()
    ]


# Who sees what

Allowed = Mapping[UUID, frozenset[str]]  # by the agency that tells: the categories it may tell the one that reads


def seen_by(agency: UUID | None, answers: Iterable[Answer], allowed: Allowed) -> list[Answer]:
    """What a worker of `agency` may read: what it was told itself, and what a live consent lets others tell it."""
    return [
        answer
        for answer in answers
        if answer.agency == agency or QUESTIONS[answer.question].shared_by in allowed.get(answer.agency, frozenset())
    ]


def latest(answers: Iterable[Answer]) -> dict[str, Answer]:
    """The last word on each question, whoever heard it."""
    found: dict[str, Answer] = {}
    for answer in sorted(answers, key=lambda answer: (answer.at, answer.version)):
        if answer.state is not State.TAKEN_BACK or answer.question not in found:
            found[answer.question] = answer
    return found


def known_elsewhere(agency: UUID, answers: Iterable[Answer]) -> dict[str, Answer]:
    """Questions that `agency` need not ask: another was told, or was told that they would rather not say."""
    seen = list(answers)
    own = {answer.question for answer in seen if answer.agency == agency and answer.state is not State.TAKEN_BACK}
    others = latest(answer for answer in seen if answer.agency != agency)
    return {code: answer for code, answer in others.items() if code not in own and answer.state is not State.TAKEN_BACK}


def retold(changes: Sequence[Answer], before: Iterable[str], elsewhere: Iterable[str]) -> list[str]:
    """Questions that they answer here for the first time, having answered another agency before."""
    known, told = set(before), set(elsewhere)
    return [a.question for a in changes if a.state is State.ANSWERED and a.question in told and a.question not in known]


# Pace


def at_the_door(needs: Iterable[str], matters: str | None, agency: UUID, by: Side, at: datetime) -> list[Answer]:
    """What they said as they came in counts as told: nobody asks for it again."""
    door = [Answer(need, agency, 0, State.ANSWERED, "first", by, None, 0, at) for need in needs if need in QUESTIONS]
    if matters:
        door.append(Answer("matters", agency, 0, State.ANSWERED, matters, by, None, 0, at))
    return door


def next_of(opened: Iterable[str]) -> Section | None:
    """What is offered next; the person may open any other first."""
    here = set(opened)
    return next((section for section in PACE if section not in here), None)


# Versions


@dataclass(frozen=True, slots=True)
class Change:
    """One answer of a sitting, beside what stood there before."""

    before: Answer | None
    after: Answer


def sittings(history: Iterable[Answer]) -> list[tuple[Answer, list[Change]]]:
    """Each sitting with what it changed, the latest first; its first answer says when, where and by whom."""
    ordered = sorted(history, key=lambda answer: (answer.at, answer.sitting, answer.version))
    known: dict[tuple[UUID, str], Answer] = {}
    found: dict[tuple[UUID, int], list[Change]] = {}
    for answer in ordered:
        place = answer.agency, answer.question
        if answer.sitting:
            found.setdefault((answer.agency, answer.sitting), []).append(Change(known.get(place), answer))
        known[place] = answer
    heads = [(changes[0].after, changes) for changes in found.values()]
    return sorted(heads, key=lambda one: (one[0].at, one[0].sitting), reverse=True)
