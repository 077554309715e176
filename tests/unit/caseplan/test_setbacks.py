"""Promise P3: a setback opens support. It closes nothing, and nobody else hears of it without consent for just it."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseplan import setbacks
from services.caseplan.setbacks import MOVES, WORKFLOW, Setback, Stage, decide, is_open, offers
from services.caseplan.sharing import Consent
from shared.contracts import setback as events
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party, Way
from shared.contracts.setback import Asks, Pace
from shared.workflow import CLOCK, By, GuardNotMet, Hours, MoveNotOffered, Timer
from tests.unit.caseplan.worlds import AGENCY, BY, ID, NEXT, PERSON, WORKER, Clocks, by_phone, in_person

PATIENCE = setbacks.Patience()
PERSON_SAYS, WORKER_SAYS = BY[Party.PERSON], BY[Party.WORKER]
CONSENT = Consent(UUID(int=41), PERSON, AGENCY, frozenset({"setback"}), is_live=True, setback=ID)
WORDS = "The bus was too full. I walked back."
ROWS = [(stage, verb, party) for stage, verb, move in WORKFLOW.rows() for party in move.by]


def a_setback(stage=Stage.REPORTED, **changes):
    return replace(Setback(ID, PERSON, WORKER, words=WORDS), stage=stage, **changes)


def say(verb):
    needed = {"share": {"recipient": AGENCY, "consent": CONSENT}, "reflect": {"next_time": "Go with Tony."}}
    return setbacks.COMMANDS[verb](**needed.get(verb, {}))


@given(st.data())
def test_on_every_path_an_open_setback_has_an_owner_and_one_clock_and_says_nothing_of_what_got_hard(data):
    begun = setbacks.report(a_setback(), PERSON_SAYS, PATIENCE)
    setback, clocks = begun.state, Clocks(*begun.timers)
    for _ in range(data.draw(st.integers(1, 20))):
        rows = [(verb, party) for party in Party for verb in offers(setback, party)]
        if not rows:
            break
        verb, party = data.draw(st.sampled_from(rows))
        setback, [event], timers = decide(setback, say(verb), BY[party], PATIENCE)
        clocks.hear(timers)
        assert list(clocks.live) == ([("setback.lapse", ID)] if is_open(setback) else [])
        assert (event.stage, event.owner) == (setback.stage, setbacks.owner_of(setback))
        told = encode_data(event)
        assert b"bus" not in told
        assert b"Tony" not in told
        assert decode_data(event.type, told) == event


@pytest.mark.parametrize(("stage", "verb", "party"), ROWS)
def test_every_row_leads_where_the_table_says_and_to_nothing_but_setbacks(stage, verb, party):
    """No event of a referral, no clock of a plan: nothing outside is touched."""
    state, [event], timers = decide(a_setback(stage), say(verb), BY[party], PATIENCE)
    assert state.stage is MOVES[stage][verb].to
    assert isinstance(event, events.SetbackEvent)
    assert {timer.kind for timer in timers} <= {"setback.lapse"}


def test_everything_that_can_be_said_has_a_row():
    assert set(setbacks.COMMANDS) == {verb for _, verb, _ in WORKFLOW.rows()}


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("party", [Party.AGENCY, Party.LEAD, Party.NETWORK])
def test_nobody_but_the_person_and_their_own_people_can_do_anything(stage, party):
    assert offers(a_setback(stage), party) == {}


# --- whose word makes one ---


@pytest.mark.parametrize("party", [party for party in Party if party is not Party.PERSON])
def test_only_the_persons_own_word_makes_a_setback(party):
    with pytest.raises(MoveNotOffered) as refused:
        setbacks.report(a_setback(), BY[party], PATIENCE)
    assert refused.value.offered == ("raise a concern",)


@pytest.mark.parametrize("by", [PERSON_SAYS, by_phone(Party.PERSON), By(Party.PERSON, PERSON, Way.SMS)])
def test_the_person_says_it_whichever_way_they_can(by):
    [event] = setbacks.report(a_setback(), by, PATIENCE).events
    assert type(event) is events.Reported
    assert event.way == by.way


# --- a human, in real hours ---


@pytest.mark.parametrize(("pace", "hours"), [(Pace.SOON, 4), (Pace.TODAY, 24)])
def test_somebody_is_in_touch_within_the_hours_that_the_person_chose_weekends_included(pace, hours):
    [clock] = setbacks.report(a_setback(pace=pace), PERSON_SAYS, PATIENCE).timers
    assert clock == Timer("setback.lapse", ID, Hours(hours))


@pytest.mark.parametrize("stage", WORKFLOW.owners)
def test_no_clock_of_a_setback_waits_for_a_working_day(stage):
    assert isinstance(setbacks.clock_of(a_setback(stage), PATIENCE).patience, Hours)


def test_a_late_worker_is_followed_by_the_supervisor_and_by_nobody_outside():
    state, [event], [clock] = decide(a_setback(), setbacks.Lapse(), CLOCK, PATIENCE)
    assert (type(event), event.owner) == (events.Escalated, Party.SUPERVISOR)
    assert state.late
    assert clock.patience == Hours(24)


def test_it_rings_until_a_human_has_been_in_touch():
    state = a_setback(Stage.OVERDUE)
    for _ in range(5):
        state, [event], [clock] = decide(state, setbacks.Lapse(), CLOCK, PATIENCE)
        assert (type(event), clock.patience) == (events.Escalated, Hours(24))
    assert decide(state, setbacks.Contact(), BY[Party.SUPERVISOR], PATIENCE).events[0].late


def test_trying_is_not_reaching_so_the_clock_runs_on():
    state, [event], timers = decide(a_setback(), setbacks.Try(), WORKER_SAYS, PATIENCE)
    assert (state.stage, event.attempts, timers) == (Stage.REPORTED, 1, ())


@pytest.mark.parametrize("stage", [stage for stage in Stage if "nobody_came" in MOVES[stage]])
def test_the_person_can_say_that_nobody_was_in_touch_whatever_was_written_down(stage):
    state, [event], [clock] = decide(a_setback(stage), setbacks.NobodyCame(), PERSON_SAYS, PATIENCE)
    assert (state.stage, event.owner, clock.patience) == (Stage.OVERDUE, Party.SUPERVISOR, Hours(24))


@pytest.mark.parametrize("stage", Stage)
def test_silence_never_ends_a_setback_before_somebody_was_in_touch_and_always_after(stage):
    setback = a_setback(stage)
    for _ in Stage:
        if is_open(setback):
            setback = decide(setback, setbacks.Lapse(), CLOCK, PATIENCE).state
    assert is_open(setback) == (stage in (Stage.REPORTED, Stage.OVERDUE))


# --- what could help, and a lighter plan ---


def test_a_setback_runs_its_course():
    setback = setbacks.report(a_setback(), PERSON_SAYS, PATIENCE).state
    happened = []
    for verb, party in (
        ("contact", Party.WORKER),
        ("reflect", Party.PERSON),
        ("offer_revision", Party.WORKER),
        ("accept_revision", Party.PERSON),
    ):
        setback, [event], _ = decide(setback, say(verb), BY[party], PATIENCE)
        happened.append(type(event))
    assert happened == [events.Contacted, events.Reflected, events.RevisionOffered, events.RevisionAccepted]
    assert setback.stage is Stage.SUPPORTED
    assert not setback.late


@pytest.mark.parametrize("command", [setbacks.AcceptRevision(), setbacks.DeclineRevision()])
def test_yes_and_no_to_a_lighter_plan_are_both_fine(command):
    assert decide(a_setback(Stage.REVISION_OFFERED), command, PERSON_SAYS, PATIENCE).state.stage is Stage.SUPPORTED


@pytest.mark.parametrize("stage", [Stage.CONTACTED, Stage.REFLECTED, Stage.REVISION_OFFERED])
def test_not_now_is_an_answer_and_the_rest_stays_open_to_the_person(stage):
    state = decide(a_setback(stage), setbacks.NotNow(), PERSON_SAYS, PATIENCE).state
    assert state.stage is Stage.RESTING
    assert {"reflect", "enough", "ask_again", "share", "withdraw"} <= set(offers(state, Party.PERSON))


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.WITHDRAWN])
def test_the_person_takes_it_back_at_any_moment_and_what_it_said_is_gone(stage):
    state = decide(a_setback(stage, next_time="x"), setbacks.Withdraw(), PERSON_SAYS, PATIENCE).state
    assert (state.stage, state.words, state.next_time) == (Stage.WITHDRAWN, "", "")


@pytest.mark.parametrize("verb", ["reflect", "accept_revision", "decline_revision", "enough", "withdraw", "share"])
def test_nobody_says_it_in_the_persons_place(verb):
    assert all(move.by == (Party.PERSON,) for _, said, move in WORKFLOW.rows() if said == verb)


def test_what_the_person_said_stands_in_no_log():
    state = decide(a_setback(Stage.CONTACTED), say("reflect"), PERSON_SAYS, PATIENCE).state
    assert "bus" not in repr(state)
    assert "Tony" not in repr(state) + repr(say("reflect"))


# --- who may know ---


def test_one_recipient_hears_of_one_setback_under_a_consent_for_exactly_that():
    share = setbacks.Share(AGENCY, CONSENT, Asks.CONTACT)
    state, [event], timers = decide(a_setback(), share, PERSON_SAYS, PATIENCE)
    assert (event.recipient, event.consent, event.asks) == (AGENCY, CONSENT.id, Asks.CONTACT)
    assert (state.stage, timers) == (Stage.REPORTED, ())
    assert [sharing.recipient for sharing in state.shared] == [AGENCY]


@pytest.mark.parametrize(
    "consent",
    [
        None,
        replace(CONSENT, is_live=False),
        replace(CONSENT, recipient=NEXT),
        replace(CONSENT, person=NEXT),
        replace(CONSENT, setback=NEXT),
        replace(CONSENT, setback=None),
        replace(CONSENT, categories=frozenset({"referral"})),
    ],
    ids=["none", "over", "another recipient", "another person", "another setback", "setbacks in general", "referrals"],
)
@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.WITHDRAWN])
def test_any_other_consent_tells_nobody(stage, consent):
    with pytest.raises(GuardNotMet) as refused:
        decide(a_setback(stage), setbacks.Share(AGENCY, consent), PERSON_SAYS, PATIENCE)
    assert refused.value.guard == "consent_for_this_one"


def test_a_word_by_phone_tells_nobody():
    share = setbacks.Share(AGENCY, CONSENT)
    with pytest.raises(GuardNotMet, match="proves nobody"):
        decide(a_setback(), share, by_phone(Party.PERSON), PATIENCE)
    assert decide(a_setback(), share, in_person(Party.PERSON), PATIENCE).events


def test_only_shared_names_anybody_outside():
    outside = {"recipient", "agency", "program"}
    kinds = {move.event for _, _, move in WORKFLOW.rows()} | {events.Reported}
    assert [kind for kind in kinds if outside & set(kind.model_fields)] == [events.Shared]
