"""The plan's table. Promise P5: active only when both sides have signed; the person changes their own steps any day.

What was agreed holds until something else is: a suggestion that nobody signs changes nothing. Where staff are silent
to the person it rings until somebody answers; where the person is silent, that is an answer too.
"""

from datetime import timedelta

from services.caseplan.plans.state import AskLoad, DropStep, FinishStep, MoveStep, Plan, Propose, Sign, Step, Suggest
from shared.contracts import plan as events
from shared.contracts.plan import Owner, Stage
from shared.workflow import LAPSE, By, Guard, Move, Party, Workflow

LONGEST_STEP = 14  # days; a step that takes longer is a goal
P, S = Party, Stage
Row = dict[str, Move[Stage]]


def _is_small(plan: Plan, command: Suggest | Propose, by: By) -> bool:
    last = command.today + timedelta(days=LONGEST_STEP)
    return all(step.done or command.today <= step.due <= last for step in command.steps)


def _is_whole(plan: Plan, command: Suggest | Propose, by: By) -> bool:
    goals = [goal.id for goal in command.goals]
    steps = [step.id for step in command.steps]
    has_words = all(goal.words.strip() for goal in command.goals)
    fits = all(step.goal in goals for step in command.steps)
    return bool(goals) and has_words and fits and len({*goals, *steps}) == len(goals) + len(steps)


def _keeps_what_is_done(plan: Plan, command: Suggest | Propose, by: By) -> bool:
    """Nobody can say by a new version that the person had done less, or more, than they have."""
    before = {step.id for step in plan.agreed.steps if step.done} if plan.agreed else set()
    after = {step.id for step in command.steps if step.done}
    return after <= before and before & {step.id for step in command.steps} <= after


def _is_there(plan: Plan, command: object, by: By) -> bool:
    return by.is_there


def _step(plan: Plan, command: MoveStep | DropStep | FinishStep) -> Step | None:
    step = plan.agreed.step(command.step) if plan.agreed else None
    return step if step and not step.done else None


def _is_theirs(plan: Plan, command: MoveStep | DropStep | FinishStep, by: By) -> bool:
    step = _step(plan, command)
    return step is not None and step.owner == (Owner.PERSON if by.party is Party.PERSON else Owner.WORKER)


def _is_suggested_by_person(plan: Plan, command: Sign, by: By) -> bool:
    return plan.proposal is not None and plan.proposal.proposed_by is Owner.PERSON


def _names_a_load(plan: Plan, command: AskLoad, by: By) -> bool:
    return bool(command.loads)


SMALL = Guard("steps_of_two_weeks", f"Cut it smaller: a step is done within {LONGEST_STEP} days from today.", _is_small)
WHOLE = Guard("every_step_has_its_goal", "Begin with a goal in words; every step belongs to one.", _is_whole)
DONE = Guard("done_stays_done", "What is done stays done, and only who did it says so.", _keeps_what_is_done)
PRESENT = Guard(
    "own_word_or_present",
    "The person signs on their own page, or with you in the room: a phone number proves nobody.",
    _is_there,
)
THEIRS = Guard("own_open_step", "Choose an open step of your own.", _is_theirs)
PENDING = Guard("the_person_asked", "The person has suggested nothing; suggest something.", _is_suggested_by_person)
LOADS = Guard("a_reason_to_ask", "Say what made you ask.", _names_a_load)

SUGGEST: Row = {"suggest": Move((P.WORKER,), events.Proposed, S.ASKED_PERSON, (WHOLE, SMALL, DONE))}
PROPOSE: Row = {"propose": Move((P.PERSON,), events.Proposed, S.ASKED_WORKER, (WHOLE, SMALL, DONE))}
EITHER: Row = {**SUGGEST, **PROPOSE}
STOP: Row = {"stop": Move((P.PERSON,), events.Stopped, S.STOPPED)}
NOT_NOW: Row = {"not_now": Move((P.PERSON,), events.NotAgreed, None)}


