"""What can be sent to a concept: for each verb a model made from its command, so that a new command is one line.

Ids of consents and programs stand where a command wants what we know of them; what the server knows by itself (which
day it is, the id of what follows) is not asked for.
"""

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_type_hints
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from services.caseplan.concepts import CONCEPTS
from services.caseplan.referrals import Onward
from services.caseplan.sharing import Consent
from shared.contracts.plan import Load, Owner
from shared.contracts.setback import Pace
from shared.web.forms import Lines

STRICT = ConfigDict(extra="forbid", frozen=True)
MOST_GOALS, MOST_STEPS = 20, 60  # of one plan: no more than a person could read
Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Back = Annotated[str | None, Field(description="For forms: the page to go back to.")]


class Base(BaseModel):
    """What may stand beside every word: how it was said, and what its speaker had before them."""

    model_config = STRICT

    way: Literal["phone", "in_person"] | None = Field(None, description="For a worker who writes down what was said.")
    seen: str | None = Field(None, max_length=64, description="What stood there when it was read; refused if it moved.")
    back: Back = None


class GoalBody(BaseModel):
    model_config = STRICT

    id: UUID | None = None
    words: Lines = Field(description="What the person wants, in their words.")


class StepBody(BaseModel):
    model_config = STRICT

    id: UUID | None = None
    goal: UUID | int = Field(description="The goal's id, or its place in this list from 0.")
    owner: Owner
    due: date
    words: Lines
    done: bool = False


class NewReferral(BaseModel):
    """One person, one need, one program. Sent at once, unless `send` is false."""

    model_config = STRICT

    id: UUID | None = None
    person: UUID
    program: UUID
    need: Code = Field(description="One of the program's needs.")
    consent: UUID | None = Field(None, description="If not given: one of the person's that covers it.")
    second: UUID | None = Field(None, description="Another program, to be asked at once should nobody here take it.")
    words: Lines | None = Field(None, description="What the agency should know, in the person's words.")
    send: bool = True
    back: Back = None


class NewSetback(BaseModel):
    """Something got hard. Only the person says so."""

    model_config = STRICT

    id: UUID | None = None
    words: Lines | None = None
    pace: Pace = Pace.TODAY
    concern: UUID | None = Field(None, description="The worry of somebody else that the person makes their own.")
    back: Back = None


class NewConcern(BaseModel):
    """A worry about somebody, told to their named worker alone."""

    model_config = STRICT

    id: UUID | None = None
    person: UUID
    words: Lines
    back: Back = None


class NewPromise(BaseModel):
    """What staff say that they will do, by when."""

    model_config = STRICT

    id: UUID | None = None
    person: UUID
    words: Lines = Field(description="Begins with “I will”.")
    due: datetime = Field(description="A moment with its time zone.")
    mends: UUID | None = Field(None, description="The broken promise that this one mends.")
    back: Back = None


@cache
def body_of(kind: str, verb: str) -> type[Base]:
    """The model of what can be sent with `verb`."""
    concept = CONCEPTS[kind]
    hints = get_type_hints(concept.commands[verb])
    asked = {
        field.name: _asked(hints[field.name], field)
        for field in dataclasses.fields(concept.commands[verb])
        if field.name != "today"
    }
    name = "".join(part.capitalize() for part in f"{kind}_{verb}".split("_"))
    return create_model(name, __base__=Base, __doc__=f"{concept.workflow.verbs[verb]}.", **asked)


def _asked(hint: Any, field: dataclasses.Field[Any]) -> Any:
    """The model's field for one field of a command: its type and its default."""
    if field.name in SPECIAL:
        return SPECIAL[field.name]
    optional = NoneType in get_args(hint)
    kinds = {kind for kind in (hint, *get_args(hint)) if kind in KNOWN}
    if kinds:
        known, says = KNOWN[kinds.pop()]
        return (known | None, Field(None, description=says)) if optional else (known, Field(description=says))
    return (hint, ... if field.default is dataclasses.MISSING else field.default)


SPECIAL: Mapping[str, Any] = {
    "goals": (tuple[GoalBody, ...], Field(max_length=MOST_GOALS)),
    "steps": (tuple[StepBody, ...], Field((), max_length=MOST_STEPS)),
    "loads": (tuple[Load, ...], Field(max_length=len(Load))),
    "position": (int, Field(ge=1, le=100_000, description="The place in line, from 1.")),
    "words": (Lines | None, Field(None, description="In words; kept sealed, and in no event.")),
    "next_time": (Lines | None, Field(None, description="In the person's words; kept sealed.")),
    "next_referral": (UUID | None, Field(None, description="The id that the referral to it will have.")),
}
KNOWN: Mapping[Any, tuple[Any, str]] = {
    Consent: (UUID, "The consent under which this agency may be told."),
    Onward: (UUID, "A program."),
}
