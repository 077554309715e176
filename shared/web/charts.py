"""The geometry of the report's charts: counts in, shapes and a table out, so a suppressed number never leaves here.

A count is a number or a `Veil`. What is veiled gets no length, no height and no place in a sum that would tell it.
Units are those of a drawing 420 wide; templates/parts/charts.html draws the shapes and nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

WIDE = 420
FLOOR = 11  # fewer people than this could be picked out

LEFT = 132  # where bars begin: 18 letters of label before it
LONGEST = 240  # of a bar: leaves room for its number
GAP = 2


class Veil(StrEnum):
    """One word for all that is hidden. "Fewer than 11" here and "hidden too" there would tell: where 12 are split in
    one of each, the first can only be 1."""

    HIDDEN = "not shown"


WHY_HIDDEN = "from 1 to 10, or it would tell a number that is"

Count = int | Veil


class Box(NamedTuple):
    """A bar or a part of one; `look` is a class of the style sheet: c1 solid, half, c3 hollow, c4 dotted."""

    x: float
    y: float
    width: float
    height: float
    look: str = "c1"
    round: int = 0


class Text(NamedTuple):
    x: float
    y: float
    words: str
    look: str = ""


class Stroke(NamedTuple):
    x1: float
    y1: float
    x2: float
    y2: float
    look: str = ""


class Dot(NamedTuple):
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Table:
    """Beside each chart: the same facts for who reads rather than looks. A row that ends in a Veil spans to the end."""

    head: tuple[str, ...]
    rows: tuple[tuple[str | Veil, ...], ...]
    foot: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    told: str  # the same in a sentence, for who hears it
    height: float
    table: Table
    boxes: tuple[Box, ...] = ()
    texts: tuple[Text, ...] = ()
    strokes: tuple[Stroke, ...] = ()
    dots: tuple[Dot, ...] = ()


@dataclass(slots=True)
class _Drawing:
    boxes: list[Box] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    strokes: list[Stroke] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)

    def done(self, title: str, told: str, height: float, table: Table) -> Chart:
        shapes = (tuple(self.boxes), tuple(self.texts), tuple(self.strokes), tuple(self.dots))
        return Chart(title, told, height, table, *shapes)


@dataclass(frozen=True, slots=True)
class Stage:
    """A step that things reach, with how many did. `long` is its name in the table where there is room."""

    label: str
    count: Count
    long: str = ""


class Word(NamedTuple):
    """What the person said of those reported."""

    confirmed: Count
    reopened: Count
    silent: Count


def funnel(title: str, stages: Sequence[Stage], word: Word) -> Chart:
    """How far things came (at least one stage), then what the person says of it: yes, not so, or nothing."""
    drawing = _Drawing()
    most = max((stage.count for stage in stages if isinstance(stage.count, int)), default=0)
    for row, stage in enumerate(stages):
        top = 8 + 50 * row
        drawing.texts.append(Text(LEFT - 10, top + 17, fit(stage.label), "end"))
        if isinstance(stage.count, Veil):
            drawing.texts.append(Text(LEFT, top + 17, str(stage.count), "dim"))
            continue
        width = _scaled(stage.count, most, LONGEST)
        drawing.boxes.append(Box(LEFT, top, width, 24, "c1", 3))
        drawing.texts.append(Text(LEFT + width + 8, top + 17, f"{stage.count:,}"))
    _word_row(drawing, 8 + 50 * len(stages), most, word)
    rows = _funnel_rows(stages, word)
    told = "; ".join(f"{name}: {value}" for name, value, *_ in rows) + "."
    first = f"Of those {stages[0].label.lower()}"
    return drawing.done(title, told, 12 + 50 * (len(stages) + 1), Table(("Stage", "Referrals", first), rows))


def _word_row(drawing: _Drawing, top: float, most: int, word: Word) -> None:
    drawing.texts.append(Text(LEFT - 10, top + 17, "The person says", "end"))
    at: float = LEFT
    for count, look in zip(word, ("c1", "half", "c4"), strict=True):
        if isinstance(count, Veil) or not count:
            continue
        width = _scaled(count, most, LONGEST)
        drawing.boxes.append(_hollow(Box(at, top, width, 24, look, 3 if look == "c1" else 0)))
        at += width + GAP
    names = ("yes", "not so", "silent")
    shown = [f"{n:,} {name}" for n, name in zip(word, names, strict=True) if isinstance(n, int)]
    veiled = [name for n, name in zip(word, names, strict=True) if isinstance(n, Veil)]
    words = ", ".join([*shown, *([f"{' and '.join(veiled)} {Veil.HIDDEN}"] if veiled else [])])
    drawing.texts.append(Text(LEFT, top + 44, words, "dim"))


def _funnel_rows(stages: Sequence[Stage], word: Word) -> tuple[tuple[str | Veil, ...], ...]:
    first = stages[0].count
    said = (
        Stage("Confirmed by the person", word.confirmed),
        Stage("Reopened by the person", word.reopened),
        Stage("Silence, recorded as silence", word.silent),
    )
    return tuple(_funnel_row(stage, first) for stage in (*stages, *said))


def _funnel_row(stage: Stage, first: Count) -> tuple[str | Veil, ...]:
    name = stage.long or stage.label
    if isinstance(stage.count, Veil):
        return (name, stage.count)
    share = f"{100 * stage.count / first:.0f}%" if isinstance(first, int) and first else "–"
    return (name, f"{stage.count:,}", share)


class Span(NamedTuple):
    """An agency's answers: how many, the hours by which half have come, and nine of ten; or why they are hidden."""

    agency: str
    answers: Count
    middle: float = 0
    ninth: float = 0


