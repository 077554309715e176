"""What a letter may carry: marks stand on letters, and a tower of them stands on everything around it.

At most thirty follow one letter, as in Unicode's own Stream-Safe Text Format (UAX #15); no language needs ten.
"""

from unicodedata import category

MOST_MARKS = 30


class Unreadable(ValueError):
    """What somebody typed can't be shown as it is; `es` says what to do in Spanish."""

    def __init__(self, message: str, es: str) -> None:
        super().__init__(message)
        self.es = es


def readable(text: str) -> str:
    """The same text. Unreadable where a letter carries more marks than anybody could read."""
    if len(text) > MOST_MARKS and not text.isascii() and most_marks(text) > MOST_MARKS:
        raise Unreadable(
            "There are too many accents on one letter. Type it again with fewer.",
            "Hay demasiados acentos en una letra. Escríbalo otra vez con menos.",
        )
    return text


def most_marks(text: str) -> int:
    """On its most laden letter. What joins letters and is seen by nobody is none, so it parts no tower in two."""
    most = here = 0
    for sign in text:
        kind = category(sign)
        if kind[0] == "M":
            here += 1
            most = max(most, here)
        elif kind != "Cf":
            here = 0
    return most
