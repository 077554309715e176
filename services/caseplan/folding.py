"""An event turned back into the state that it told of: `decide` the other way round. Reads no clock, touches nothing.

An event carries ids and codes under the names that the state has them by (`fields_of`), and the tables say where it
leads; so this needs to know only what is in neither.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from uuid import UUID

from services.caseplan import concerns, plans, promises, referrals, setbacks
from services.caseplan.concepts import Concept
from services.caseplan.plans import Goal, Plan, Step, Version
from services.caseplan.plans.decisions import noted as noted_in_plan
from services.caseplan.referrals import Onward, Referral
from services.caseplan.referrals.decisions import arrive
from shared.contracts import plan as plan_events
from shared.contracts import promise as promise_events
from shared.contracts import referral as referral_events
from shared.contracts import setback as setback_events
from shared.contracts.events import Event
from shared.contracts.parties import Party
from shared.workflow import Move, Timer

BEGINS: Mapping[type[Event], str] = {
    referral_events.Drafted: "draft",
    setback_events.Reported: "report",
    setback_events.ConcernRaised: "raise",
    promise_events.Made: "make",
}


@dataclass(frozen=True, slots=True)
class Around:
    """What no event names: who walks with the person, for which agency; and what is behind the program it names."""

    worker: UUID
    home: UUID
    door: Onward | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """Where the event leads, by which verb and whose, and whether the silence being counted goes on being counted."""

    state: Any
    verb: str
    party: Party
    keeps_clock: bool


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of a table by which an event may have come; `is_beneath` a pause."""

    verb: str
    move: Move[Any]
    is_beneath: bool = False


def fold(concept: Concept, before: Any, event: Event, around: Around, parties: Iterable[Party]) -> Folded:
    """`before` is None for what is not known yet. `parties`: who may have said it, the likeliest first."""
    speaks = tuple(parties)
    if before is None:
        before = _blank(concept, event, around)
    if verb := BEGINS.get(type(event)):
        return Folded(_stand(concept, _named(before, event), event), verb, speaks[0], keeps_clock=False)
    row, party = _row(concept, before, event, speaks)
    after = _stand(concept, _AFTER[concept.kind](before, event, around, row), event)
    if row is None:
        return Folded(after, "", party, keeps_clock=False)
    is_still_paused = row.is_beneath and after.stage in referrals.PAUSES
    return Folded(after, row.verb, party, row.move.keeps_clock or is_still_paused)


def clock_of(concept: Concept, state: Any) -> Timer:
    """The clock that runs where it stands now; at rest, the stop of it."""
    modules: Mapping[str, Any] = {
        "referral": referrals,
        "setback": setbacks,
        "concern": concerns,
        "promise": promises,
        "plan": plans,
    }
    timer: Timer = modules[concept.kind].clock_of(state, concept.patience)
    return timer


def _row(
    concept: Concept, before: Any, event: Event, speaks: tuple[Party, ...]
) -> tuple[_Row | None, Party]:  # fmt: skip
    """The row of the table that was walked: of several with this event, that of the likeliest speaker."""
    moves = concept.workflow.moves
    rows = [_Row(verb, move) for verb, move in moves[concept.stage_of(before)].items()]
    if getattr(before, "before", None) is not None:
        beneath = moves[before.before].items()
        rows += [_Row(verb, move, True) for verb, move in beneath if {Party.AGENCY, Party.PERSON} & set(move.by)]
    rows = [row for row in rows if row.move.event is type(event)]
    for party in speaks:
        for row in rows:
            if party in row.move.by:
                return row, party
    return next(iter(rows), None), speaks[0]


def _named(state: Any, event: Event) -> Any:
    """With everything that the event has by a name of the state's, but the stage, which is where the table leads."""
    own = {field.name for field in fields(state)} - {"stage", "concern_stage"}
    return replace(state, **{name: getattr(event, name) for name in type(event).model_fields if name in own})


def _stand(concept: Concept, state: Any, event: Event) -> Any:
    """Where the event says that it stands. It is the last word, also where the table has changed since."""
    return replace(state, **{concept.stage: getattr(event, concept.stage)})


