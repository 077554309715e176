"""How easy a Spanish text is to read: Szigriszt's perspicuity on the INFLESZ scale, syllables counted by rule.

English has its grade (reading.py). 65 and more is "rather easy": what primary school pupils read.
"""

import re

from shared.web.reading import SENTENCE

EASE = 65.0
_WORD = re.compile(r"[a-záéíóúüñ]+|\d[\d:,.]*")
# One syllable a nucleus: two open vowels, and a closed one with an accent, stand apart; ui, ue, ie, ua go together.
_NUCLEUS = re.compile(r"[iuü]?[aeoáéó](?:[iu]|y(?![aeiouáéíóú]))?|[íú]|[iuü]{1,2}y?|y(?![aeiouáéíóú])")


def syllables(word: str) -> int:
    """ "casa" 2, "quiere" 2, "día" 2, "leer" 2. A number is read as one."""
    letters = re.sub(r"qu(?=[eiéí])", "q", re.sub(r"gu(?=[eiéí])", "g", word.lower()))
    return max(1, len(_NUCLEUS.findall(letters)))


def ease(text: str) -> float:
    """206.835 - 62.3 syllables/words - words/sentences; 100 for no text."""
    lines = [line for line in SENTENCE.split(text) if _WORD.search(line.lower())]
    words = [word for line in lines for word in _WORD.findall(line.lower())]
    if not words:
        return 100.0
    return 206.835 - 62.3 * sum(map(syllables, words)) / len(words) - len(words) / len(lines)