def steps(here: Stage) -> Row:
    """Day by day: the person moves and drops their own, each side finishes its own. No signature is asked for."""
    return {
        "move_step": Move((P.PERSON,), events.StepMoved, here, (THEIRS,), keeps_clock=True),
        "drop_step": Move((P.PERSON,), events.StepDropped, here, (THEIRS,), keeps_clock=True),
        "finish_step": Move((P.PERSON, P.WORKER), events.StepDone, here, (THEIRS,), keeps_clock=True),
    }


MOVES: dict[Stage, Row] = {
    S.NEW: EITHER,
    S.ASKED_PERSON: {
        "sign": Move((P.PERSON,), events.Signed, S.ACTIVE, (PRESENT,)),
        **NOT_NOW,
        **EITHER,
        **steps(S.ASKED_PERSON),
        **STOP,
        LAPSE: Move((P.CLOCK,), events.NotAgreed, None),
    },
    S.ASKED_WORKER: {
        "sign": Move((P.WORKER,), events.Signed, S.ACTIVE),
        "disagree": Move((P.WORKER,), events.NotAgreed, None),
        **NOT_NOW,
        **EITHER,
        **steps(S.ASKED_WORKER),
        **STOP,
        LAPSE: Move((P.CLOCK,), events.Escalated, S.OVERDUE),
    },
    S.OVERDUE: {
        "sign": Move((P.WORKER, P.SUPERVISOR), events.Signed, S.ACTIVE, (PENDING,)),
        "suggest": Move((P.WORKER, P.SUPERVISOR), events.Proposed, S.ASKED_PERSON, (WHOLE, SMALL, DONE)),
        "disagree": Move((P.WORKER, P.SUPERVISOR), events.NotAgreed, None, (PENDING,)),
        **NOT_NOW,
        **PROPOSE,
        **steps(S.OVERDUE),
        **STOP,
        LAPSE: Move((P.CLOCK,), events.Escalated, S.OVERDUE),
    },
    S.ACTIVE: {
        **EITHER,
        **steps(S.ACTIVE),
        "ask_load": Move((P.WORKER,), events.LoadAsked, S.ACTIVE, (LOADS,)),
        "fits": Move((P.PERSON,), events.LoadFits, S.ACTIVE),
        "say_too_much": Move((P.PERSON,), events.TooMuch, S.TOO_MUCH),
        **STOP,
    },
    S.TOO_MUCH: {
        **EITHER,
        **steps(S.TOO_MUCH),
        "fits": Move((P.PERSON,), events.LoadFits, S.ACTIVE),
        **STOP,
        LAPSE: Move((P.CLOCK,), events.Escalated, S.OVERDUE),
    },
    S.SET_ASIDE: EITHER,
    S.STOPPED: EITHER,
}
OWNERS = {
    S.ASKED_PERSON: P.PERSON,
    S.ASKED_WORKER: P.WORKER,
    S.OVERDUE: P.SUPERVISOR,
    S.TOO_MUCH: P.WORKER,
}
WORKFLOW = Workflow(
    name="plan",
    title="Plan",
    says="What the person wants, in small steps with an owner and a date. Active once both sides have signed.",
    first=S.NEW,
    moves=MOVES,
    owners=OWNERS,
    verbs={
        "suggest": "Suggest a version",
        "propose": "Say how the plan should be",
        "sign": "Sign it",
        "disagree": "Not like this: let us talk",
        "not_now": "Not now",
        "move_step": "Move a step",
        "drop_step": "Let go of a step",
        "finish_step": "It is done",
        "ask_load": "Ask: is this too much?",
        "fits": "It fits",
        "say_too_much": "This is too much",
        "stop": "Stop the plan",
        LAPSE: "Silence",
    },
    notes=(
        "*Where it was* is the plan that was agreed, if there is one; otherwise the suggestion is set aside.",
        "A step of the person whose day has passed is open, no more. It is never counted.",
        "Staff steps are promises, kept or broken where promises are.",
    ),
    rings_again=frozenset({S.OVERDUE}),
    returns_to=frozenset({S.ACTIVE, S.SET_ASIDE}),
)
