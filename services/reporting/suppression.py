"""Which counts may be shown, so that nobody can be picked out. Pure.

Counts from 1 to 10 are hidden; so is whatever would tell them: what is shown, and the sums that bind it, are read as
equations, and as long as a hidden count or the sum of a sum's hidden parts follows from them, another one is hidden.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from shared.web.charts import FLOOR, Count, Veil


class Sum(NamedTuple):
    """`parts` add up to `whole`; all are names of counts."""

    whole: str
    parts: tuple[str, ...]


def suppress(
    counts: Mapping[str, int], sums: Sequence[Sum], *, spare: Iterable[str] = (), floor: int = FLOOR
) -> dict[str, Count]:
    """The counts with what has to be hidden hidden. A zero picks nobody out and stays, unless it would tell another.

    Where one more has to go, those that can be `spare`d go first.
    """
    spared = frozenset(spare)
    hidden = {name for name, count in counts.items() if 0 < count < floor}
    while True:
        told = exposed(hidden, sums) | _small_sums(counts, hidden, sums, floor)
        if not told:
            break
        more = _next_to_hide(counts, hidden, told, sums, spared)
        if more is None:
            break  # nothing is shown beside them any more
        hidden.add(more)
    return {name: Veil.HIDDEN if name in hidden else count for name, count in counts.items()}


def _next_to_hide(
    counts: Mapping[str, int], hidden: set[str], told: set[str], sums: Sequence[Sum], spared: frozenset[str]
) -> str | None:
    """The smallest shown count of a sum that binds what is told: parts before wholes, zeros last."""
    binding = [s for s in sums if told & {s.whole, *s.parts}]
    parts = {name for s in binding for name in s.parts} - hidden
    wholes = {s.whole for s in binding} - hidden
    candidates = [(counts[n] == 0, n not in spared, n not in parts, counts[n], n) for n in parts | wholes]
    return min(candidates)[-1] if candidates else None


def _small_sums(counts: Mapping[str, int], hidden: set[str], sums: Sequence[Sum], floor: int) -> set[str]:
    """Hidden parts whose sum, which the shown whole less the shown parts tells, is itself too small to show."""
    told: set[str] = set()
    for whole, parts in sums:
        veiled = [name for name in parts if name in hidden]
        if whole not in hidden and 0 < sum(counts[name] for name in veiled) < floor:
            told.update(veiled)
    return told


def exposed(hidden: Iterable[str], sums: Sequence[Sum]) -> set[str]:
    """The hidden counts that follow from what is shown: their unit vectors lie in the row space of the sums."""
    unknown = set(hidden)
    rows = []
    for whole, parts in sums:
        row = {name: Fraction(-1) for name in parts if name in unknown}
        if whole in unknown:
            row[whole] = Fraction(1)
        if row:
            rows.append(row)
    return {next(iter(row)) for row in _reduced(rows) if len(row) == 1}


def _reduced(rows: Iterable[dict[str, Fraction]]) -> list[dict[str, Fraction]]:
    """Reduced row echelon form of sparse rows: each pivot stands in its own row alone."""
    done: dict[str, dict[str, Fraction]] = {}
    for row in rows:
        for pivot in [name for name in row if name in done]:
            _subtract(row, done[pivot], row[pivot])
        if not row:
            continue
        pivot, factor = next(iter(row.items()))
        scaled = {name: value / factor for name, value in row.items()}
        for other in done.values():
            if pivot in other:
                _subtract(other, scaled, other[pivot])
        done[pivot] = scaled
    return list(done.values())


def _subtract(row: dict[str, Fraction], other: Mapping[str, Fraction], times: Fraction) -> None:
    for name, value in other.items():
        left = row.get(name, Fraction(0)) - times * value
        if left:
            row[name] = left
        else:
            row.pop(name, None)
