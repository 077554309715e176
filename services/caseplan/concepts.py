"""The five concepts of this service, described alike, so that storing, commanding and timing them is written once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.caseplan import concerns, plans, promises, referrals, setbacks
from services.caseplan.settings import PATIENCE, Patience
from shared.workflow import By, Decision, Workflow


@dataclass(frozen=True, slots=True)
class Concept:
    """What the rest of the service needs to know of a concept. `clock` names its one clock."""

    kind: str
    state: type[Any]
    commands: Mapping[str, type[Any]]
    decide: Callable[[Any, Any, By, Any], Decision[Any]]
    workflow: Workflow[Any]
    clock: str
    patience: Callable[[Patience], Any]
    stage: str = "stage"  # the name of the field that holds it

    def stage_of(self, state: Any) -> Any:
        return getattr(state, self.stage)

    def is_open(self, state: Any) -> bool:
        return self.workflow.is_open(self.stage_of(state))

    def columns(self, state: Any) -> "Columns":
        return Columns(
            worker=getattr(state, "worker", None),
            home=getattr(state, "home", None) or (state.agency if self.kind == "promise" else None),
            receiving=state.agency if self.kind in ("referral", "concern") else None,
            program=getattr(state, "program", None),
            consent=getattr(state, "consent", None),
            stage=str(self.stage_of(state)),
            is_open=self.is_open(state),
        )


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns beside the state that lists are made from."""

    worker: UUID | None
    home: UUID | None
    receiving: UUID | None
    program: UUID | None
    consent: UUID | None
    stage: str
    is_open: bool


def _of(
    kind: str, module: Any, state: type[Any], decide: Callable[..., Decision[Any]], stage: str = "stage"
) -> Concept:
    def patience(settings: Patience) -> Any:
        return getattr(settings, kind)

    return Concept(kind, state, module.COMMANDS, decide, module.WORKFLOW, module.KIND, patience, stage)


REFERRAL = _of("referral", referrals, referrals.Referral, referrals.decide)
SETBACK = _of("setback", setbacks, setbacks.Setback, setbacks.decide)
CONCERN = _of("concern", concerns, concerns.Concern, concerns.decide, "concern_stage")
PROMISE = _of("promise", promises, promises.Promise, promises.decide)
PLAN = _of("plan", plans, plans.Plan, plans.decide)
CONCEPTS: Mapping[str, Concept] = {c.kind: c for c in (REFERRAL, SETBACK, CONCERN, PROMISE, PLAN)}
USUAL = PATIENCE
