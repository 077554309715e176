"""Promise P2: agencies keep their word in the open, and nobody counts the person's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseplan import promises
from services.caseplan.promises import MOVES, WORKFLOW, Promise, Stage, decide, is_open, offers
from shared.contracts import promise as events
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party
from shared.runtime.errors import Invalid
from shared.workflow import CLOCK, GuardNotMet, Hours, MoveNotOffered, Timer, Until
from tests.unit.caseplan.worlds import AGENCY, BY, HOME, ID, PERSON, WORKER, Clocks, by_phone

PATIENCE = promises.Patience()
PERSON_SAYS, WORKER_SAYS = BY[Party.PERSON], BY[Party.WORKER]
DUE = datetime(2026, 11, 24, 21, tzinfo=UTC)
LATER = DUE + timedelta(days=1)
ROWS = [(stage, verb, party) for stage, verb, move in WORKFLOW.rows() for party in move.by]


def a_promise(stage=Stage.MADE, **changes):
    left = {Stage.OVERDUE: {"was_due": True}, Stage.MOVING: {"asked_due": LATER}, Stage.BROKEN: {"was_due": True}}
    made = Promise(ID, PERSON, WORKER, AGENCY, DUE, words="I will ask who drives you.")
    return replace(made, stage=stage, **left.get(stage, {}) | changes)


def say(verb, promise):
    needed = {"ask_for_time": {"due": promise.due + timedelta(days=1)}, "keep": {"late": promise.was_due}}
    needed["hand_over"] = {"worker": HOME}
    return promises.COMMANDS[verb](**needed.get(verb, {}))


@given(st.data())
def test_on_every_path_an_open_promise_has_one_clock_and_events_that_any_reader_reads(data):
    begun = promises.make(a_promise(), WORKER_SAYS, PATIENCE)
    promise, clocks = begun.state, Clocks(*begun.timers)
    for _ in range(data.draw(st.integers(1, 15))):
        rows = [(verb, party) for party in Party for verb in offers(promise, party)]
        if not rows:
            break
        verb, party = data.draw(st.sampled_from(rows))
        try:
            promise, [event], timers = decide(promise, say(verb, promise), BY[party], PATIENCE)
        except GuardNotMet:
            continue
        clocks.hear(timers)
        assert list(clocks.live) == ([("promise.lapse", ID)] if is_open(promise) else [])
        assert (event.stage, event.due) == (promise.stage, promise.due)
        told = encode_data(event)
        assert b"drives" not in told
        assert decode_data(event.type, told) == event


@pytest.mark.parametrize(("stage", "verb", "party"), ROWS)
def test_every_row_leads_where_the_table_says(stage, verb, party):
    promise = a_promise(stage)
    assert decide(promise, say(verb, promise), BY[party], PATIENCE).state.stage is MOVES[stage][verb].to


def test_everything_that_can_be_said_has_a_row():
    assert set(promises.COMMANDS) == {verb for _, verb, _ in WORKFLOW.rows()}


@pytest.mark.parametrize("party", [Party.PERSON, Party.CLOCK, Party.NETWORK, Party.SUPERVISOR])
def test_only_whoever_will_keep_it_makes_a_promise(party):
    with pytest.raises(Invalid):
        promises.make(a_promise(), BY[party], PATIENCE)


def test_a_promise_is_waited_for_until_its_very_time():
    assert promises.make(a_promise(), WORKER_SAYS, PATIENCE).timers == (Timer("promise.lapse", ID, Until(DUE)),)


def test_silence_at_its_time_is_no_keeping():
    overdue, _, [clock] = decide(a_promise(), promises.Lapse(), CLOCK, PATIENCE)
    assert (overdue.stage, clock.patience) == (Stage.OVERDUE, Hours(24))
    broken, [event], _ = decide(overdue, promises.Lapse(), CLOCK, PATIENCE)
    assert (broken.stage, event.by_person, event.admitted) == (Stage.BROKEN, False, None)


def test_what_came_after_its_time_is_called_late():
    with pytest.raises(GuardNotMet):
        decide(a_promise(Stage.OVERDUE), promises.Keep(), WORKER_SAYS, PATIENCE)
    [event] = decide(a_promise(Stage.OVERDUE), promises.Keep(late=True), WORKER_SAYS, PATIENCE).events
    assert event.late


@pytest.mark.parametrize("stage", [Stage.MADE, Stage.OVERDUE, Stage.KEPT])
def test_where_the_two_differ_the_persons_word_counts(stage):
    state, [event], _ = decide(a_promise(stage), promises.SayBroken(), PERSON_SAYS, PATIENCE)
    assert (state.stage, event.by_person) == (Stage.BROKEN, True)
    with pytest.raises(MoveNotOffered):
        decide(state, promises.Keep(late=True), WORKER_SAYS, PATIENCE)


def test_the_persons_word_counts_for_staff_too():
    state, [event], _ = decide(a_promise(Stage.BROKEN), promises.SayKept(), PERSON_SAYS, PATIENCE)
    assert (state.stage, event.by_person, event.late) == (Stage.KEPT, True, False)


@pytest.mark.parametrize(
    ("stage", "asked_first", "counts"),
    [
        (Stage.MADE, False, True),
        (Stage.OVERDUE, False, True),
        (Stage.BROKEN, False, True),
        (Stage.BROKEN, True, False),
    ],
)
def test_owning_up_counts_until_the_person_had_to_say_so(stage, asked_first, counts):
    [event] = decide(a_promise(stage, by_person=asked_first), promises.Admit(), WORKER_SAYS, PATIENCE).events
    assert event.admitted is counts


def test_owning_up_is_said_once():
    with pytest.raises(GuardNotMet):
        decide(a_promise(Stage.BROKEN, admitted=True), promises.Admit(), WORKER_SAYS, PATIENCE)


def test_another_time_holds_once_the_person_agrees():
    asked, _, timers = decide(a_promise(), promises.AskForTime(LATER), WORKER_SAYS, PATIENCE)
    assert (asked.due, timers) == (DUE, ()), "until then the old time holds and its clock runs on"
    agreed, [event], [clock] = decide(asked, promises.Agree(), by_phone(Party.PERSON), PATIENCE)
    assert (agreed.stage, event.due, event.recorded_by, clock.patience) == (Stage.MADE, LATER, WORKER, Until(LATER))


def test_a_refused_time_leaves_everything_as_it_was():
    state, _, timers = decide(a_promise(Stage.MOVING), promises.Refuse(), PERSON_SAYS, PATIENCE)
    assert (state, timers) == (a_promise(), ())


def test_asking_for_time_stops_no_clock():
    state = decide(a_promise(Stage.MOVING), promises.Lapse(), CLOCK, PATIENCE).state
    assert (state.stage, state.asked_due) == (Stage.OVERDUE, None)


@pytest.mark.parametrize("verb", ["agree", "refuse", "say_kept", "say_broken", "release"])
def test_nobody_says_it_in_the_persons_place(verb):
    assert {move.by for _, said, move in WORKFLOW.rows() if said == verb} == {(Party.PERSON,)}


def test_after_its_time_nobody_asks_for_another():
    assert "ask_for_time" not in offers(a_promise(Stage.OVERDUE), Party.WORKER)


def test_an_earlier_time_is_no_other_time():
    with pytest.raises(GuardNotMet):
        decide(a_promise(), promises.AskForTime(DUE), WORKER_SAYS, PATIENCE)


def test_a_new_promise_mends_the_broken_one():
    [event] = promises.make(a_promise(mends=PERSON), WORKER_SAYS, PATIENCE).events
    assert event.mends == PERSON


def test_every_event_names_the_agency_it_measures():
    kinds = {move.event for _, _, move in WORKFLOW.rows()} | {events.Made}
    assert all("agency" in kind.model_fields for kind in kinds)


def test_what_was_promised_stands_in_no_log():
    assert "drives" not in repr(a_promise())
