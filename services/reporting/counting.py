"""From counts of rows to what may be shown: the cells, the sums that bind them, and the hours to a first answer. Pure.

Each count is a cell with a name, so that one audit looks at all that is published together: totals, agencies, months,
stages.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.reporting.suppression import Sum, suppress
from shared.contracts.referral import Stage
from shared.web.charts import Count, Veil
from shared.workflow.calendars import Calendar, open_hours

REFERRALS = ("sent", "answered", "begun", "reported", "confirmed", "reopened", "silent", "told_worker")
OF_AGENCY = ("sent", "answered", "begun", "reported", "confirmed")
KEPT = ("due", "kept", "moved", "late")
SETBACKS = ("in_time", "late", "waiting")
MESSAGES = ("sent", "withheld", "waiting")
REVOCATIONS = ("in_effect", "waiting")
NAMES = {
    **dict.fromkeys(("sent", "answered", "begun", "reported"), "referrals_"),
    **dict.fromkeys(("confirmed", "reopened", "silent"), "loops_"),
    "told_worker": "",
}
UNHEARD = "An agency not yet in the directory"
WEEKDAYS = Calendar("UTC")


class AgencyCounts(NamedTuple):
    agency: UUID
    counts: Mapping[str, int]


class Answered(NamedTuple):
    agency: UUID
    asked_at: datetime
    answered_at: datetime


class PromiseCounts(NamedTuple):
    agency: UUID
    month: date
    kept: int
    moved: int
    late: int


@dataclass(frozen=True, slots=True)
class Raw:
    """What the store found in the window. Nothing of it is shown before `count` has been over it."""

    names: Mapping[UUID, str] = field(default_factory=dict)
    calendars: Mapping[UUID, Calendar] = field(default_factory=dict)
    programs: int = 0
    referrals: Sequence[AgencyCounts] = ()
    stages: Mapping[str, int] = field(default_factory=dict)
    answers: Sequence[Answered] = ()
    promises: Sequence[PromiseCounts] = ()
    setbacks: Mapping[str, int] = field(default_factory=dict)
    setback_middle: timedelta | None = None
    messages: Mapping[str, int] = field(default_factory=dict)
    arrivals: Mapping[str, int] = field(default_factory=dict)
    tellings: Mapping[str, int] = field(default_factory=dict)
    revocations: Mapping[str, int] = field(default_factory=dict)
    revocation_middle: timedelta | None = None


class Hours(NamedTuple):
    """Open hours by which half of the answers had come, and nine of ten; None where the answers are hidden."""

    answers: Count
    middle: float | None = None
    ninth: float | None = None


@dataclass(frozen=True, slots=True)
class AgencyReport:
    id: UUID
    name: str
    referrals: Mapping[str, Count]
    first_answer: Hours
    promises: Mapping[str, Count]


@dataclass(frozen=True, slots=True)
class Report:
    """All of it as it may be shown. `counts` has the names that other programs read."""

    agencies_known: int
    programs_known: int
    counts: Mapping[str, Count]
    by_stage: Mapping[str, Count]
    by_month: Mapping[date, Mapping[str, Count]]
    by_agency: Sequence[AgencyReport]
    first_answer: Hours
    hours_to_a_human: float | None
    seconds_to_in_effect: float | None


class _Cells:
    """Counts by name, and the sums among them."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.sums: list[Sum] = []

    def put(self, name: str, count: int) -> str:
        self.counts[name] = count
        return name

    def bind(self, whole: str, parts: Iterable[str]) -> None:
        if known := tuple(part for part in parts if part in self.counts):
            self.sums.append(Sum(whole, known))


def count(raw: Raw, *, hide: bool) -> Report:
    """The report of `raw`; `hide` veils what is small and what would tell it."""
    cells = _Cells()
    agencies = {row.agency for row in raw.referrals} | {row.agency for row in raw.promises}
    _put_referrals(cells, raw)
    _put_promises(cells, raw)
    _put_the_rest(cells, raw)
    _put_the_door(cells, raw)
    shown: Mapping[str, Count] = _suppressed(cells) if hide else cells.counts
    hours = _hours_by_agency(raw)
    return Report(
        agencies_known=len(raw.names),
        programs_known=raw.programs,
        counts={name: shown[name] for name in cells.counts if "/" not in name},
        by_stage={stage: shown[f"stage/{stage}"] for stage in _in_order(raw.stages)},
        by_month={
            month: {name: shown[f"month/{month}/{name}"] for name in KEPT}
            for month in sorted({row.month for row in raw.promises})
        },
        by_agency=[
            AgencyReport(
                id,
                raw.names.get(id, UNHEARD),
                {name: shown.get(f"agency/{id}/{name}", 0) for name in OF_AGENCY},
                _hours(shown.get(f"agency/{id}/answered", 0), hours.get(id, [])),
                {name: shown.get(f"agency/{id}/promises/{name}", 0) for name in KEPT},
            )
            for id in sorted(agencies, key=lambda id: (raw.names.get(id, UNHEARD).casefold(), id))
        ],
        first_answer=_hours(shown["referrals_answered"], [hour for some in hours.values() for hour in some]),
        hours_to_a_human=_hours_to_a_human(raw, shown),
        seconds_to_in_effect=_seconds_to_in_effect(raw, shown),
    )


