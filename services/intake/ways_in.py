"""A person's way in: a link that a worker hands out, and a PIN that they choose. A second PIN opens the harmless view.

The link alone opens nothing, and neither does a telephone: before there is a PIN, a link that went by text asks for a
word that the worker told them. Which of the two PINs it was is decided here, and looked at by nobody else.
"""

import re
import secrets
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Literal
from uuid import UUID

from shared.runtime.errors import Invalid

DIGITS = 6
CHOOSE_WITHIN = timedelta(days=7)
CODE = 10  # bytes in a link: 80 bits, so a plain hash keeps it
WORD_DIGITS = 4
WRONG_WORDS = 10  # of a link; a week of tries at the door's own pace would find one of fourteen

# How a worker knew who stood before them. What kind of paper it was, and its number, is written down nowhere.
Check = Literal["known", "photo", "answers", "vouched"]
CHECKS: Mapping[str, str] = {
    "known": "I know them, and they are here",
    "photo": "They showed a paper with their photo",
    "answers": "They told me what only they know of their own record",
    "vouched": "A colleague who knows them was with us",
}

EASY = (
    "That one is easy to guess. Use six numbers that are no date and no row, such as 123.",
    "Ese es fácil de adivinar. Use seis números que no sean una fecha ni una fila, como 123.",
)
_YEAR = re.compile(r"^(19|20)\d\d|(19|20)\d\d$")


@dataclass(frozen=True, slots=True)
class WayIn:
    """Both are None until they have chosen the first; `asks_word`: only who was told the word may choose it."""

    person: UUID
    pin: str | None
    second: str | None
    may_choose: bool = False
    asks_word: bool = False


def new_code() -> str:
    """Small letters and figures, so that it can be read out and typed."""
    return b32encode(secrets.token_bytes(CODE)).decode().lower()


def new_word() -> str:
    return f"{secrets.randbelow(10**WORD_DIGITS):0{WORD_DIGITS}}"


def check_new_pin(pin: str, *others: str, field: str = "new") -> str:
    """`pin`, or Invalid at `field`. `others`: what it may not be, as far as whoever asks has typed it."""
    if not (len(pin) == DIGITS and pin.isascii() and pin.isdecimal()):
        raise Invalid(field, "Use six numbers.", "Use seis números.")
    if pin in others:
        raise Invalid(field, "Choose one that you do not use yet.", "Escoja uno que todavía no use.")
    if _is_row(pin) or _YEAR.search(pin) or _is_date(pin):
        raise Invalid(field, *EASY)
    return pin


def opens(pin: bool, second: bool) -> Literal["whole", "harmless"] | None:
    """What somebody sees whose number was right as the one or the other."""
    if pin:
        return "whole"
    return "harmless" if second else None


def _is_row(pin: str) -> bool:
    """000000, 121212, 123123, 112244, 123456, 987654 and their like."""
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    pairs = pin[::2] == pin[1::2]
    return len(steps) == 1 or len(set(pin)) < 3 or pairs or pin[:3] == pin[3:]


def _is_date(pin: str) -> bool:
    """A day, month and year of two figures each, in any of the orders in which people write them."""
    a, b, c = (int(pin[at : at + 2]) for at in (0, 2, 4))
    return any(1 <= month <= 12 and 1 <= day <= 31 for month, day in ((a, b), (b, a), (b, c)))
