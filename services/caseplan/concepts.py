"""The five concepts of this service, described alike, so that storing, commanding and timing them is written once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.caseplan import concerns, plans, promises, referrals, setbacks
from services.caseplan.settings import PATIENCE
from shared.contracts.setback import Stage as SetbackStage
from shared.security.sealing import Compartment
from shared.workflow import By, Decision, Workflow


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns beside the state that lists are made from. Without a `home` it is the person's own agency."""

    worker: UUID | None
    home: UUID | None
    receiving: UUID | None
    program: UUID | None
    consent: UUID | None
    stage: str
    is_open: bool


@dataclass(frozen=True, slots=True, eq=False)
class Concept:
    """What the rest of the service needs to know of a concept. `clock` names its one clock."""

    kind: str
    state: type[Any]
    commands: Mapping[str, type[Any]]
    decide: Callable[[Any, Any, By, Any], Decision[Any]]
    offers: Callable[[Any, Any], Mapping[str, Any]]
    workflow: Workflow[Any]
    clock: str
    compartment: Compartment  # of what is written with it
    stage: str = "stage"  # the name of the field that holds it

    @property
    def patience(self) -> Any:
        return getattr(PATIENCE, self.kind)

    def stage_of(self, state: Any) -> Any:
        return getattr(state, self.stage)

    def is_open(self, state: Any) -> bool:
        return self.workflow.is_open(self.stage_of(state))

    def forgets(self, state: Any) -> bool:
        """Whether what was written with it is gone: another's worry once it is at rest, and what was taken back."""
        if self.kind == "concern":
            return not self.is_open(state)
        return self.kind == "setback" and state.stage is SetbackStage.WITHDRAWN

    def columns(self, state: Any) -> Columns:
        return Columns(
            worker=state.worker,
            home=state.agency if self.kind == "promise" else getattr(state, "home", None),
            receiving=state.agency if self.kind == "referral" else None,
            program=getattr(state, "program", None),
            consent=getattr(state, "consent", None),
            stage=str(self.stage_of(state)),
            is_open=self.is_open(state),
        )


def _concern_offers(concern: concerns.Concern, party: Any) -> Mapping[str, Any]:
    return concerns.WORKFLOW.offers(concern.concern_stage, party)


def _of(module: Any, kind: str, state: type[Any], compartment: Compartment, **more: Any) -> Concept:
    facts: dict[str, Any] = {"offers": getattr(module, "offers", None), **more}
    return Concept(
        kind,
        state,
        module.COMMANDS,
        module.decide,
        workflow=module.WORKFLOW,
        clock=module.KIND,
        compartment=compartment,
        **facts,
    )


REFERRAL = _of(referrals, "referral", referrals.Referral, Compartment.REFERRAL)
SETBACK = _of(setbacks, "setback", setbacks.Setback, Compartment.SETBACK)
CONCERN = _of(concerns, "concern", concerns.Concern, Compartment.SETBACK, stage="concern_stage", offers=_concern_offers)
PROMISE = _of(promises, "promise", promises.Promise, Compartment.PLAN)
PLAN = _of(plans, "plan", plans.Plan, Compartment.PLAN)
CONCEPTS: Mapping[str, Concept] = {c.kind: c for c in (REFERRAL, SETBACK, CONCERN, PROMISE, PLAN)}
