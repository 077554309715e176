"""What others report is a private concern to the named worker, and no setback."""

from dataclasses import replace

import pytest

from services.caseplan import concerns, setbacks
from services.caseplan.concerns import MOVES, WORKFLOW, Concern, decide
from shared.contracts import setback as events
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party
from shared.contracts.setback import ConcernStage, Pace
from shared.runtime.errors import Invalid
from shared.workflow import CLOCK, Hours, MoveNotOffered, Timer
from tests.unit.caseplan.worlds import AGENCY, BY, ID, NEXT, PERSON, WORKER

PATIENCE = concerns.Patience()
ROWS = [(stage, verb, party) for stage, verb, move in WORKFLOW.rows() for party in move.by]


def a_concern(stage=ConcernStage.RAISED):
    return replace(Concern(ID, PERSON, WORKER, AGENCY, words="He looked tired."), concern_stage=stage)


def say(verb):
    return concerns.COMMANDS[verb](**({"setback": NEXT} if verb == "own" else {}))


def test_a_concern_is_told_to_the_named_worker_and_says_nothing_of_what_it_is():
    _, [event], [clock] = concerns.raise_concern(a_concern(), BY[Party.AGENCY], PATIENCE)
    assert (event.worker, event.concern_stage) == (WORKER, ConcernStage.RAISED)
    assert b"tired" not in encode_data(event)
    assert clock == Timer("concern.lapse", ID, Hours.days(7))


def test_the_person_reports_and_does_not_worry_about_themselves():
    with pytest.raises(Invalid):
        concerns.raise_concern(a_concern(), BY[Party.PERSON], PATIENCE)


@pytest.mark.parametrize(("stage", "verb", "party"), ROWS)
def test_every_row_leads_where_the_table_says(stage, verb, party):
    state, [event], [clock] = decide(a_concern(stage), say(verb), BY[party], PATIENCE)
    assert state.concern_stage is MOVES[stage][verb].to
    assert isinstance(event, events.ConcernEvent)
    assert not isinstance(event, events.SetbackEvent), "what fans out setbacks must never take it for one"
    assert decode_data(event.type, encode_data(event)) == event
    assert (clock.patience is not None) == WORKFLOW.is_open(state.concern_stage)


@pytest.mark.parametrize("stage", ConcernStage)
def test_whoever_raised_it_can_do_and_learn_nothing_more(stage):
    assert WORKFLOW.offers(stage, Party.AGENCY) == {}
    later = {move.event for _, _, move in WORKFLOW.rows()}
    assert not [kind for kind in later if "agency" in kind.model_fields]


@pytest.mark.parametrize("stage", ConcernStage)
@pytest.mark.parametrize("party", [Party.SUPERVISOR, Party.LEAD, Party.NETWORK])
def test_it_reaches_nobody_beyond_the_named_worker(stage, party):
    assert WORKFLOW.offers(stage, party) == {}
    assert WORKFLOW.owners.get(stage) in (None, Party.WORKER)


def test_only_the_person_makes_it_a_setback_and_only_once_they_were_asked():
    assert [(stage, move.by) for stage, verb, move in WORKFLOW.rows() if verb == "own"] == [
        (ConcernStage.ASKED, (Party.PERSON,))
    ]
    with pytest.raises(MoveNotOffered):
        decide(a_concern(ConcernStage.ASKED), say("own"), BY[Party.WORKER], PATIENCE)


def test_what_the_person_makes_theirs_begins_as_a_setback_of_their_own():
    owned = decide(a_concern(ConcernStage.ASKED), say("own"), BY[Party.PERSON], PATIENCE).state
    setback, [event], [clock] = concerns.make_own(owned, BY[Party.PERSON], Pace.SOON, setbacks.Patience())
    assert (setback.id, setback.concern, setback.words) == (NEXT, ID, "")
    assert (event.setback, event.concern, clock.patience) == (NEXT, ID, Hours(4))


@pytest.mark.parametrize("stage", [ConcernStage.RAISED, ConcernStage.READ, ConcernStage.ASKED])
def test_left_alone_it_is_set_aside_and_what_it_said_is_gone(stage):
    state, _, [clock] = decide(a_concern(stage), concerns.Lapse(), CLOCK, PATIENCE)
    assert (state.concern_stage, state.words, clock.patience) == (ConcernStage.SET_ASIDE, "", None)