def spans(title: str, agencies: Iterable[Span], *, agreed: float, unit: str = "h") -> Chart:
    """A dot at the middle and a line to nine of ten, a row an agency in alphabetical order: never a ranking."""
    rows = sorted(agencies, key=lambda span: span.agency.casefold())
    shown = [span for span in rows if isinstance(span.answers, int)]
    drawing = _Drawing()
    ticks = steps(max([agreed, *(span.ninth for span in shown)]))
    bottom = 24 + 34 * len(rows) + 2
    left, right = LEFT + 6, WIDE - 22

    def at(hours: float) -> float:
        return round(left + (right - left) * hours / ticks[-1], 1)

    for tick in ticks:
        drawing.strokes.append(Stroke(at(tick), 24, at(tick), bottom))
        last = f"{tick:g} {unit}" if tick == ticks[-1] else f"{tick:g}"
        drawing.texts.append(Text(at(tick), bottom + 22, last, "dim mid"))
    drawing.strokes.append(Stroke(at(agreed), 24, at(agreed), bottom, "mark"))
    drawing.texts.append(Text(at(agreed), 15, f"{agreed:g} {unit} agreed", "dim mid"))
    for row, span in enumerate(rows):
        _span_row(drawing, 46 + 34 * row, span, at(span.middle), at(span.ninth), left)
    table = Table(("Agency", "Answers", "Middle", "Nine of ten"), tuple(_span_cells(span, unit) for span in rows))
    told = "; ".join(": ".join((span.agency, _span_told(span, unit))) for span in rows)
    return drawing.done(title, f"{told}. The agreed time is {agreed:g} {unit}.", bottom + 30, table)


def _span_row(drawing: _Drawing, y: float, span: Span, middle: float, ninth: float, left: float) -> None:
    drawing.texts.append(Text(left - 12, y + 5, fit(span.agency), "end"))
    if isinstance(span.answers, Veil):
        drawing.texts.append(Text(left + 10, y + 5, str(span.answers), "dim over"))
        return
    drawing.strokes.append(Stroke(middle, y, ninth, y, "span"))
    drawing.dots.append(Dot(middle, y))


def _span_cells(span: Span, unit: str) -> tuple[str | Veil, ...]:
    if isinstance(span.answers, Veil):
        return (span.agency, span.answers)
    return (span.agency, f"{span.answers:,}", f"{span.middle:g} {unit}", f"{span.ninth:g} {unit}")


def _span_told(span: Span, unit: str) -> str:
    if isinstance(span.answers, Veil):
        return str(span.answers)
    return f"middle {span.middle:g} {unit}, nine of ten {span.ninth:g} {unit}"


class Month(NamedTuple):
    """Promises that fell due in a month, and what came of them."""

    label: str  # Oct
    kept: Count
    moved: Count
    late: Count
    long: str = ""  # October

    @property
    def veiled(self) -> bool:
        return any(isinstance(count, Veil) for count in (self.kept, self.moved, self.late))

    @property
    def due(self) -> int:
        """Their sum; a month with a veiled part has none to tell."""
        return sum(count for count in (self.kept, self.moved, self.late) if isinstance(count, int))


