"""In which compartment each field of an event lies, who opens which, and what stays in clear.

What is said of a person travels sealed, one part a compartment, each under a key of its own, so that a service reads
what its work needs and no more. A field lies in `facts` unless it is declared otherwise where it stands:
`due: Annotated[date, In(Compartment.PLAN)]`. Types with `in_clear`, and facts of no person, are not sealed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from uuid import UUID

from shared.contracts.events import Event


class Compartment(StrEnum):
    """What a key opens. Each service is given only those its work needs."""

    IDENTITY = "identity"  # names
    STAFF = "staff"  # names of workers: theirs, and no person's
    CONTACT = "contact"  # how to reach somebody
    PLAN = "plan"  # goals and steps in their words
    REFERRAL = "referral"  # what was told to and by a program
    SETBACK = "setback"  # what got hard
    HEALTH = "health"  # what can tell of health, of use, of supervision
    MESSAGE = "message"
    FACTS = "facts"  # coded facts


ALL = frozenset({Compartment.FACTS, Compartment.STAFF})  # every service counts, and says who works here
OPENS: Mapping[str, frozenset[Compartment]] = {
    "intake": ALL | {Compartment.IDENTITY, Compartment.CONTACT, Compartment.HEALTH},
    "caseplan": ALL | {Compartment.HEALTH, Compartment.PLAN, Compartment.REFERRAL, Compartment.SETBACK},
    "notifications": ALL | {Compartment.CONTACT, Compartment.MESSAGE, Compartment.HEALTH},
    "reporting": ALL,
}
"""The compartments whose keys a service is given; the key store's own table says the same and enforces it."""


@dataclass(frozen=True, slots=True)
class In:
    """Where a field of an event lies, as a mark of its annotation."""

    compartment: Compartment


@cache
def fields_in(kind: type[Event]) -> Mapping[Compartment, frozenset[str]]:
    """The fields of a type by compartment, `facts` first; each lies in exactly one."""
    found: dict[Compartment, set[str]] = {Compartment.FACTS: set()}
    for name, field in kind.model_fields.items():
        marks = [mark.compartment for mark in field.metadata if isinstance(mark, In)]
        if len(marks) > 1:
            raise TypeError(f"{kind.type}: {name} lies in one compartment, not in {len(marks)}")
        found.setdefault(marks[0] if marks else Compartment.FACTS, set()).add(name)
    return {compartment: frozenset(names) for compartment, names in found.items()}


def is_about_a_person(kind: type[Event]) -> bool:
    """Whether its facts are sealed wherever they name the person."""
    return "person" in kind.model_fields and not kind.in_clear


def person_of(event: Event) -> UUID | None:
    """Whose key closes it; None for what stays in clear."""
    return getattr(event, "person", None) if is_about_a_person(type(event)) else None


@cache
def hidden_from(kind: type[Event], opened: frozenset[Compartment]) -> frozenset[str]:
    """The fields that somebody does not read who opens only these compartments."""
    return frozenset(name for part, names in fields_in(kind).items() if part not in opened for name in names)
