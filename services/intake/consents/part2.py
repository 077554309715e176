"""Records of care for drug or alcohol use: to whom they may be told, and by what kind of yes (42 CFR 2.31 and 2.33).

Whoever treats the person may be named at intake. Anybody else who is named hears of it only by a yes that was given
alone, on the person's own page or by their hand. A spoken yes is no signature, so it is never enough here.
"""

from collections.abc import Collection
from enum import StrEnum, auto

from services.intake.consents.state import Terms

PROTECTED = "substance_use"
CARE = frozenset({"health", "mental_health", "substance_use"})  # a program for one of these treats people


class Obstacle(StrEnum):
    UNSIGNED = auto()
    NOT_TREATING = auto()


def treats(needs: Collection[str]) -> bool:
    """Whether an agency that offers programs for these needs treats people."""
    return not CARE.isdisjoint(needs)


def obstacle(terms: Terms, *, treating: bool, signed: bool, in_private: bool) -> Obstacle | None:
    """What stands in the way of a yes to these terms; nothing where they name no such records."""
    if PROTECTED not in terms.categories:
        return None
    if not signed:
        return Obstacle.UNSIGNED
    if not treating and not in_private:
        return Obstacle.NOT_TREATING
    return None
