"""What a person reads before a yes, as one text: on the page, sealed with their yes, and in their copy.

The elements of 42 CFR 2.31 are its parts. The page is drawn from the same text that is kept, so nobody signs what they
did not see; `seen` is a short mark of what stood there before anything was chosen, and a page whose mark no longer fits
is shown again.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from hashlib import sha256
from typing import Self

from services.intake.consents import Terms
from services.intake.consents.part2 import PROTECTED
from services.intake.says_consent import TEXT, VERSION
from services.intake.words import CATEGORIES
from shared.web import say
from shared.web.words import Lang

BEFORE = ("who", "first")  # what stands before the choice
AFTER = ("why", "stop", "no", "sign")


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and its lines; `strong` are those that count against the person."""

    name: str
    head: str
    lines: tuple[str, ...]
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Text:
    lang: Lang
    version: str
    title: str
    lead: str
    parts: tuple[Part, ...]

    def of(self, names: Sequence[str]) -> list[Part]:
        return [part for part in self.parts if part.name in names]

    @property
    def seen(self) -> str:
        """A mark of all that does not depend on what is chosen."""
        return sha256(self.as_json().encode()).hexdigest()[:20]

    def as_json(self) -> str:
        parts = [{**asdict(part), "strong": sorted(part.strong)} for part in self.parts]
        return json.dumps({**asdict(self), "parts": parts}, ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, kept: str) -> Self:
        found = json.loads(kept)
        parts = [
            Part(part["name"], part["head"], tuple(part["lines"]), frozenset(part["strong"])) for part in found["parts"]
        ]
        return cls(found["lang"], found["version"], found["title"], found["lead"], tuple(parts))


@dataclass(frozen=True, slots=True)
class Parties:
    """Whom the text names. `offices`: what the recipient passes on, and whether that counts as yes."""

    name: str
    discloser: str
    recipient: str
    offices: tuple[tuple[str, bool], ...]


def before_choice(parties: Parties, purpose: str, lang: Lang, *, is_own: bool) -> Text:
    """All that is the same whatever they choose."""
    says = {key: words.format_map(_Names(parties)) for key, words in TEXT[lang].items()}
    lines = tuple(line for line, _ in parties.offices)
    strong = frozenset(place for place, (_, counts) in enumerate(parties.offices) if counts)
    parts = (
        Part("who", says["who"], (says["about"], says["tells"])),
        Part("first", says["first"], (*lines, says["told_on"]), strong),
        Part("why", says["why"], (says[purpose],)),
        Part("stop", says["stop"], (says["stop_ways"], says["stop_then"])),
        Part("no", says["no"], (says["no_cost"],)),
        Part("sign", says["sign"], (says["sign_page" if is_own else "sign_here"],)),
    )
    return Text(lang, VERSION, says["title"], says["lead"], parts)


def chosen(text: Text, terms: Terms, confirm_by: date | None) -> Text:
    """The whole of it, with what they chose."""
    says = TEXT[text.lang]
    codes = [code for code in CATEGORIES if code in terms.categories]
    what = tuple(say.sentence(CATEGORIES[code].in_lang(text.lang)) + "." for code in codes)
    until = [says["last_day"].format(day=dated(terms.expires_on, text.lang)), says["by_itself"]]
    if confirm_by and confirm_by < terms.expires_on:
        until.append(says["at_intake"].format(day=dated(confirm_by, text.lang)))
    guarded = (says["guarded"],) if PROTECTED in terms.categories else ()
    parts = (
        *text.of(BEFORE),
        Part("what", says["what"], (*what, *guarded)),
        Part("until", says["until"], tuple(until)),
        *text.of(AFTER),
    )
    return replace(text, parts=parts)


def dated(day: date, lang: Lang) -> str:
    """With its year: it is read for as long as it is kept."""
    return f"{say.on_paper(day, lang)}{' de ' if lang == 'es' else ', '}{day.year}"


class _Names(dict[str, str]):
    """Agencies' names and theirs; what a later step fills stays as it is."""

    def __init__(self, parties: Parties) -> None:
        super().__init__(name=parties.name, discloser=parties.discloser, recipient=parties.recipient)

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"
