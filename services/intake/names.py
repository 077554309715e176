"""Names as they are sought: words without accents and case, found by how they begin.

What is kept of a name is an HMAC of each word and of its beginnings, three letters or more; a shorter word is found
whole.
"""

import re
from collections.abc import Iterable, Sequence
from unicodedata import combining, normalize

SHORTEST = 3  # letters that find a longer word
LONGEST = 12  # letters of a word that count; names that go on beyond differ before
WORDS = 12  # of a name
WITHIN = re.compile(r"['’ʼʻ`´]")  # O'Brien is sought as obrien, and as brien
WORD = re.compile(r"[^\W_]+")
PLAIN = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})


def words_of(text: str) -> list[str]:
    """`["maria", "jose"]` for `María  José`: as much of them as is sought by."""
    return [word[:LONGEST] for word in whole_words_of(text)][:WORDS]


def whole_words_of(text: str) -> list[str]:
    """All of them to their last letter: where two names that begin alike are two."""
    folded = normalize("NFKD", text.casefold()).translate(PLAIN)
    bare = "".join(letter for letter in folded if not combining(letter))
    return WORD.findall(WITHIN.sub("", bare))


def parts_of(name: str) -> set[str]:
    """All that finds somebody of that name."""
    return {word[:length] for word in _known_words(name) for length in (*range(SHORTEST, len(word)), len(word))}


def looked_up(sought: Sequence[str]) -> list[str]:
    """Which of the words that somebody typed are looked up; short ones only where there is no better."""
    return sorted({word for word in sought if len(word) >= SHORTEST} or set(sought))


def fits(name: str, sought: Iterable[str]) -> bool:
    """Whether each word that was typed begins one of the name."""
    known = _known_words(name)
    return all(any(word.startswith(typed) for word in known) for typed in sought)


def _known_words(name: str) -> set[str]:
    return {*words_of(name), *words_of(WITHIN.sub(" ", name))}
