"""Whether two records may be of one person: what they are compared by, and how much each agreement counts.

A small model of Fellegi and Sunter's kind. A reason counts in doublings: the odds that two records are of one person
double with each point. Nothing here says that they are: only the person can (decision 29).
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import combinations
from types import MappingProxyType

from services.intake.names import words_of
from shared.contracts.codes import Coded
from shared.runtime.errors import Invalid

WORDS = 5  # of a name; ten pairs of them
EARLIEST = 1900  # of a year of birth


class Sign(StrEnum):
    """What is kept of somebody as a blind index, to be compared with others of one agency."""

    NAME = "name"  # two words of the name
    SOUND = "sound"  # the same two as they sound
    WORD = "word"  # one word as it sounds
    DATE = "date"  # of birth
    YEAR = "year"
    DATED = "dated"  # one word as it sounds, with the date
    AGED = "aged"  # with the year
    CONTACT = "contact"


FINDS = frozenset({Sign.NAME, Sign.SOUND, Sign.DATED, Sign.AGED, Sign.CONTACT})
"""Signs by which somebody is looked up. The others are shared by too many, and only weigh."""
MOST = 50  # who share one sign in an agency; a sign that more share tells nobody from anybody


class Reason(Coded):
    """Why two records look alike, or do not, in the words of the page."""

    TWO_NAMES = "two_names", "Two of their names are the same.", "By chance about one pair in 65,000."
    TWO_SOUNDS = "two_sounds", "Two of their names sound the same.", "By chance about one pair in 8,000."
    ONE_SOUND = "one_sound", "One of their names sounds the same.", "By chance about one pair in 16."
    NO_NAME = "no_name", "No name is the same.", "It happens: a name after a wedding, a nickname, a new name."
    SAME_DATE = "same_date", "The same date of birth.", "By chance about one pair in 16,000."
    SAME_YEAR = "same_year", "The same year of birth.", "By chance about one pair in 32."
    OTHER_YEAR = "other_year", "Another year of birth.", "Or one was written down wrong."
    SAME_CONTACT = "same_contact", "The same number or address.", "Families and shelters share them."


# Doublings. Of agreement: log2 of how often one person's two records agree, over how often two people's do by chance
# (the shares of a name in a city's list, 365 days of 40 years, phones that a household shares), rounded down, since
# here nobody counted either. Of disagreement: as often as people's own records differ.
POINTS: Mapping[Reason, int] = MappingProxyType({
    Reason.TWO_NAMES: 16, Reason.TWO_SOUNDS: 13, Reason.ONE_SOUND: 4, Reason.NO_NAME: -3,
    Reason.SAME_DATE: 14, Reason.SAME_YEAR: 5, Reason.OTHER_YEAR: -6, Reason.SAME_CONTACT: 11,
})  # fmt: skip
POSSIBLE = 14  # one in four, where one record of fifty in an agency of 2,000 is a second one
LIKELY = 20  # sixteen to one there


@dataclass(frozen=True, slots=True)
class Likeness:
    reasons: tuple[Reason, ...]

    @property
    def points(self) -> int:
        return sum(POINTS[reason] for reason in self.reasons)

    @property
    def is_possible(self) -> bool:
        return self.points >= POSSIBLE

    @property
    def says(self) -> str:
        if self.points >= LIKELY:
            return "They look like one person"
        return "They may be one person" if self.is_possible else "They do not look like one person"


def signs_of(name: str, born: str | None, contact: str | None) -> set[tuple[Sign, str]]:
    """All that somebody is compared by. Where they gave no birth and no contact, their name is all there is."""
    words = sorted(dict.fromkeys(words_of(name)))[:WORDS]
    sounds = sorted({sound_of(word) for word in words})
    found = {(Sign.NAME, f"{one} {two}") for one, two in combinations(words, 2)}
    found |= {(Sign.SOUND, f"{one} {two}") for one, two in combinations(sounds, 2)}
    found |= {(Sign.WORD, sound) for sound in sounds}
    if born:
        found.add((Sign.YEAR, born[:4]))
        found |= {(Sign.AGED, f"{sound} {born[:4]}") for sound in sounds}
    if born and len(born) > len("1984"):
        found.add((Sign.DATE, born))
        found |= {(Sign.DATED, f"{sound} {born}") for sound in sounds}
    if contact and (plain := plain_contact(contact)):
        found.add((Sign.CONTACT, plain))
    return found


def weigh(agree: Collection[Sign], ours: Collection[Sign], theirs: Collection[Sign]) -> Likeness:
    """`agree`: the signs that two records share; `ours` and `theirs`: those that each has, so that what somebody did
    not give counts neither for nor against."""
    name = next((why for sign, why in NAMES if sign in agree), Reason.NO_NAME)
    both = set(ours) & set(theirs)
    reasons = [name]
    if Sign.DATE in agree:
        reasons.append(Reason.SAME_DATE)
    elif Sign.YEAR in agree:
        reasons.append(Reason.SAME_YEAR)
    elif Sign.YEAR in both:
        reasons.append(Reason.OTHER_YEAR)
    if Sign.CONTACT in agree:
        reasons.append(Reason.SAME_CONTACT)
    return Likeness(tuple(reasons))


NAMES = ((Sign.NAME, Reason.TWO_NAMES), (Sign.SOUND, Reason.TWO_SOUNDS), (Sign.WORD, Reason.ONE_SOUND))

# How a word sounds to whoever writes it down by ear, in English or Spanish: Yesenia, Jessenia and Llesenia are one.
_BY_EAR = tuple((re.compile(written), heard) for written, heard in (
    ("ph", "f"), ("ght", "t"), ("ck|qu", "k"), ("ch", "x"), ("ll|j", "y"), ("g(?=[ei])", "y"), ("c(?=[eiy])|z", "s"),
    ("c|q", "k"), ("v", "b"), ("h", ""), (r"(?<=.)[aeiouwy](?!$)", ""), (r"(?<=..)[aeiouwy]$", ""), (r"(.)\1+", r"\1"),
))  # fmt: skip


def sound_of(word: str) -> str:
    """Consonants as they sound, and the first letter; a word of which too little is left stands for itself."""
    sound = word
    for written, heard in _BY_EAR:
        sound = written.sub(heard, sound)
    return sound if len(sound) > 1 else word


def plain_contact(contact: str) -> str:
    """An address in small letters; of a number the last ten digits, however it was written."""
    if "@" in contact:
        return contact.strip().casefold()
    return "".join(filter(str.isdecimal, contact))[-10:]


def born(typed: str, today: date) -> str:
    """`1984`, or `1984-05-03`. Raises Invalid for what can't be somebody's."""
    typed = typed.strip()
    try:
        day = date(int(typed), 1, 1) if re.fullmatch(r"[0-9]{4}", typed) else date.fromisoformat(typed)
    except ValueError:
        raise Invalid("born", "Write a year, such as 1984, or a date, such as 1984-05-03. Or leave it empty.") from None
    if not day.year >= EARLIEST or day > today:
        raise Invalid("born", f"Write a year from {EARLIEST} on, and no day that is still to come.")
    return typed if len(typed) == len("1984") else day.isoformat()


def best(found: Iterable[tuple[object, Likeness]]) -> object | None:
    """The one who looks most alike; None where nobody does, or two do as much: then nobody is asked."""
    ranked = sorted(((like.points, who) for who, like in found if like.is_possible), key=lambda one: -one[0])
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]
