"""The kinds of fields that intake's commands are made of. Commands are held to codes that have words here."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from services.intake.directory_words import PAPERS
from services.intake.words import CATEGORIES, WAYS
from shared.contracts.kinds import NEEDS, ONE_LINE
from shared.runtime.letters import readable
from shared.runtime.zones import known_zone

# Paragraphs. Postgres takes no NUL, and nobody types the other control characters.
TEXT = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]*$"

LONGEST_NAME = 120
_Readable = AfterValidator(readable)
Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=ONE_LINE), _Readable
]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=8000, pattern=TEXT), _Readable]
Told = Annotated[  # an answer: short enough that a whole sitting fits into one event
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1500, pattern=TEXT), _Readable
]
Called = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME, pattern=ONE_LINE), _Readable
]


def one_of(codes: Iterable[str], what: str) -> AfterValidator:
    known = tuple(codes)

    def check(code: str) -> str:
        if code not in known:
            raise ValueError(f"That is not {what} we know. Known are: {', '.join(known)}.")
        return code

    return AfterValidator(check)


def _address(text: str) -> str:
    if not text.startswith(("https://", "http://")):
        raise ValueError("A web address starts with https:// or http://.")
    return text


Zone = Annotated[str, AfterValidator(known_zone)]
Website = Annotated[Line, AfterValidator(_address)]
Need = Annotated[str, one_of(NEEDS, "a need")]
Category = Annotated[str, one_of(CATEGORIES, "a category")]
Document = Annotated[str, one_of(PAPERS, "a document")]
WayToReach = Annotated[str, one_of(WAYS, "a way")]
