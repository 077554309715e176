"""Promise P9 begins here: erased when they want it, by nobody else's word, and not before they had seven days."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake import erasures, holds, words
from services.intake.erasures import FORGETTING, KIND, MOVES, WORKFLOW, Erasure, Forget, Identity, Stage, decide, forget
from shared.contracts import person as events
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party
from shared.runtime.errors import Conflict, Invalid
from shared.workflow import CLOCK, NETWORK, By, GuardNotMet, MoveNotOffered, Timer, Until

PERSON, WORKER = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
DUE = NOW + timedelta(days=7)
LAW = date(2032, 11, 30)
PATIENCE = erasures.Patience()
BY = {
    Party.PERSON: By(Party.PERSON, PERSON),
    Party.WORKER: By(Party.WORKER, WORKER),
    Party.NETWORK: NETWORK,
    Party.CLOCK: CLOCK,
}
SAY = {
    "confirm": erasures.Confirm(Identity.KNOWN, NOW),
    "put_away": erasures.PutAway(LAW),
    "forget": Forget("caseplan"),
}
ROWS = [(stage, verb, party) for stage, verb, move in WORKFLOW.rows() for party in move.by]


def an_erasure(stage=Stage.ASKED, **changes):
    left = {
        Stage.SET: {"identity": Identity.KNOWN, "due": DUE},
        Stage.KEPT: {"identity": Identity.KNOWN, "due": DUE, "kept_until": LAW},
        Stage.ERASED: {"identity": Identity.KNOWN, "due": DUE},
    }
    return replace(Erasure(PERSON, stage), **left.get(stage, {}) | changes)


def say(verb):
    return SAY.get(verb) or erasures.COMMANDS[verb]()


@given(st.data())
def test_on_every_path_what_is_open_has_one_clock_and_events_that_any_reader_reads(data):
    asked = erasures.ask(PERSON, None, PATIENCE)
    erasure, live = asked.state, {timer.kind: timer.patience for timer in asked.timers}
    for _ in range(data.draw(st.integers(1, 12))):
        rows = [(verb, party) for party in BY for verb in erasures.offers(erasure, party)]
        if not rows:
            break
        verb, party = data.draw(st.sampled_from(rows))
        try:
            erasure, happened, timers = decide(erasure, say(verb), BY[party], PATIENCE)
        except GuardNotMet:
            continue
        live |= {timer.kind: timer.patience for timer in timers}
        assert (live[KIND] is not None) == WORKFLOW.is_open(erasure.stage)
        for event in happened:
            assert decode_data(event.type, encode_data(event)) == event


@pytest.mark.parametrize(("stage", "verb", "party"), ROWS)
def test_every_row_leads_where_the_table_says(stage, verb, party):
    erasure = an_erasure(stage, forgotten=FORGETTING)
    assert decide(erasure, say(verb), BY[party], PATIENCE).state.stage is MOVES[stage][verb].to


def test_nothing_is_erased_before_a_human_has_known_them_and_seven_days_are_over():
    ways = {(stage, verb) for stage, verb, move in WORKFLOW.rows() if move.event is events.Erased}
    assert ways == {(Stage.SET, "lapse"), (Stage.SET, "put_away"), (Stage.KEPT, "lapse"), (Stage.KEPT, "put_away")}
    assert {stage for stage, _, move in WORKFLOW.rows() if move.to is Stage.SET} == {Stage.ASKED}
    with pytest.raises(ValueError, match="reversible_days"):
        erasures.Patience(reversible_days=6)


def test_the_person_does_not_confirm_themselves():
    with pytest.raises(MoveNotOffered):
        decide(an_erasure(), say("confirm"), BY[Party.PERSON], PATIENCE)


def test_a_humans_word_starts_seven_days():
    state, [event], [clock] = decide(an_erasure(), say("confirm"), BY[Party.WORKER], PATIENCE)
    assert state == an_erasure(Stage.SET)
    assert event == events.ErasureSet(person=PERSON, due=DUE)
    assert clock == Timer(KIND, PERSON, Until(DUE))


@pytest.mark.parametrize("stage", [Stage.ASKED, Stage.SET])
def test_until_it_is_due_the_person_takes_it_back_and_no_clock_runs(stage):
    state, happened, [clock] = decide(an_erasure(stage), say("take_back"), BY[Party.PERSON], PATIENCE)
    assert state.stage is Stage.TAKEN_BACK
    assert [type(event) for event in happened] == [events.ErasureTakenBack] * (stage is Stage.SET)
    assert clock == Timer.none(KIND, PERSON)


@pytest.mark.parametrize("stage", [Stage.KEPT, Stage.ERASED, Stage.DONE])
def test_afterwards_nobody_takes_it_back(stage):
    with pytest.raises(MoveNotOffered):
        decide(an_erasure(stage), say("take_back"), BY[Party.PERSON], PATIENCE)


def test_asking_twice_is_heard_once_and_asking_anew_begins_anew():
    for stage in set(Stage) - {Stage.TAKEN_BACK}:
        with pytest.raises(Conflict):
            erasures.ask(PERSON, an_erasure(stage), PATIENCE)
    assert erasures.ask(PERSON, an_erasure(Stage.TAKEN_BACK), PATIENCE).state == Erasure(PERSON)


def test_what_a_law_keeps_is_put_away_until_the_end_of_its_day_and_then_goes():
    state, [event], [clock] = decide(an_erasure(Stage.SET), say("put_away"), NETWORK, PATIENCE)
    assert event == events.Erased(person=PERSON, kept_until=LAW)
    assert clock == Timer(KIND, PERSON, Until(datetime(2032, 12, 1, 12, tzinfo=UTC))), "when it is over everywhere"
    gone, [event], _ = decide(state, erasures.Lapse(), CLOCK, PATIENCE)
    assert (gone.stage, event) == (Stage.ERASED, events.Erased(person=PERSON))


def test_it_is_done_when_every_service_has_let_go():
    erasure = an_erasure(Stage.ERASED)
    for service in sorted(FORGETTING):
        assert erasure.stage is Stage.ERASED
        erasure = forget(erasure, Forget(service), PATIENCE).state
        assert forget(erasure, Forget(service), PATIENCE).state == erasure, "said twice it is the same"
    assert erasure.stage is Stage.DONE


def test_that_a_service_has_put_away_is_not_that_it_has_forgotten():
    kept = forget(an_erasure(Stage.KEPT), Forget("caseplan", kept=True), PATIENCE).state
    assert kept.forgotten == {"caseplan"}
    gone = decide(kept, erasures.Lapse(), CLOCK, PATIENCE).state
    assert gone.forgotten == frozenset()
    assert forget(gone, Forget("caseplan", kept=True), PATIENCE).state == gone
    assert forget(kept, Forget("notifications"), PATIENCE).state == kept


@pytest.mark.parametrize("until", [NOW.date(), NOW.date() - timedelta(days=1), date(2040, 1, 1)])
def test_a_hold_has_a_day_that_is_ahead_and_within_ten_years(until):
    with pytest.raises(Invalid):
        holds.check(until, NOW.date())


def test_a_person_who_may_not_be_told_is_told_at_the_latest_when_the_hold_ends():
    holds.check(LAW, NOW.date(), LAW)
    with pytest.raises(Invalid):
        holds.check(LAW, NOW.date(), LAW + timedelta(days=1))


def test_every_law_has_words_for_the_person():
    assert set(words.LAWS) == {because.value for because in holds.Because}