BASE, HIGHEST = 272, 209  # the floor that bars stand on, and the tallest of them
LEGEND = ((0, "c1", "Kept on time"), (134, "half", "Moved together"), (282, "c3", "Late or not kept"))


def months(title: str, rows: Sequence[Month]) -> Chart:
    """Stacked bars from the floor up: kept on time, moved together, late or not kept."""
    drawing = _Drawing(strokes=[Stroke(0, BASE, WIDE, BASE)])
    for x, look, words in LEGEND:
        drawing.boxes.append(_hollow(Box(x + 1, 5, 12, 12, look, 2)))
        drawing.texts.append(Text(x + 19, 16, words))
    most = max((month.due for month in rows if not month.veiled), default=0)
    slot = WIDE / max(len(rows), 1)
    width = min(46, slot * 2 / 3)
    for place, month in enumerate(rows):
        _month_bar(drawing, round(slot * (place + 0.5), 1), width, month, most)
    table = Table(("Month", "Due", "On time", "Moved", "Late or not"), tuple(map(_month_cells, rows)), _together(rows))
    told = "; ".join(map(_month_told, rows)) + "."
    return drawing.done(title, told, BASE + 30, table)


def _month_bar(drawing: _Drawing, middle: float, width: float, month: Month, most: int) -> None:
    drawing.texts.append(Text(middle, BASE + 22, month.label, "mid"))
    x = round(middle - width / 2, 1)
    if month.veiled:
        drawing.boxes.append(_hollow(Box(x, BASE - 24, width, 24, "c4")))  # one height for all that is hidden
        drawing.texts.append(Text(middle, BASE - 32, str(Veil.HIDDEN), "mid dim"))
        return
    top: float = BASE
    for count, look in ((month.kept, "c1"), (month.moved, "half"), (month.late, "c3")):
        height = _scaled(count, most, HIGHEST) if isinstance(count, int) else 0
        if height:
            top = round(top - height, 1)
            drawing.boxes.append(_hollow(Box(x, top, width, max(height - GAP, 1), look)))
    drawing.texts.append(Text(middle, top - 8, f"{month.due:,}", "mid dim"))


def _month_cells(month: Month) -> tuple[str | Veil, ...]:
    name = month.long or month.label
    if month.veiled:
        return (name, Veil.HIDDEN)
    return (name, *(f"{count:,}" for count in (month.due, month.kept, month.moved, month.late)))


def _month_told(month: Month) -> str:
    name = month.long or month.label
    if month.veiled:
        return f"{name}: {Veil.HIDDEN}"
    parts = f"{month.kept} kept on time, {month.moved} moved together, {month.late} late or not kept"
    return f"{name}: {month.due} due, {parts}"


def _together(rows: Sequence[Month]) -> tuple[str, ...] | None:
    """The last line, unless it would tell what a veiled month hides."""
    if not rows or any(month.veiled for month in rows):
        return None
    columns = zip(*((month.due, month.kept, month.moved, month.late) for month in rows), strict=True)
    return ("Together", *(f"{sum(int(count) for count in column):,}" for column in columns))


def steps(most: float, at_most: int = 5) -> list[float]:
    """Round numbers from 0 to just past `most`: 0 10 20 30 40 for 38."""
    size = 1.0
    while size * at_most < most:
        size *= 2.5 if f"{size:g}".startswith("2") else 2
    count = max(1, -int(-most // size))
    return [size * i for i in range(count + 1)]


def fit(label: str, letters: int = 18) -> str:
    """The label as the chart has room for it; its whole stands in the table."""
    words = label.split()
    while len(" ".join(words)) > letters and len(words) > 1:
        words.pop()
    short = " ".join(words)
    return short if len(short) <= letters else short[: letters - 1] + "…"


def _scaled(count: int, most: int, longest: int) -> float:
    return round(longest * count / most, 1) if most else 0


def _hollow(box: Box) -> Box:
    """An outline is drawn on its edge: half a stroke inside, it ends where a solid box would."""
    if box.look not in ("c3", "c4"):
        return box
    x, y, width, height = (box.x + 1, box.y + 1, max(box.width - 2, 1), max(box.height - 2, 1))
    return Box(round(x, 1), round(y, 1), round(width, 1), round(height, 1), box.look, 2)
