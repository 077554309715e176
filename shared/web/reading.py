"""How hard a text is to read: Flesch-Kincaid with syllables counted by rule, so the check needs no word list.

The person's page is written for grade six; a test reads its templates through `template_text` and holds them to it.
"""

import html
import re

GRADE = 6.0
SENTENCE = re.compile(r"[.!?:]+[\s”’)]*(?:\s|$)|\n")
_WORD = re.compile(r"[A-Za-z]+(?:[’'][A-Za-z]+)?|\d[\d:,.]*")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^laeiouy]es|[^dtaeiouy]ed|[^laeiouy]e)$")
_BLOCKS = re.compile(r"</?(?:p|h[1-6]|li|ul|ol|dl|dt|dd|div|section|label|legend|button|a|summary|td|th|tr|br)\b[^>]*>")


def syllables(word: str) -> int:
    """By groups of vowels, less a silent e: "made" 1, "needed" 2, "table" 2. A number is read as one."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    if not letters:
        return 1
    groups = len(_VOWELS.findall(letters))
    if groups > 1 and _SILENT.search(letters):
        groups -= 1
    return max(1, groups)


def sentences(text: str) -> list[str]:
    """Headings, buttons and list items end with their line, so each counts as one."""
    return [part.strip() for part in SENTENCE.split(text) if _WORD.search(part)]


def grade(text: str) -> float:
    """The American school grade that reads it with ease (Kincaid 1975); 0 for no text."""
    lines = sentences(text)
    words = [word for line in lines for word in _WORD.findall(line)]
    if not words:
        return 0.0
    return 0.39 * len(words) / len(lines) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def longest(text: str) -> str:
    """The sentence of most words: the first to shorten."""
    return max(sentences(text), key=lambda line: len(_WORD.findall(line)), default="")


def template_text(source: str) -> str:
    """What a reader sees of a template: markup and statements gone, the literal words inside expressions kept."""
    text = re.sub(r"\{#.*?#\}|<(script|style|svg)\b.*?</\1>", " ", source, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}", "\n", text, flags=re.DOTALL)
    text = re.sub(r"\{\{(.*?)\}\}", _literals, text, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", _BLOCKS.sub("\n", text))
    return html.unescape(re.sub(r"[ \t]+", " ", text))


def _literals(expression: re.Match[str]) -> str:
    """The sentences handed to a macro: `ui.field(form, "who", "Write to Dana")` shows its third, not its second. A
    literal with a space or a capital is for a reader; an id or a key is neither."""
    found = re.findall(r'"([^"]*)"', expression[1])
    shown = [words for words in found if " " in words or words[:1].isupper()]
    return "\n" + "\n".join(shown) + "\n" if shown else " it "
