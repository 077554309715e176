"""A portrait: joys first, every question skippable, no word written over, and no more asked than they let us ask."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import portrait_words as words
from services.intake.portrait import (
    MOST_AT_ONCE,
    OF_NEEDS,
    PACE,
    QUESTIONS,
    Answer,
    Section,
    State,
    Wanted,
    applied,
    known_elsewhere,
    latest,
    merge,
    next_of,
    questions_of,
    retold,
    seen_by,
    sittings,
)
from shared.contracts.compartments import OPENS, Compartment
from shared.contracts.kinds import NEEDS
from shared.web.reading import GRADE, grade

HOME, OTHER = UUID(int=1), UUID(int=2)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
CODES = ("joys", "matters", "housing")


def answer(code: str = "joys", said: str | None = "Fishing", version: int = 1, agency: UUID = HOME, **more) -> Answer:
    state = more.pop("state", State.ANSWERED if said else State.TAKEN_BACK)
    at = NOON + timedelta(minutes=more.pop("minutes", version))
    return Answer(code, agency, version, state, said, "worker", None, more.pop("sitting", version), at)


def test_joys_and_strengths_are_offered_before_any_need():
    first_need = next(place for place, section in enumerate(PACE) if section in OF_NEEDS)
    assert PACE.index(Section.PORTRAIT) == 0
    assert PACE.index(Section.STRENGTHS) < first_need
    assert next_of([]) is Section.PORTRAIT
    assert next_of([Section.PORTRAIT]) is Section.STRENGTHS
    assert next_of(PACE) is None


@pytest.mark.parametrize("section", Section)
def test_no_sitting_asks_more_than_a_first_day_may(section):
    assert 1 <= len(questions_of(section)) <= MOST_AT_ONCE


def test_every_need_there_is_can_be_told():
    assert {code for code, question in QUESTIONS.items() if question.is_need} == set(NEEDS)


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=str)
def test_what_is_told_is_closed_with_a_key_of_intakes_own(question):
    assert question.compartment in OPENS["intake"]
    if not question.choices:
        assert question.compartment is not Compartment.FACTS, "every service reads the facts"


@pytest.mark.parametrize("code", ["health", "mental_health", "substance_use"])
def test_each_kind_of_care_opens_under_its_own_category(code):
    assert (QUESTIONS[code].shared_by, QUESTIONS[code].compartment) == (code, Compartment.HEALTH)


def test_every_question_has_words_in_both_languages_for_grade_six():
    for question in QUESTIONS.values():
        assert words.asks(question, "en") and words.asks(question, "es")
        assert all(
            en and es for en, es in zip(words.choices(question, "en"), words.choices(question, "es"), strict=True)
        )
    assert grade("\n".join(words.asks(question, "en") for question in QUESTIONS.values())) <= GRADE
    assert set(words.SECTIONS) == set(words.LEADS) == set(Section)


# Nobody's word is written over


def test_a_field_that_somebody_else_changed_meanwhile_is_put_before_both():
    before, after = answer(version=1), answer(said="Music", version=2)
    merged = merge({"joys": before}, {"joys": after}, {"joys": Wanted("Cooking")})
    [clash] = merged.clashes
    assert (clash.theirs.says, clash.typed.value) == ("Music", "Cooking")


def test_the_same_word_from_both_is_no_clash():
    merged = merge({}, {"joys": answer()}, {"joys": Wanted("Fishing")})
    assert merged.changes == {} and merged.clashes == ()


OPTIONAL = st.one_of(st.none(), st.sampled_from(["a", "b", "c"]))


@given(base=OPTIONAL, theirs=OPTIONAL, typed=OPTIONAL)
def test_what_two_people_typed_is_never_lost_in_silence(base, theirs, typed):
    """Beside the naive rule: each side's change wins where it is alone, the same change is one, two are a clash."""
    seen = answer(said=base) if base else None
    moved = theirs != base
    now = answer(said=theirs, version=2) if moved else seen
    merged = merge({"joys": seen}, {"joys": now} if now else {}, {"joys": Wanted(typed)})
    if typed in (base, theirs):
        assert merged.changes == {} and merged.clashes == ()
    elif moved:
        assert [clash.theirs.says for clash in merged.clashes] == [theirs]
    else:
        assert set(merged.changes) == {"joys"} and merged.clashes == ()


@given(st.lists(st.tuples(st.sampled_from(CODES), OPTIONAL, st.booleans()), max_size=12))
def test_versions_have_no_gaps_and_what_was_said_stays_readable(steps):
    now: dict[str, Answer] = {}
    history: list[Answer] = []
    for number, (code, value, skip) in enumerate(steps, 1):
        merged = merge(now, now, {code: Wanted(value, skip)})
        for new in applied(merged, now, HOME, "person", None, number, NOON + timedelta(minutes=number)):
            history.append(new)
            now[new.question] = new
    for code in CODES:
        assert [one.version for one in history if one.question == code] == list(
            range(1, 1 + sum(one.question == code for one in history))
        )
    assert all(one.says is None for one in history if one.state is not State.ANSWERED)
    for head, changes in sittings(history):
        assert {change.after.sitting for change in changes} == {head.sitting}
        for change in changes:
            before = [
                one for one in history if one.question == change.after.question and one.version < change.after.version
            ]
            assert change.before == (before[-1] if before else None)


# Tell once


def test_what_another_agency_was_told_is_seen_under_its_category_alone():
    told = [answer("joys", agency=OTHER), answer("housing", "first", agency=OTHER), answer("matters", "Mother")]
    assert [one.question for one in seen_by(HOME, told, {})] == ["matters"]
    assert [one.question for one in seen_by(HOME, told, {OTHER: frozenset({"needs"})})] == ["housing", "matters"]
    assert [one.question for one in seen_by(HOME, told, {UUID(int=9): frozenset({"needs"})})] == ["matters"]


@pytest.mark.parametrize("code", [code for code, question in QUESTIONS.items() if question.shared_by is None])
def test_some_things_are_told_to_one_agency_alone(code):
    everything = frozenset({"portrait", "needs", "health", "mental_health", "substance_use", "contact"})
    assert seen_by(HOME, [answer(code, "x", agency=OTHER)], {OTHER: everything}) == []


def test_what_may_be_seen_elsewhere_is_not_asked_again_skips_too():
    told = [answer("joys", agency=OTHER), answer("matters", None, agency=OTHER, state=State.SKIPPED)]
    assert set(known_elsewhere(HOME, told)) == {"joys", "matters"}
    assert set(known_elsewhere(HOME, [*told, answer("joys", "Music")])) == {"matters"}
    assert known_elsewhere(HOME, [answer("joys", None, agency=OTHER)]) == {}


def test_a_retelling_is_the_first_answer_here_to_what_was_answered_there():
    new = [answer("joys"), answer("matters", None, state=State.SKIPPED)]
    assert retold(new, before=(), elsewhere=("joys", "matters")) == ["joys"]
    assert retold(new, before=("joys",), elsewhere=("joys",)) == []


def test_the_last_word_counts_whoever_heard_it_and_what_was_taken_back_does_not_hide_another():
    older, newer = answer("joys", "Fishing", minutes=1), answer("joys", "Music", agency=OTHER, minutes=2)
    assert latest([newer, older])["joys"].says == "Music"
    assert latest([older, answer("joys", None, agency=OTHER, minutes=3)])["joys"].says == "Fishing"
