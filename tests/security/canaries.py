"""Canary values: words that stand nowhere by chance. Each is planted through one field of one form, and found anywhere.

What is told of a person is to be found nowhere in clear. What an agency says of itself is public and its topics say it;
what a stranger put into a topic stays there. These have canaries of their own, so that one search fits all places.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

from tests.security.burglary import in_base64

PRIVATE, PUBLIC, SIGN_IN, STRANGERS = "zzcanarynightjar", "zzpublicheron", "zzsigninwren", "zzstrangerook"
MARKUP = """"><canary-tag hx-get='/canary'>{{ 7 * 7 }}"""  # short enough for every name
STEMS = (PRIVATE, PUBLIC, SIGN_IN, STRANGERS)
PHONE = ("555 017 1", "+15550171")  # and three more digits, as it is typed and as it could be kept

_numbers, _phones = count(1000), count(100)


def _ways(text: bytes) -> list[bytes]:
    return [text, text.hex().encode(), *in_base64(text)]


_SOUGHT = [(stem, way.lower()) for stem in (*STEMS, *PHONE) for way in _ways(stem.encode())]


def words(stem: str = PRIVATE) -> str:
    return f"{stem}{next(_numbers)}"


def marked(stem: str = PRIVATE) -> str:
    """A canary, and what would live if a page took it for more than words."""
    return words(stem) + MARKUP


def phone() -> str:
    return f"+1 555 017 1{next(_phones)}"


def mail() -> str:
    return f"{words()}@example.org"


def in_text(text: str) -> list[str]:
    """The canaries that stand in it as they were typed."""
    return re.findall(rf"(?:{'|'.join(STEMS)})\d+|555 017 1\d{{3}}", text, re.IGNORECASE)


def found_in(content: bytes, allowed: Iterable[str] = ()) -> list[str]:
    """What stands there in clear, in hex or in base64, with what stands around it."""
    lower, found = content.lower(), []
    for stem, way in _SOUGHT:
        at = -1 if stem in allowed else lower.find(way)
        if at >= 0:
            found.append(content[max(0, at - 120) : at + 120].decode("utf-8", "replace"))
    return found


def leaves(body: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of a body, by its field: `goals.#.words`, whichever goal it is."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield from leaves(value, f"{place}.{nameless(name)}")
    elif isinstance(body, list | tuple):
        for value in body:
            yield from leaves(value, f"{place}.#")
    else:
        yield place.lstrip("."), body


def nameless(field: str) -> str:
    """`goal-#` for the third goal's field."""
    return re.sub(r"(?<=[-.])\d+(?=[-.]|$)", "#", field)
