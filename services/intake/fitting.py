"""Why a program fits what was asked, and whether there is room: in words, each with the day on which it was said.

Pure. Nothing here ranks an agency or a person: what was asked is held beside what was said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from services.intake.directory import ProgramEntry, room_is_old
from services.intake.directory_words import PAGE, RECORDS, WHY, language_name
from shared.web import say
from shared.web.needs import need
from shared.web.words import Lang


@dataclass(frozen=True, slots=True)
class Looked:
    """What somebody looks for, as far as a program can answer it. `near`: the postcode that they typed."""

    words: str = ""
    need: str = ""
    language: str = ""
    record: str = ""
    age: int | None = None
    no_papers: bool = False
    near: str = ""


def reasons(looked: Looked, entry: ProgramEntry, miles: float | None, lang: Lang) -> list[str]:
    """One sentence for each thing that was asked, in the order in which it matters."""
    return list(_reasons(looked, entry, miles, lang))


def _reasons(looked: Looked, entry: ProgramEntry, miles: float | None, lang: Lang) -> Iterator[str]:
    says = WHY[lang]
    if looked.need in entry.needs:
        yield says["need"].format(need=in_a_sentence(looked.need, lang))
    if looked.words:
        yield says["words"].format(words=looked.words)
    if miles is not None and looked.near:
        key = "next_to" if miles < 1 else "near"
        yield says[key].format(miles=_miles(miles), near=looked.near)
    if looked.language in entry.languages:
        yield says["language"].format(language=language_name(looked.language, lang))
    if looked.record and entry.accepts.lets_in(looked.record):
        word = getattr(entry.accepts, looked.record)
        yield says[word].format(record=RECORDS[looked.record].in_lang(lang))
    if looked.age is not None:
        told = ages(entry, lang)
        yield says["age"].format(age=told) if told else says["any_age"]
    if looked.no_papers and not entry.documents:
        yield says["no_papers"]


def _miles(miles: float) -> str:
    """Nobody walks a tenth of a mile more or less, once it is ten."""
    return f"{miles:.1f}" if miles < 10 else f"{miles:.0f}"


def room(entry: ProgramEntry, today: date, lang: Lang) -> str:
    """Whether there is room as what it is: something that was said on a day. Empty where nobody named a day."""
    says, places = WHY[lang], entry.capacity
    old = room_is_old(entry, today)
    if entry.accepting and places and places.available is not None:
        key = "free_old" if old else "free_one" if places.available == 1 else "free"
        told = says[key].format(count=places.available, day=dated(places.as_of, lang))
    elif entry.openness_as_of:
        told = says["said_old" if old else "said"].format(day=dated(entry.openness_as_of, lang))
    else:
        return ""
    return f"{told} {says['decides']}"


def dated(day: date, lang: Lang) -> str:
    """With its year: what was said in another year must not look like this one's."""
    month = say.MONTHS[lang][day.month - 1]
    return f"{day.day} de {month} de {day.year}" if lang == "es" else f"{month} {day.day}, {day.year}"


def ages(entry: ProgramEntry, lang: Lang) -> str:
    low, high = entry.minimum_age, entry.maximum_age
    if low is None and high is None:
        return ""
    key = "ages_both" if low is not None and high is not None else "ages_from" if high is None else "ages_to"
    return PAGE[lang][key].format(low=low, high=high)


def rules(entry: ProgramEntry, lang: Lang) -> list[str]:
    """What they say about records: whom they take first, and what they have not said last."""
    says, found = PAGE[lang], []
    for word in ("yes", "asks", "no", "unknown"):
        named = [name.in_lang(lang) for record, name in RECORDS.items() if getattr(entry.accepts, record) == word]
        if len(named) == len(RECORDS) and word == "unknown":
            return [says["records_none"]]
        if named:
            found.append(says[word].format(records=say.listed(named, lang)))
    return found


def in_a_sentence(code: str, lang: Lang) -> str:
    name = need(code, lang)
    return name[:1].lower() + name[1:]