def _blank(concept: Concept, event: Any, around: Around) -> Any:
    """What it was before anything was said of it."""
    match event:
        case referral_events.ReferralEvent():
            ids = (event.referral, event.person, event.program, event.agency, event.need)
            return Referral(*ids, around.worker, around.home)
        case setback_events.SetbackEvent():
            return setbacks.Setback(event.setback, event.person, event.worker)
        case setback_events.ConcernEvent():
            agency = getattr(event, "agency", around.home)
            return concerns.Concern(event.concern, event.person, event.worker, agency)
        case promise_events.PromiseEvent():
            return promises.Promise(event.promise, event.person, event.worker, event.agency, event.due)
        case plan_events.PlanEvent():
            return Plan(event.plan, event.person, event.worker, around.home)
        case _:
            raise ValueError(f"{type(event).__name__} is no event of a {concept.kind}")


def _referral(before: Referral, event: Event, around: Around, row: _Row | None) -> Referral:
    """The second program that the person named when sending is in no event: unknown, nobody is asked without them."""
    after: Referral = _named(before, event)
    match event:
        case referral_events.Confirmed():
            after = replace(after, confirmed=True)
        case referral_events.Closed():
            after = replace(after, confirmed=False)
        case referral_events.Disputed():
            after = replace(after, attempts=0)
        case referral_events.NextOffered() | referral_events.NextChosen():
            after = replace(after, next=around.door)
    return arrive(after, row.move, row.is_beneath) if row else after


def _setback(before: setbacks.Setback, event: Event, around: Around, row: _Row | None) -> setbacks.Setback:
    after: setbacks.Setback = _named(before, event)
    match event:
        case setback_events.Escalated() | setback_events.NobodyCame():
            return replace(after, late=True)
        case setback_events.AskedAgain():
            return replace(after, late=False, attempts=0)
        case setback_events.Shared(recipient=recipient, consent=consent, asks=asks, referral=referral):
            return replace(after, shared=(*after.shared, setbacks.Sharing(recipient, consent, asks, referral)))
        case _:
            return after


def _concern(before: concerns.Concern, event: Event, around: Around, row: _Row | None) -> concerns.Concern:
    named: concerns.Concern = _named(before, event)
    return named


def _promise(before: promises.Promise, event: Event, around: Around, row: _Row | None) -> promises.Promise:
    after: promises.Promise = _named(before, event)
    match event:
        case promise_events.Renegotiated() | promise_events.TimeRefused():
            return replace(after, asked_due=None)
        case promise_events.CameDue():
            return replace(after, was_due=True, asked_due=None)
        case _:
            return after


def _plan(before: Plan, event: Event, around: Around, row: _Row | None) -> Plan:
    after: Plan = replace(_said_to(before, event), worker=event.worker, version=event.version, stage=event.stage)  # type: ignore[attr-defined]
    return after if plans.is_open(after) else replace(after, proposal=None)


def _said_to(plan: Plan, event: Event) -> Plan:
    match event:
        case plan_events.Proposed(steps=steps, proposed_by=proposed_by):
            return replace(plan, proposal=_version(plan, steps, proposed_by))
        case plan_events.Signed(steps=steps):
            signed = plan.proposal or _version(plan, steps, plan_events.Owner.WORKER)
            return noted_in_plan(replace(plan, proposal=signed), plans.Sign())
        case plan_events.StepMoved(step=step, due=due):
            return noted_in_plan(plan, plans.MoveStep(step, due))
        case plan_events.StepDropped(step=step):
            return noted_in_plan(plan, plans.DropStep(step))
        case plan_events.StepDone(step=step):
            return noted_in_plan(plan, plans.FinishStep(step))
        case plan_events.Stopped():
            return noted_in_plan(plan, plans.Stop())
        case _:
            return plan


def _version(plan: Plan, told: tuple[plan_events.Step, ...], proposed_by: plan_events.Owner) -> Version:
    """An event names the open steps alone. What is done stays done; a goal that has no step yet is in no event."""
    done = tuple(step for step in plan.agreed.steps if step.done) if plan.agreed else ()
    steps = (*done, *(Step(step.step, step.goal, step.owner, step.due) for step in told))
    goals = dict.fromkeys(step.goal for step in steps)
    return Version(tuple(Goal(id) for id in goals), steps, proposed_by)


_AFTER: Mapping[str, Callable[..., Any]] = {
    "referral": _referral,
    "setback": _setback,
    "concern": _concern,
    "promise": _promise,
    "plan": _plan,
}