def _suppressed(cells: _Cells) -> dict[str, Count]:
    """Where referrals stand today is worth less than how they ended, so it goes first."""
    return suppress(cells.counts, cells.sums, spare=[name for name in cells.counts if name.startswith("stage/")])


def _in_order(stages: Iterable[str]) -> list[str]:
    """As a referral passes through them; what a newer writer says comes last."""
    found = set(stages)
    return [stage for stage in Stage if stage in found] + sorted(found - set(Stage))


def _put_referrals(cells: _Cells, raw: Raw) -> None:
    for name in REFERRALS:
        whole = cells.put(NAMES[name] + name, sum(row.counts[name] for row in raw.referrals))
        if name in OF_AGENCY:
            cells.bind(whole, [cells.put(f"agency/{row.agency}/{name}", row.counts[name]) for row in raw.referrals])
    stages = {stage: cells.put(f"stage/{stage}", count) for stage, count in raw.stages.items()}
    cells.bind("referrals_sent", stages.values())
    cells.bind("referrals_reported", ("loops_confirmed", "loops_reopened", "loops_silent"))
    if Stage.CLOSED in stages:
        cells.bind(stages[Stage.CLOSED], ("loops_confirmed", "loops_silent"))


def _put_promises(cells: _Cells, raw: Raw) -> None:
    """The same promises three times over: together, by month and by agency."""
    _put_kept(cells, "promises_", raw.promises)
    for place in ("month/{0.month}/", "agency/{0.agency}/promises/"):
        groups: dict[str, list[PromiseCounts]] = defaultdict(list)
        for row in raw.promises:
            groups[place.format(row)].append(row)
        for where, rows in groups.items():
            _put_kept(cells, where, rows)
        for name in KEPT:
            cells.bind(f"promises_{name}", [where + name for where in groups])


def _put_kept(cells: _Cells, where: str, rows: Sequence[PromiseCounts]) -> None:
    parts = [
        cells.put(f"{where}kept", sum(row.kept for row in rows)),
        cells.put(f"{where}moved", sum(row.moved for row in rows)),
        cells.put(f"{where}late", sum(row.late for row in rows)),
    ]
    cells.bind(cells.put(f"{where}due", sum(cells.counts[part] for part in parts)), parts)


def _put_the_rest(cells: _Cells, raw: Raw) -> None:
    names = {"in_time": "reached_in_time", "late": "reached_late", "waiting": "waiting"}
    parts = [cells.put(f"setbacks_{names[name]}", raw.setbacks.get(name, 0)) for name in SETBACKS]
    cells.bind(cells.put("setbacks_told", sum(cells.counts[part] for part in parts)), parts)
    cells.put("setbacks_supported", raw.setbacks.get("supported", 0))
    parts = [cells.put(f"messages_{name}", raw.messages.get(name, 0)) for name in MESSAGES]
    cells.bind(cells.put("messages_decided", sum(cells.counts[part] for part in parts)), parts)


def _put_the_door(cells: _Cells, raw: Raw) -> None:
    """What is left of a whole is a count of its own, so that nobody has a small one by subtracting."""
    promised, told = raw.arrivals.get("promised", 0), raw.tellings.get("told", 0)
    late, retold = min(raw.arrivals.get("late", 0), promised), raw.tellings.get("retold", 0)
    parts = [cells.put("first_answers_in_time", promised - late), cells.put("first_answers_late", late)]
    cells.bind(cells.put("first_answers_promised", promised), parts)
    parts = [cells.put("answers_first_told", told - retold), cells.put("answers_retold", retold)]
    cells.bind(cells.put("answers_told", told), parts)
    parts = [cells.put(f"revocations_{name}", raw.revocations.get(name, 0)) for name in REVOCATIONS]
    cells.bind(cells.put("revocations", sum(cells.counts[part] for part in parts)), parts)


def _hours_by_agency(raw: Raw) -> dict[UUID, list[float]]:
    hours: dict[UUID, list[float]] = defaultdict(list)
    for agency, asked_at, answered_at in raw.answers:
        hours[agency].append(open_hours(asked_at, answered_at, raw.calendars.get(agency, WEEKDAYS)))
    return hours


def _hours(answers: Count, hours: Sequence[float]) -> Hours:
    if isinstance(answers, Veil) or not hours:
        return Hours(answers)
    return Hours(answers, within(hours, 0.5), within(hours, 0.9))


def within(hours: Sequence[float], share: float) -> float:
    """The shortest time within which at least `share` of them came, as it happened: nothing is interpolated."""
    ordered = sorted(hours)
    return round(ordered[max(-int(-len(ordered) * share // 1) - 1, 0)], 1)


def _hours_to_a_human(raw: Raw, shown: Mapping[str, Count]) -> float | None:
    """In real hours; hidden as long as either half of what it is made of is."""
    halves = shown["setbacks_reached_in_time"], shown["setbacks_reached_late"]
    if raw.setback_middle is None or any(isinstance(half, Veil) for half in halves):
        return None
    return round(raw.setback_middle / timedelta(hours=1), 1)


def _seconds_to_in_effect(raw: Raw, shown: Mapping[str, Count]) -> float | None:
    if raw.revocation_middle is None or isinstance(shown["revocations_in_effect"], Veil):
        return None
    return round(raw.revocation_middle.total_seconds(), 1)
