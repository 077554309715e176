"""docs/practices.md is held against the house: what a row names is there, and the front door lacks no practice."""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from shared.contracts.events import EVENTS
from shared.security.table import TABLE

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "practices.md").read_text(encoding="utf-8")
FILE = re.compile(r"`([\w/.-]+\.(?:py|html|sql|js|md))`")
QUOTED = re.compile(r"`([\w.]+)`")
FACT = re.compile(r"[a-z]+\.[a-z_]+")
# As the field's texts call what they ask of a first contact, of consent and of being open about who sees what.
FRONT_DOOR = (
    "Trust the person first",
    "Trust is slow",
    "On time",
    "Honest about our limits",
    "Admit mistakes",
    "Trauma-informed",
    "Be curious",
    "See skills",
    "Accept feelings and decisions",
    "Driver's seat",
    "Inform options",
    "Cultural competence",
    "Transparency",
    "Safe space",
    "Intersectionality",
    "Second-chance programs",
    "Needs in every domain",
    "Substance treatment",
    "Self-sufficiency",
    "Release-window support",
    "Person, not",
)


class Row(NamedTuple):
    practice: str
    code: str
    event: str
    measure: str
    test: str


LINES = [line for line in TEXT.splitlines() if line.startswith("| ") and not line.startswith("| practice")]
ROWS = [pytest.param(line, id=line[2:40]) for line in LINES]


def cells(line: str) -> Row:
    return Row(*line.strip("| ").split(" | "))


def found(cell: str, *rooms: str) -> list[Path]:
    """The files that a cell names. Raises StopIteration for one that is in none of these rooms."""
    return [next(ROOT / room / name for room in rooms if (ROOT / room / name).is_file()) for name in FILE.findall(cell)]


def read(paths: list[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


@pytest.mark.parametrize("line", ROWS)
def test_the_code_of_a_row_is_there(line):
    code = cells(line).code
    text = read(found(code, "services/intake", ""))
    assert text
    assert [word for word in QUOTED.findall(FILE.sub("", code)) if not re.search(rf"\b{word}\b", text)] == []


@pytest.mark.parametrize("line", ROWS)
def test_the_tests_of_a_row_are_there(line):
    test = cells(line).test
    text = read(found(test, "tests"))
    assert text
    assert [name for name in QUOTED.findall(FILE.sub("", test)) if f"def {name}(" not in text] == []


@pytest.mark.parametrize("line", ROWS)
def test_the_event_of_a_row_is_there_or_it_says_that_there_is_none(line):
    said = cells(line).event
    facts = [name for name in QUOTED.findall(said) if FACT.fullmatch(name)]
    events = [EVENTS[f"throughcare.{name}.v1"] for name in facts if name not in TABLE]
    assert events or said.startswith("none")
    fields = "".join(str(event.model_json_schema()) for event in events)
    assert [name for name in QUOTED.findall(said) if name not in facts and f"'{name}'" not in fields] == []


@pytest.mark.parametrize("line", ROWS)
def test_a_row_says_what_is_counted(line):
    assert cells(line).measure


@pytest.mark.parametrize("practice", FRONT_DOOR)
def test_what_the_field_asks_of_a_front_door_has_a_row(practice):
    assert any(cells(line).practice.startswith(practice) for line in LINES)
