"""What is hidden stays hidden: from the reader, and from whoever subtracts."""

from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.reporting.suppression import Sum, exposed, suppress
from shared.web.charts import Veil

WORD = Sum("reported", ("confirmed", "reopened", "silent"))


@st.composite
def tables(draw) -> tuple[dict[str, int], list[Sum]]:
    """Agencies by outcome with both margins, and the outcomes once more by month: sums that cross."""
    agencies, months = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    counts: dict[str, int] = {}
    sums: list[Sum] = []
    number = st.sampled_from([0, 0, 1, 2, 5, 10, 11, 12, 30, 400])
    rows = [f"agency{i}" for i in range(agencies)]
    for row in rows:
        parts = (f"{row}/yes", f"{row}/no")
        counts |= {part: draw(number) for part in parts}
        counts[row] = sum(counts[part] for part in parts)
        sums.append(Sum(row, parts))
    for outcome in ("yes", "no"):
        parts = tuple(f"{row}/{outcome}" for row in rows)
        counts[outcome] = sum(counts[part] for part in parts)
        sums.append(Sum(outcome, parts))
        cuts = sorted(draw(st.lists(st.integers(0, counts[outcome]), min_size=months - 1, max_size=months - 1)))
        by_month = [b - a for a, b in pairwise([0, *cuts, counts[outcome]])]
        counts |= {f"month{i}/{outcome}": n for i, n in enumerate(by_month)}
        sums.append(Sum(outcome, tuple(f"month{i}/{outcome}" for i in range(months))))
    counts["all"] = counts["yes"] + counts["no"]
    sums += [Sum("all", ("yes", "no")), Sum("all", tuple(rows))]
    return counts, sums


def told_by(shown: dict, sums: list[Sum]) -> set[str]:
    """An attacker's own way: a hidden count is told if adding the question to the equations adds no rank."""
    unknown = sorted(name for name, count in shown.items() if isinstance(count, Veil))
    rows = [[Fraction((name in s.parts) - (name == s.whole)) for name in unknown] for s in sums]
    base = rank(rows)
    units = {name: [Fraction(name == other) for other in unknown] for name in unknown}
    return {name for name, unit in units.items() if rank([*rows, unit]) == base}


def rank(rows: list[list[Fraction]]) -> int:
    rows = [row[:] for row in rows]
    found = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((i for i in range(found, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for i in range(found + 1, len(rows)):
            times = rows[i][column] / rows[found][column]
            rows[i] = [a - times * b for a, b in zip(rows[i], rows[found], strict=True)]
        found += 1
    return found


@given(tables())
def test_no_hidden_count_follows_from_what_is_shown(table):
    counts, sums = table
    shown = suppress(counts, sums)
    assert all(isinstance(shown[name], Veil) for name, count in counts.items() if 0 < count < 11)
    assert all(count == counts[name] for name, count in shown.items() if not isinstance(count, Veil))
    hidden = {name for name, count in shown.items() if isinstance(count, Veil)}
    assert told_by(shown, sums) == set()
    assert exposed(hidden, sums) == set()


@given(tables())
def test_the_hidden_parts_of_a_shown_sum_are_no_small_number_together(table):
    counts, sums = table
    shown = suppress(counts, sums)
    for whole, parts in sums:
        together = sum(counts[part] for part in parts if isinstance(shown[part], Veil))
        assert isinstance(shown[whole], Veil) or together == 0 or together >= 11


@given(st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 50)))
def test_counts_that_no_sum_binds_hide_only_what_is_small(counts):
    shown = suppress(counts, [])
    assert {name for name, count in shown.items() if isinstance(count, Veil)} == {
        name for name, count in counts.items() if 0 < count < 11
    }


def test_a_neighbor_is_hidden_with_the_only_small_one():
    shown = suppress({"reported": 246, "confirmed": 197, "reopened": 22, "silent": 5}, [WORD])
    assert shown == {"reported": 246, "confirmed": 197, "reopened": Veil.HIDDEN, "silent": Veil.HIDDEN}


def test_what_is_hidden_to_protect_another_is_said_in_the_same_word():
    """Told apart, "fewer than 11" beside "hidden too" in a sum of 12 could only be 1 and 11."""
    shown = suppress({"reported": 12, "confirmed": 11, "reopened": 0, "silent": 1}, [WORD])
    assert shown["reported"] == 12 and shown["confirmed"] is shown["silent"] is Veil.HIDDEN


def test_large_numbers_are_shown_and_a_zero_picks_nobody_out():
    counts = {"reported": 46, "confirmed": 24, "reopened": 22, "silent": 0}
    assert suppress(counts, [WORD]) == counts


def test_two_small_ones_whose_sum_is_small_need_a_third():
    shown = suppress({"reported": 202, "confirmed": 200, "reopened": 1, "silent": 1}, [WORD])
    assert shown["confirmed"] is Veil.HIDDEN


def test_where_nothing_else_is_there_to_hide_the_sum_goes_too():
    shown = suppress({"reported": 5, "confirmed": 5, "reopened": 0, "silent": 0}, [WORD])
    assert shown["reported"] is Veil.HIDDEN and shown["confirmed"] is Veil.HIDDEN


def test_a_number_bound_from_two_sides_is_hidden_from_both():
    """Closed is confirmed and silent: with it shown, one of the two would tell the other."""
    counts = {"reported": 246, "confirmed": 197, "reopened": 5, "silent": 44, "closed": 241}
    shown = suppress(counts, [WORD, Sum("closed", ("confirmed", "silent"))], spare=["closed"])
    hidden = {name for name, count in shown.items() if isinstance(count, Veil)}
    assert hidden == {"reopened", "silent", "closed"}
