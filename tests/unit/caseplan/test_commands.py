"""Every move of every table has a way in, a permission, a button and a line on the timeline; or is nobody's to say."""

from itertools import pairwise

import pytest
from pydantic import ValidationError

from services.caseplan import bodies, commands
from services.caseplan.api.saying import RECORDED
from services.caseplan.commands import ACTIONS, BY_PHONE
from services.caseplan.concepts import CONCEPTS, REFERRAL
from services.caseplan.pages import field_words, mine_words, today
from services.caseplan.pages.beginning_words import WORDS as BEGINNING
from services.caseplan.pages.editing_words import WORDS as EDITING
from services.caseplan.pages.happened import HAPPENED
from services.caseplan.pages.labels import MINE, STAFF
from services.caseplan.pages.mine_plan import SAYS
from services.caseplan.pages.promises import NEXT as PROMISES_NEXT
from services.caseplan.pages.setbacks import NEXT as SETBACKS_NEXT
from shared.contracts import plan, promise, referral, setback
from shared.security.table import TABLE
from shared.web.reading import GRADE, grade
from shared.workflow import Party

PEOPLE = {Party.PERSON, Party.WORKER, Party.SUPERVISOR, Party.AGENCY}
# By a consent at intake; by reporting the setback; with all else that somebody who leaves has promised.
ELSEWHERE = {("setback", "share"), ("concern", "own"), ("promise", "hand_over")}
MOVES = [(kind, verb, set(move.by)) for kind, concept in CONCEPTS.items() for _, verb, move in concept.workflow.rows()]
SAID = sorted({(kind, verb) for kind, verb, by in MOVES if by & PEOPLE} - ELSEWHERE)


def test_what_people_can_say_can_be_said_over_http_and_nothing_else_can():
    assert {(kind, verb) for kind, verbs in ACTIONS.items() for verb in verbs} == set(SAID)


def test_every_action_is_in_the_permission_table():
    assert {action for verbs in ACTIONS.values() for action in verbs.values()} <= set(TABLE)


@pytest.mark.parametrize(("kind", "verb"), SAID)
def test_every_deed_has_a_body_a_button_and_a_line(kind: str, verb: str):
    model = bodies.body_of(kind, verb)
    with pytest.raises(ValidationError):
        model.model_validate({"stage": "closed"})
    assert (kind, verb) in HAPPENED
    assert (kind, verb) in STAFF or (kind, verb) in MINE


def test_what_the_network_and_the_clock_do_has_a_line_too():
    assert {(kind, verb) for kind, verb, by in MOVES if not by & PEOPLE} - {("referral", "follow_second")} <= set(
        HAPPENED
    ) | {("plan", "lapse")}


def test_the_person_has_words_for_every_button_of_theirs():
    own = {(kind, verb) for kind, verb, by in MOVES if Party.PERSON in by} - ELSEWHERE
    assert own <= set(MINE)


def test_an_answer_by_phone_is_something_that_an_agency_can_say():
    assert {verb for _, verb, move in REFERRAL.workflow.rows() if Party.AGENCY in move.by} == set(BY_PHONE)
    assert {"verb", "position", "reason", "outcome"} <= set(RECORDED.model_fields)


def test_every_stage_has_its_sentence():
    assert set(mine_words.STAGES) == set(referral.Stage)
    assert set(mine_words.OUTCOMES) == set(referral.Outcome)
    assert set(mine_words.REASONS) == set(referral.DeclineReason)
    assert set(mine_words.SETBACKS) | {setback.Stage.WITHDRAWN} == set(setback.Stage)
    assert (set(SAYS), set(SETBACKS_NEXT), set(PROMISES_NEXT)) == (
        set(plan.Stage), set(setback.Stage), set(promise.Stage),
    )  # fmt: skip
    assert set(today.LOADS) == set(plan.Load)


@pytest.mark.parametrize("words", [mine_words.WORDS, BEGINNING, EDITING, field_words.SHARED])
def test_both_languages_say_the_same_things(words):
    assert words["en"].keys() == words["es"].keys()
    for name, text in words["en"].items():
        holes = {part.partition("}")[0] for part in text.split("{")[1:]}
        assert holes == {part.partition("}")[0] for part in words["es"][name].split("{")[1:]}, name


def test_the_persons_page_reads_at_grade_six():
    words = [text.replace("{worker}", "Dana") for text in mine_words.WORDS["en"].values()]
    words += [
        label.en for table in (mine_words.STAGES, mine_words.OUTCOMES, mine_words.REASONS) for label in table.values()
    ]
    words += [label.en for label in MINE.values()]
    assert grade("\n".join(words)) <= GRADE


def test_no_page_says_what_the_house_never_says():
    said = [*STAFF.values(), *(line.says for line in HAPPENED.values()), *(label.en for label in MINE.values())]
    said += [*field_words.LEADS.values(), *mine_words.WORDS["en"].values()]
    for text in said:
        for word in ("submit", "client", "offender", "inmate", "failed", "refused", "violation", "no-show", "complian"):
            assert word not in text.lower(), text


def test_a_word_is_sealed_where_its_kind_belongs():
    assert commands.written.COMPARTMENTS.keys() == {*CONCEPTS, "contact"}


def test_the_order_of_verbs_is_the_tables_own():
    for verbs in ACTIONS.values():
        assert all(first != second for first, second in pairwise(verbs))
