"""Text of others, made fit to be kept: no control characters, and an end."""

import re

LONGEST_LINE, LONGEST_TEXT = 300, 8000
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


def line(given: str) -> str:
    """One line of text: no control characters, single spaces, cut where it is endless."""
    plain = " ".join(CONTROL.sub(" ", given).split())
    return plain if len(plain) <= LONGEST_LINE else plain[: LONGEST_LINE - 1] + "…"


def text(given: str) -> str | None:
    plain = CONTROL.sub(" ", given.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if len(plain) > LONGEST_TEXT:
        plain = plain[: LONGEST_TEXT - 1] + "…"
    return plain or None
