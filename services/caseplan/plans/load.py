"""When a plan may ask too much of the person. A question to them, written for the worker to send; never a refusal."""

from collections.abc import Iterable
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field

from services.caseplan.plans.state import Step
from shared.contracts.plan import Load, Owner


class Thresholds(BaseModel):
    """Where asking begins. Our choice throughout: no study of reentry plans gives a number."""

    model_config = ConfigDict(frozen=True)

    steps_a_week: int = Field(5, ge=1, le=30, description="open steps of the person within 7 days that still seem fine")
    moves: int = Field(2, ge=0, le=30, description="times that steps were moved in 14 days that still seem fine")
    share: float = Field(0.8, gt=0.5, le=1, description="the person's share of all open steps that still seems fine")
    share_from: int = Field(4, ge=2, le=30, description="open steps from which a share says something")


USUAL = Thresholds()


def too_much(steps: Iterable[Step], moved: int, thresholds: Thresholds = USUAL) -> tuple[Load, ...]:
    """Why one might ask; empty when there is no reason to.

    `steps` are those of one version; `moved` counts how often the person moved a step in the last 14 days. It is used
    here and kept nowhere: what counts is what the plan asks for, never what the person did not do.
    """
    open_steps = [step for step in steps if not step.done]
    own = sorted(step.due for step in open_steps if step.owner is Owner.PERSON)
    week = timedelta(days=7)
    most = max((sum(first <= due < first + week for due in own) for first in own), default=0)
    loads = []
    if most > thresholds.steps_a_week:
        loads.append(Load.CROWDED)
    if moved > thresholds.moves:
        loads.append(Load.MOVED_OFTEN)
    if len(open_steps) >= thresholds.share_from and len(own) / len(open_steps) > thresholds.share:
        loads.append(Load.ONE_SIDED)
    return tuple(loads)
