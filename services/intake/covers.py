"""Cover for a colleague who is away: who, for whom, from which day to which; within one agency, and always with an end.

Nobody covers by their own word: whoever is away says so, or who answers for the team.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from services.intake.accounts import Account, walks
from shared.contracts import account as events
from shared.runtime.errors import Conflict, Invalid

LONGEST = 31  # days; whoever is away for longer hands over instead


@dataclass(frozen=True, slots=True)
class Cover:
    id: UUID
    worker: UUID  # who is away
    covering: UUID
    agency: UUID
    starts: datetime
    ends: datetime
    ended: bool = False


def agree(
    id: UUID, worker: Account, covering: Account, by: UUID, first: date, last: date, today: date, zone: ZoneInfo
) -> tuple[Cover, events.Covered]:
    """From the beginning of the first day to the end of the last, in days of their agency. Raises Invalid.

    `by`: whose word it is. What was told to one worker alone, nobody opens for themselves by naming themselves.
    """
    if worker.agency is None or not walks(worker):
        raise Invalid("worker", "Choose somebody of your agency who walks with people.")
    if covering.id == worker.id or covering.agency != worker.agency or not walks(covering):
        raise Invalid("covering", "Choose a colleague of the same agency who walks with people.")
    if covering.id == by:
        raise Invalid("covering", "Nobody covers by their own word. Ask them, or somebody else who leads, to say so.")
    if first < today:
        raise Invalid("first", "Choose today or a later day.")
    if not first <= last < first + timedelta(days=LONGEST):
        raise Invalid("last", f"Choose a day within {LONGEST} days. For longer, hand their people over.")
    starts, ends = (datetime.combine(day, time(), zone) for day in (first, last + timedelta(days=1)))
    cover = Cover(id, worker.id, covering.id, worker.agency, starts, ends)
    told = events.Covered(
        account=worker.id, cover=id, by=covering.id, agency=worker.agency, starts=starts, ends=ends
    )  # fmt: skip
    return cover, told


def end(cover: Cover, now: datetime) -> tuple[Cover, events.CoverEnded]:
    if cover.ended or cover.ends <= now:
        raise Conflict("It has ended already.")
    return replace(cover, ended=True), events.CoverEnded(account=cover.worker, cover=cover.id, agency=cover.agency)
