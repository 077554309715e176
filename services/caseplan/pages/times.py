"""When something is due, in words: a promise that is a step of a plan holds for a day, and says no hour."""

from datetime import date, datetime, time

from services.caseplan.reading import Sheet
from shared.web import say
from shared.web.say import Chip, Lang

END_OF_DAY = time(23, 59)  # what `ledger` gives a step's promise on a day without doors that close


def due_chip(sheet: Sheet, at: datetime, start: datetime, lang: Lang = "en") -> Chip:
    chip = say.due(at, sheet.now, sheet.zone, lang, start=start)
    local = at.astimezone(sheet.zone)
    if local.time() != END_OF_DAY or chip.state:
        return chip
    day = until(sheet, at, lang)
    paper = f"{'by' if lang == 'en' else 'para el'} {say.on_paper(local.date(), lang)}"
    return Chip(f"by {day}" if lang == "en" else f"para {day}", chip.state, chip.left, paper)


def until(sheet: Sheet, at: datetime, lang: Lang = "en") -> str:
    """The day alone: "Friday", "November 30"."""
    return day_words(at.astimezone(sheet.zone).date(), sheet.today, lang)


def day_words(which: date, today: date, lang: Lang = "en") -> str:
    """As it stands after a preposition: in Spanish with its article."""
    return say.after_a_word(say.day(which, today, lang), lang)


def moment(sheet: Sheet, at: datetime, lang: Lang = "en") -> str:
    return say.after_a_word(say.moment(at, sheet.now, sheet.zone, lang), lang)
