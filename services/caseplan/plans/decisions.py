"""What follows when somebody says something to a plan. Reads no clock, touches nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.caseplan.plans import state as said
from services.caseplan.plans.state import Command, Plan, Step, Version
from services.caseplan.plans.table import WORKFLOW
from shared.contracts import plan as events
from shared.contracts.events import Event
from shared.contracts.plan import Owner, Stage
from shared.workflow import BusinessDays, By, Decision, Hours, Move, Party, Timer, check, fields_of
from shared.workflow import Patience as Silence

KIND = "plan.lapse"


class Patience(BaseModel):
    model_config = ConfigDict(frozen=True)

    sign_days: int = Field(14, ge=7, le=90, description="days the person has to say yes or no; our choice: two weeks")
    answer: int = Field(2, ge=1, le=20, description="business days for staff to answer the person; as for a referral")


def is_open(plan: Plan) -> bool:
    """Whether somebody is to act. An active plan is at rest: its days are the person's."""
    return WORKFLOW.is_open(plan.stage)


def owner_of(plan: Plan) -> Party | None:
    return WORKFLOW.owners.get(plan.stage)


def offers(plan: Plan, party: Party) -> dict[str, Move[Stage]]:
    return WORKFLOW.offers(plan.stage, party)


def decide(plan: Plan, command: Command, by: By, patience: Patience) -> Decision[Plan]:
    """Raises MoveNotOffered, which carries what is offered, or GuardNotMet, which says what would meet the rule."""
    move = WORKFLOW.find(plan.stage, command.verb, by.party)
    check(move, plan, command, by, offers(plan, by.party))
    after = replace(noted(plan, command), stage=move.end(Stage.ACTIVE if plan.agreed else Stage.SET_ASIDE))
    if not is_open(after):
        after = replace(after, proposal=None)
    happened = (tell(move.event, after, by, command),) if move.event else ()
    if move.keeps_clock:
        return Decision(after, happened)
    return Decision(after, happened, (clock_of(after, patience),))


def tell(event: type[Event], after: Plan, by: By, command: Command) -> Event:
    more: dict[str, object] = {"plan": after.id, "owner": owner_of(after)}
    match command:
        case said.Suggest() | said.Propose():
            assert after.proposal is not None, "suggesting leaves a proposal"
            more |= {"proposed_by": after.proposal.proposed_by, "steps": _told(after.proposal)}
        case said.Sign():
            assert after.agreed is not None, "signing agrees on something"
            more |= {"steps": _told(after.agreed)}
        case said.MoveStep(step, due):
            more |= {"step": step, "due": due}
        case said.DropStep(step) | said.FinishStep(step):
            more |= {"step": step}
        case said.AskLoad(loads):
            more |= {"loads": loads}
        case said.Disagree() | said.NotNow() | said.Fits() | said.SayTooMuch() | said.Stop() | said.Lapse():
            pass
        case _:
            assert_never(command)
    return event.model_validate(fields_of(event, after, by, **more))


def _told(version: Version) -> tuple[events.Step, ...]:
    return tuple(
        events.Step(step=step.id, goal=step.goal, owner=step.owner, due=step.due)
        for step in version.steps
        if not step.done
    )


def noted(plan: Plan, command: Command) -> Plan:
    match command:
        case said.Suggest(goals, steps, _):
            return replace(plan, proposal=Version(goals, steps, Owner.WORKER))
        case said.Propose(goals, steps, _):
            return replace(plan, proposal=Version(goals, steps, Owner.PERSON))
        case said.Sign():
            return replace(plan, agreed=plan.proposal, version=plan.version + 1)
        case said.MoveStep(id, due):
            moved = _each(plan, id, lambda step: replace(step, due=due))
            return replace(moved, version=plan.version + 1)
        case said.DropStep(id):
            return replace(_each(plan, id, lambda step: None), version=plan.version + 1)
        case said.FinishStep(id):
            return _each(plan, id, lambda step: replace(step, done=True))
        case said.Stop():
            return replace(plan, agreed=None)
        case said.Disagree() | said.NotNow() | said.AskLoad() | said.Fits() | said.SayTooMuch() | said.Lapse():
            return plan
        case _:
            assert_never(command)


def _each(plan: Plan, id: UUID, change: Callable[[Step], Step | None]) -> Plan:
    """The step as changed, in what is agreed and in what is suggested: a suggestion undoes nothing the person did."""

    def changed(version: Version | None) -> Version | None:
        if version is None:
            return None
        steps = (change(step) if step.id == id else step for step in version.steps)
        return replace(version, steps=tuple(step for step in steps if step is not None))

    return replace(plan, agreed=changed(plan.agreed), proposal=changed(plan.proposal))


def staff_steps(plan: Plan) -> tuple[Step, ...]:
    """The open steps that staff owe: each is a promise with an owner and a day."""
    steps = plan.agreed.steps if plan.agreed else ()
    return tuple(step for step in steps if step.owner is Owner.WORKER and not step.done)


def silence_of(plan: Plan, patience: Patience) -> Silence | None:
    match plan.stage:
        case Stage.ASKED_PERSON:
            return Hours.days(patience.sign_days)
        case Stage.ASKED_WORKER | Stage.OVERDUE | Stage.TOO_MUCH:
            return BusinessDays(patience.answer, plan.home)
        case Stage.NEW | Stage.ACTIVE | Stage.SET_ASIDE | Stage.STOPPED:
            return None
        case _:
            assert_never(plan.stage)


def clock_of(plan: Plan, patience: Patience) -> Timer:
    return Timer(KIND, plan.id, silence_of(plan, patience))
