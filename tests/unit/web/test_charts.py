"""Charts: shapes say what the table says, and what is hidden can be found in neither."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.charts import (
    BASE,
    GAP,
    HIGHEST,
    LEFT,
    LONGEST,
    WIDE,
    Chart,
    Month,
    Span,
    Stage,
    Veil,
    Word,
    fit,
    funnel,
    months,
    spans,
    steps,
)  # fmt: skip

counts = st.integers(0, 5000)
hidden = counts | st.sampled_from(Veil)


@st.composite
def funnels(draw) -> tuple[list[Stage], Word]:
    reached = sorted(draw(st.lists(counts, min_size=1, max_size=6)), reverse=True)
    said = draw(st.tuples(hidden, hidden, hidden))
    return [Stage(f"Stage {i}", n) for i, n in enumerate(reached)], Word(*said)


def within(chart: Chart) -> bool:
    """Nothing is drawn past the paper."""
    boxes = all(
        b.x >= 0 and b.y >= 0 and b.width >= 0 and b.height >= 0 and b.y + b.height <= chart.height for b in chart.boxes
    )
    texts = all(0 <= t.x <= WIDE and 0 <= t.y <= chart.height for t in chart.texts)
    return boxes and texts and all(0 <= d.x <= WIDE for d in chart.dots)


@given(funnels())
def test_a_bar_of_the_funnel_is_as_long_as_its_count(given_):
    stages, word = given_
    chart = funnel("Referrals", stages, word)
    bars = chart.boxes[: len(stages)]
    most = stages[0].count
    for bar, stage in zip(bars, stages, strict=True):
        assert bar.x == LEFT and abs(bar.width - (LONGEST * stage.count / most if most else 0)) < 0.06
    assert within(chart)


def test_the_person_s_word_is_split_solid_half_and_hollow():
    chart = funnel("Referrals", [Stage("Sent", 412), Stage("Reported", 246, "Reported as finished")], Word(197, 22, 27))
    yes, not_so, silent = chart.boxes[2:]
    assert (yes.look, not_so.look, silent.look) == ("c1", "half", "c4")
    assert yes.x == LEFT and not_so.x == pytest.approx(yes.x + yes.width + GAP)
    assert chart.texts[-1].words == "197 yes, 22 not so, 27 silent"
    assert chart.table.rows[1] == ("Reported as finished", "246", "60%")
    assert chart.table.rows[-1] == ("Silence, recorded as silence", "27", "7%")
    assert "Confirmed by the person: 197" in chart.told


@given(st.tuples(hidden, hidden, hidden).filter(lambda word: any(isinstance(n, Veil) for n in word)))
def test_a_veiled_answer_has_no_length_and_no_number(word):
    chart = funnel("Referrals", [Stage("Sent", 5000)], Word(*word))
    visible = [n for n in word if isinstance(n, int) and n]
    assert len(chart.boxes) == 1 + len(visible)
    assert "not shown" in chart.texts[-1].words
    assert sum(len(row) == 2 and isinstance(row[1], Veil) for row in chart.table.rows) == sum(
        isinstance(n, Veil) for n in word
    )


def test_agencies_stand_in_the_alphabet_whatever_their_numbers():
    rows = [Span("welcome Alder", 45, 1, 2), Span("Cedar House", 61, 11, 27), Span("Alder Law", 20, 30, 60)]
    chart = spans("Hours", rows, agreed=16)
    assert [row[0] for row in chart.table.rows] == ["Alder Law", "Cedar House", "welcome Alder"]
    assert [dot.y for dot in chart.dots] == sorted(dot.y for dot in chart.dots)


@given(st.lists(st.tuples(hidden, st.floats(0, 400), st.floats(0, 400)), min_size=1, max_size=12), st.floats(1, 100))
def test_a_dot_stands_at_its_hours_and_a_veiled_agency_has_none(rows, agreed):
    agencies = [Span(f"Agency {i:02}", n, min(a, b), max(a, b)) for i, (n, a, b) in enumerate(rows)]
    chart = spans("Hours", agencies, agreed=agreed)
    shown = [span for span in agencies if isinstance(span.answers, int)]
    lines = [stroke for stroke in chart.strokes if stroke.look == "span"]
    assert len(chart.dots) == len(lines) == len(shown) and within(chart)
    for span, dot, line in zip(shown, chart.dots, lines, strict=True):
        assert dot.x == line.x1 <= line.x2 and (span.middle < span.ninth or line.x1 == line.x2)


@given(st.lists(st.tuples(counts, counts, counts), min_size=1, max_size=12))
def test_a_month_is_as_high_as_what_fell_due_and_no_higher_than_the_paper(rows):
    chart = months("Promises", [Month(f"M{i}", *row) for i, row in enumerate(rows)])
    bars = chart.boxes[3:]  # after the legend
    most = max(sum(row) for row in rows)
    for place, row in enumerate(rows):
        middle = WIDE / len(rows) * (place + 0.5)
        own = [box for box in bars if box.x <= middle <= box.x + box.width]
        assert len(own) == sum(n * HIGHEST / most >= 0.05 if most else False for n in row)
        if own:
            assert BASE - min(box.y for box in own) == pytest.approx(HIGHEST * sum(row) / most, abs=2.2)
    assert within(chart)


@given(st.lists(st.tuples(hidden, hidden, hidden), min_size=1, max_size=12))
def test_a_veiled_month_tells_no_number_and_no_sum_would(rows):
    given_ = [Month(f"M{i}", *row) for i, row in enumerate(rows)]
    chart = months("Promises", given_)
    for month, cells in zip(given_, chart.table.rows, strict=True):
        assert (len(cells) == 2) == month.veiled
    assert (chart.table.foot is None) == any(month.veiled for month in given_)
    dotted = {(box.y, box.height) for box in chart.boxes if box.look == "c4"}
    assert len(dotted) <= 1  # one height for all that is hidden


@given(st.floats(0.1, 10_000))
def test_the_axis_ends_just_past_its_longest_in_round_steps(most):
    ticks = steps(most)
    assert ticks[0] == 0 and ticks[-1] >= most and 2 <= len(ticks) <= 7
    assert ticks[-2] < most and all(float(f"{tick:.2g}") == pytest.approx(tick) for tick in ticks)


def test_an_axis_to_38_has_steps_of_ten():
    assert steps(38) == [0, 10, 20, 30, 40]


@pytest.mark.parametrize(
    ("label", "short"),
    [
        ("Harbor Street Rooms", "Harbor Street"),
        ("Welcome Alder", "Welcome Alder"),
        ("Wohlfahrtsverbandsamt", "Wohlfahrtsverband…"),
    ],
)
def test_a_long_name_is_shortened_in_the_drawing_only(label, short):
    assert fit(label) == short
    assert spans("Hours", [Span(label, 20, 1, 2)], agreed=4).table.rows[0][0] == label


def test_a_report_of_nothing_is_drawn_without_a_fall():
    assert within(funnel("None", [Stage("Sent", 0)], Word(0, 0, 0)))
    assert within(months("None", [])) and within(spans("None", [], agreed=16))
