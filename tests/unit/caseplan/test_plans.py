"""Promise P5: a plan is agreed, not assigned; what asks too much becomes a question to the person."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.caseplan import plans
from services.caseplan.pages.editing_words import RULES
from services.caseplan.plans import (
    MOVES,
    WORKFLOW,
    Goal,
    Load,
    Owner,
    Plan,
    Stage,
    Step,
    Version,
    decide,
    is_open,
    offers,
)
from shared.contracts.data import decode_data, encode_data
from shared.contracts.parties import Party
from shared.workflow import CLOCK, BusinessDays, GuardNotMet, Hours, MoveNotOffered
from tests.unit.caseplan.worlds import BY, HOME, ID, PERSON, WORKER, Clocks, by_phone, in_person

PATIENCE = plans.Patience()
PERSON_SAYS, WORKER_SAYS = BY[Party.PERSON], BY[Party.WORKER]
TODAY = date(2026, 11, 24)
KEY = Goal(UUID(int=50), "My own key.")
LOOK = Step(UUID(int=51), KEY.id, Owner.PERSON, TODAY + timedelta(days=5), "Look at two rooms.")
ASK = Step(UUID(int=52), KEY.id, Owner.WORKER, TODAY + timedelta(days=3), "Ask your sister.")
AGREED = Version((KEY,), (LOOK, ASK))
LIGHTER = Version((KEY,), (LOOK,), Owner.WORKER)
THEIRS = Version((KEY,), (ASK,), Owner.PERSON)
ROWS = [(stage, verb, party) for stage, verb, move in WORKFLOW.rows() for party in move.by]


def a_plan(stage=Stage.ACTIVE, **changes):
    agreed = {} if stage in (Stage.NEW, Stage.SET_ASIDE, Stage.STOPPED) else {"agreed": AGREED, "version": 3}
    waiting = {
        Stage.ASKED_PERSON: {"proposal": LIGHTER},
        Stage.ASKED_WORKER: {"proposal": THEIRS},
        Stage.OVERDUE: {"proposal": THEIRS},
    }
    return replace(Plan(ID, PERSON, WORKER, HOME, stage), **agreed | waiting.get(stage, {}) | changes)


def say(verb, party=Party.PERSON):
    version = {"goals": (KEY,), "steps": (LOOK,), "today": TODAY}
    own = LOOK.id if party is Party.PERSON else ASK.id
    needed = {
        "suggest": version,
        "propose": version,
        "move_step": {"step": own, "due": TODAY + timedelta(days=9)},
        "drop_step": {"step": own},
        "finish_step": {"step": own},
        "ask_load": {"loads": (Load.CROWDED,)},
    }
    return plans.COMMANDS[verb](**needed.get(verb, {}))


@given(st.data())
def test_on_every_path_what_waits_has_an_owner_and_one_clock_and_what_is_agreed_both_signed(data):
    plan, clocks = a_plan(Stage.NEW), Clocks()
    for _ in range(data.draw(st.integers(1, 25))):
        rows = [(verb, party) for party in Party for verb in offers(plan, party)]
        verb, party = data.draw(st.sampled_from(rows))
        try:
            after, [event], timers = decide(plan, say(verb, party), BY[party], PATIENCE)
        except GuardNotMet:
            continue
        clocks.hear(timers)
        assert list(clocks.live) == ([("plan.lapse", ID)] if is_open(after) else [])
        assert (event.stage, event.owner, event.version) == (after.stage, plans.owner_of(after), after.version)
        assert (after.stage is Stage.ACTIVE) <= (after.agreed is not None)
        assert (after.proposal is not None) <= is_open(after)
        if after.agreed != plan.agreed and verb not in ("move_step", "drop_step", "finish_step", "stop"):
            assert verb == "sign"
        told = encode_data(event)
        assert b"key" not in told
        assert b"sister" not in told
        assert decode_data(event.type, told) == event
        plan = after


@pytest.mark.parametrize(("stage", "verb", "party"), ROWS)
def test_every_row_leads_where_the_table_says(stage, verb, party):
    plan = a_plan(stage)
    back = Stage.ACTIVE if plan.agreed else Stage.SET_ASIDE
    assert decide(plan, say(verb, party), BY[party], PATIENCE).state.stage is (MOVES[stage][verb].to or back)


def test_everything_that_can_be_said_has_a_row():
    assert set(plans.COMMANDS) == {verb for _, verb, _ in WORKFLOW.rows()}


# --- both sign ---


@pytest.mark.parametrize(("asks", "other"), [("suggest", Party.PERSON), ("propose", Party.WORKER)])
def test_a_plan_is_active_once_the_other_side_has_signed_too(asks, other):
    own = next(party for party in (Party.PERSON, Party.WORKER) if party is not other)
    asked = decide(a_plan(Stage.NEW), say(asks, own), BY[own], PATIENCE).state
    assert asked.agreed is None
    with pytest.raises(MoveNotOffered):
        decide(asked, plans.Sign(), BY[own], PATIENCE)
    state, [event], _ = decide(asked, plans.Sign(), BY[other], PATIENCE)
    assert (state.stage, state.version, event.version) == (Stage.ACTIVE, 1, 1)
    assert [step.step for step in event.steps] == [LOOK.id]


def test_the_person_signs_on_their_page_or_in_the_room():
    with pytest.raises(GuardNotMet, match="proves nobody"):
        decide(a_plan(Stage.ASKED_PERSON), plans.Sign(), by_phone(Party.PERSON), PATIENCE)
    assert decide(a_plan(Stage.ASKED_PERSON), plans.Sign(), in_person(Party.PERSON), PATIENCE).state.version == 4


@pytest.mark.parametrize("stage", [Stage.ASKED_PERSON, Stage.ASKED_WORKER])
def test_what_was_agreed_holds_until_something_else_is(stage):
    for command, by in ((plans.NotNow(), PERSON_SAYS), (plans.Disagree(), WORKER_SAYS)):
        if command.verb in offers(a_plan(stage), by.party):
            state = decide(a_plan(stage), command, by, PATIENCE).state
            assert (state.stage, state.agreed, state.version, state.proposal) == (Stage.ACTIVE, AGREED, 3, None)


def test_either_side_answers_with_a_version_of_their_own():
    state, _, [clock] = decide(a_plan(Stage.ASKED_PERSON), say("propose"), PERSON_SAYS, PATIENCE)
    assert (state.stage, state.proposal.proposed_by) == (Stage.ASKED_WORKER, Owner.PERSON)
    assert clock.patience == BusinessDays(2, HOME)


def test_the_persons_silence_is_an_answer_and_the_workers_rings():
    silent = decide(a_plan(Stage.ASKED_PERSON), plans.Lapse(), CLOCK, PATIENCE).state
    assert (silent.stage, silent.agreed) == (Stage.ACTIVE, AGREED)
    state = a_plan(Stage.ASKED_WORKER)
    for _ in range(3):
        state, [event], [clock] = decide(state, plans.Lapse(), CLOCK, PATIENCE)
        assert (state.stage, event.owner, clock.patience) == (Stage.OVERDUE, Party.SUPERVISOR, BusinessDays(2, HOME))
    assert decide(state, plans.Sign(), BY[Party.SUPERVISOR], PATIENCE).state.agreed == THEIRS


def test_the_person_has_two_weeks_of_real_days():
    assert decide(a_plan(Stage.NEW), say("suggest"), WORKER_SAYS, PATIENCE).timers[0].patience == Hours.days(14)


def test_nobody_signs_or_refuses_what_the_person_has_not_suggested():
    too_much = decide(a_plan(Stage.TOO_MUCH), plans.Lapse(), CLOCK, PATIENCE).state
    for command in (plans.Sign(), plans.Disagree()):
        with pytest.raises(GuardNotMet):
            decide(too_much, command, WORKER_SAYS, PATIENCE)


def test_a_stopped_plan_is_over_and_a_new_one_begins_with_nothing():
    stopped = decide(a_plan(), plans.Stop(), PERSON_SAYS, PATIENCE).state
    assert (stopped.stage, stopped.agreed) == (Stage.STOPPED, None)
    suggested = decide(stopped, say("suggest"), WORKER_SAYS, PATIENCE).state
    assert decide(suggested, plans.NotNow(), PERSON_SAYS, PATIENCE).state.stage is Stage.SET_ASIDE


# --- what a version may hold ---


@pytest.mark.parametrize("days", [0, 14])
def test_a_step_is_done_within_two_weeks(days):
    step = replace(LOOK, due=TODAY + timedelta(days=days))
    assert decide(a_plan(), plans.Suggest((KEY,), (step,), TODAY), WORKER_SAYS, PATIENCE)


@pytest.mark.parametrize("days", [-1, 15])
def test_a_longer_step_is_cut_smaller(days):
    step = replace(LOOK, due=TODAY + timedelta(days=days))
    for command, by in ((plans.Suggest, WORKER_SAYS), (plans.Propose, PERSON_SAYS)):
        with pytest.raises(GuardNotMet, match="smaller"):
            decide(a_plan(), command((KEY,), (step,), TODAY), by, PATIENCE)


@pytest.mark.parametrize(
    ("goals", "steps"),
    [
        ((), ()),
        ((replace(KEY, words=" "),), ()),
        ((KEY,), (replace(LOOK, goal=ID),)),
        ((KEY,), (LOOK, LOOK)),
        ((KEY, KEY), ()),
    ],
    ids=["no goal", "a goal without words", "a step of no goal", "a step twice", "a goal twice"],
)
def test_a_plan_begins_with_a_goal_in_words(goals, steps):
    with pytest.raises(GuardNotMet, match="Begin with a goal"):
        decide(a_plan(Stage.NEW), plans.Propose(goals, steps, TODAY), PERSON_SAYS, PATIENCE)


def test_a_new_version_says_nothing_done_or_undone():
    finished = decide(a_plan(), say("finish_step"), PERSON_SAYS, PATIENCE).state
    with pytest.raises(GuardNotMet):
        decide(finished, plans.Suggest((KEY,), (LOOK,), TODAY), WORKER_SAYS, PATIENCE)
    with pytest.raises(GuardNotMet):
        decide(a_plan(), plans.Suggest((KEY,), (replace(LOOK, done=True),), TODAY), WORKER_SAYS, PATIENCE)
    kept = plans.Suggest((KEY,), (replace(LOOK, done=True), ASK), TODAY)
    assert decide(finished, kept, WORKER_SAYS, PATIENCE)


# --- day by day ---


def test_the_person_moves_their_own_step_any_day_and_each_move_is_a_version():
    due = TODAY + timedelta(days=30)
    state, [event], timers = decide(a_plan(), plans.MoveStep(LOOK.id, due), PERSON_SAYS, PATIENCE)
    assert (state.agreed.step(LOOK.id).due, state.version, event.due, event.version) == (due, 4, due, 4)
    assert timers == ()


def test_what_the_person_moves_is_moved_in_what_waits_for_them_too():
    due = TODAY + timedelta(days=9)
    state = decide(a_plan(Stage.ASKED_PERSON), plans.MoveStep(LOOK.id, due), PERSON_SAYS, PATIENCE).state
    assert (state.proposal.step(LOOK.id).due, state.agreed.step(LOOK.id).due) == (due, due)
    signed = decide(state, plans.Sign(), PERSON_SAYS, PATIENCE).state
    assert (signed.version, signed.agreed.step(LOOK.id).due) == (5, due)


@pytest.mark.parametrize("verb", ["move_step", "drop_step", "finish_step"])
def test_nobody_touches_a_step_of_the_other_side(verb):
    with pytest.raises((GuardNotMet, MoveNotOffered)):
        decide(a_plan(), say(verb, Party.WORKER), PERSON_SAYS, PATIENCE)
    with pytest.raises((GuardNotMet, MoveNotOffered)):
        decide(a_plan(), say(verb, Party.PERSON), WORKER_SAYS, PATIENCE)


def test_staff_steps_are_promises_and_no_one_moves_them_quietly():
    assert plans.staff_steps(a_plan()) == (ASK,)
    assert {move.by for _, verb, move in WORKFLOW.rows() if verb in ("move_step", "drop_step")} == {(Party.PERSON,)}


def test_a_step_whose_day_has_passed_starts_no_clock_and_is_nobodys_news():
    """Nothing in the table happens to a step by itself."""
    assert {verb for _, verb, move in WORKFLOW.rows() if Party.CLOCK in move.by} == {"lapse"}
    assert not is_open(a_plan(Stage.ACTIVE))


def test_a_step_let_go_of_is_gone_and_done_stays_done():
    dropped = decide(a_plan(), say("drop_step"), PERSON_SAYS, PATIENCE).state
    assert dropped.agreed.step(LOOK.id) is None
    done = decide(a_plan(), say("finish_step"), PERSON_SAYS, PATIENCE).state
    with pytest.raises(GuardNotMet):
        decide(done, say("move_step"), PERSON_SAYS, PATIENCE)


def test_goals_stand_in_no_log():
    assert "key" not in repr(a_plan())


# --- too much ---


def own_steps(*days, owner=Owner.PERSON):
    return [replace(LOOK, id=UUID(int=100 + n), owner=owner, due=TODAY + timedelta(days=d)) for n, d in enumerate(days)]


@pytest.mark.parametrize(
    ("steps", "moved", "loads"),
    [
        (own_steps(0, 1, 2), 0, ()),
        (own_steps(0, 1, 2, 4, 5, 6), 0, (Load.CROWDED, Load.ONE_SIDED)),
        (own_steps(0, 1, 2, 3, 4, 7), 0, (Load.ONE_SIDED,)),
        (own_steps(0, 1, 2, 4, 5, 6) + own_steps(1, 2, owner=Owner.WORKER), 0, (Load.CROWDED,)),
        (own_steps(0), 2, ()),
        (own_steps(0), 3, (Load.MOVED_OFTEN,)),
        ([replace(step, done=True) for step in own_steps(0, 1, 2, 3, 4, 5)], 0, ()),
        ([], 0, ()),
    ],
    ids=["light", "six in a week", "six in eight days", "shared six", "moved twice", "moved thrice", "done", "empty"],
)
def test_too_much_is_found_in_what_the_plan_asks(steps, moved, loads):
    assert plans.too_much(steps, moved) == loads


@given(st.lists(st.integers(0, 60), max_size=15), st.integers(0, 5))
def test_one_step_fewer_is_never_more_crowded(days, moved):
    crowded = Load.CROWDED in plans.too_much(own_steps(*days), moved)
    for n in range(len(days)):
        fewer = plans.too_much(own_steps(*days[:n], *days[n + 1 :]), moved)
        assert crowded or Load.CROWDED not in fewer


def test_too_much_is_a_question_and_refuses_nothing():
    crowded = tuple(own_steps(0, 1, 2, 3, 4, 5, 6))
    assert plans.too_much(crowded, 9)
    assert decide(a_plan(), plans.Propose((KEY,), crowded, TODAY), PERSON_SAYS, PATIENCE)
    assert decide(a_plan(), plans.Suggest((KEY,), crowded, TODAY), WORKER_SAYS, PATIENCE)


def test_the_question_goes_to_the_person_by_a_workers_hand_and_changes_nothing():
    state, [event], _ = decide(a_plan(), plans.AskLoad((Load.CROWDED,)), WORKER_SAYS, PATIENCE)
    assert (state, event.loads) == (a_plan(), (Load.CROWDED,))
    with pytest.raises(GuardNotMet):
        decide(a_plan(), plans.AskLoad(()), WORKER_SAYS, PATIENCE)
    assert decide(state, plans.Fits(), PERSON_SAYS, PATIENCE).state == a_plan()


def test_too_much_said_by_the_person_makes_the_worker_suggest_something_lighter():
    state, [event], [clock] = decide(a_plan(), plans.SayTooMuch(), PERSON_SAYS, PATIENCE)
    assert (state.stage, event.owner, clock.patience) == (Stage.TOO_MUCH, Party.WORKER, BusinessDays(2, HOME))
    assert state.agreed == AGREED, "what was agreed stays theirs to do, move or drop meanwhile"
    assert {"move_step", "drop_step", "propose", "stop"} <= set(offers(state, Party.PERSON))


def test_every_rule_that_holds_back_the_persons_own_version_is_said_in_spanish_too():
    rules = {guard.name for row in MOVES.values() if "propose" in row for guard in row["propose"].guards}
    assert rules == RULES.keys() and str(plans.LONGEST_STEP) in RULES["steps_of_two_weeks"]
