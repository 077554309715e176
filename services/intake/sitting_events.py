"""What the others hear of a sitting: which questions, how needs stand now, and the answers closed as they lie here."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from services.intake.needs import is_care
from services.intake.portrait import OF_NEEDS, QUESTIONS, Answer, Section, Side, State, questions_of
from services.intake.store.portraits import Row
from shared.contracts import need, portrait
from shared.contracts.compartments import Compartment
from shared.contracts.need import Standing
from shared.contracts.portrait import Given
from shared.security.sealing import as_text


def opened_event(person: UUID, section: Section, by: Side, agency: UUID, day: int) -> portrait.Opened:
    fields = len(questions_of(section))
    return portrait.Opened(person=person, section=section.value, by=by, agency=agency, fields=fields, day=day)


def told_event(
    person: UUID, section: Section, rows: Sequence[Row], by: Side, day: int, again: Sequence[str], spared: Sequence[str]
) -> portrait.Told | need.Told:
    first = rows[0].answer
    codes = {state: tuple(row.answer.question for row in rows if row.answer.state is state) for state in State}
    common = {
        "person": person,
        "agency": first.agency,
        "worker": first.worker,
        "by": by,
        "section": section.value,
        "sitting": first.sitting,
        "day": day,
        "answered": codes[State.ANSWERED],
        "skipped": codes[State.SKIPPED],
        "taken_back": codes[State.TAKEN_BACK],
        "retold": tuple(again),
        "spared": tuple(spared),
        "given": given(rows, care=False),
    }
    if section not in OF_NEEDS:
        return portrait.Told(**common)
    answers = [row.answer for row in rows]
    return need.Told(
        **common,
        needs=standings(answers, care=False),
        care=standings(answers, care=True),
        given_of_care=given(rows, care=True),
    )


def standings(answers: Iterable[Answer], *, care: bool) -> tuple[Standing, ...]:
    """Where each need among them stands."""
    return tuple(
        Standing(need=answer.question, stands=answer.says or "not_said")
        for answer in answers
        if QUESTIONS[answer.question].is_need and is_care(answer.question) is care
    )


def given(rows: Iterable[Row], *, care: bool) -> tuple[Given, ...]:
    return tuple(
        Given(
            question=row.answer.question,
            version=row.answer.version,
            state=row.answer.state.value,
            sealed=as_text(row.sealed),
        )
        for row in rows
        if (QUESTIONS[row.answer.question].compartment is Compartment.HEALTH) is care
    )
