"""The kinds of fields that events are made of: codes, references, lines of public text.

Codes stay open: `Known` names today's values for writers and documents, and readers accept any other code, so that
a new reason or category breaks no older reader. What must stay closed is a `Literal`, and never changes.
"""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from shared.contracts.codes import CODE
from shared.contracts.envelope import LONGEST_TEXT


@dataclass(frozen=True, init=False)
class Known:
    """`Annotated[str, Known("sms", "voice")]`: any code, of which these have a meaning today.

    In JSON Schema the values stand under `x-known-values`, not `enum`: whoever reads must have an else.
    """

    values: tuple[str, ...]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", values)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.str_schema(pattern=CODE)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "x-known-values": list(self.values)}


class Part(BaseModel):
    """A part of an event's data with fields of its own. Like the event, it ignores fields it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


CLEAN = r"^[^\u0000-\u001f\u007f-\u009f]+$"  # as the codec reads attributes: what it lets through can be named
ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"  # a line of a log, a cell of a table; Postgres takes no NUL

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=ONE_LINE)]
"""One line of public text. For agencies and programs only: what concerns a person is ids and codes."""

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"), Field(examples=["en"])]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?$"), Field(examples=["k7m2q9"])]
Reference = Annotated[str, StringConstraints(pattern=r"^[a-z]-[a-z0-9]{4,40}$"), Field(examples=["r-4t8w1"])]
Key = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=CLEAN)]
Number = Annotated[int, Field(ge=1, le=2**63 - 1)]
Epoch = Annotated[int, Field(ge=0, le=2**31 - 1)]
Service = Annotated[str, Known("intake", "caseplan", "notifications", "reporting")]
ServiceField = Annotated[Service, Field(description="The service that says this, and whose topic it stands on.")]

# What travels in more than one family, described once.
AgencyId = Annotated[UUID, Field(description="The agency.")]
PersonId = Annotated[UUID, Field(description="The person, by id only.")]
WorkerId = Annotated[UUID, Field(description="A worker, by id only.")]

# What somebody may need, and what a program may help with; shared/web/needs.py has the words people read.
NEEDS = (
    "documents",
    "transport",
    "food",
    "phone",
    "housing",
    "work",
    "education",
    "money",
    "family",
    "legal",
    "mentoring",
    "community",
    "health",
    "mental_health",
    "substance_use",
)
Need = Annotated[str, Known(*NEEDS)]
Category = Annotated[
    str,
    Known(
        "referral",
        "setback",
        "plan",
        "promise",
        "contact",
        "portrait",
        "needs",
        "health",
        "mental_health",
        "substance_use",
        "supervision",
    ),
]
Channel = Annotated[str, Known("sms", "voice", "post", "in_person", "page", "web", "mail")]
