"""Clocks: how long a silence may last, as a rule and never as a date.

Decisions read no clock, so they say "two business days of that agency"; whoever starts the timer works the moment
out, and can do so again when the agency changes its calendar.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self, assert_never
from uuid import UUID


@dataclass(frozen=True, slots=True)
class BusinessDays:
    """Days on which `agency` is open, by its own calendar."""

    count: int
    agency: UUID

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("a clock of business days lasts at least one")

    def __str__(self) -> str:
        return f"{self.count} business day{'s' if self.count > 1 else ''}"


@dataclass(frozen=True, slots=True)
class Hours:
    """Real hours: nights, weekends and holidays included."""

    count: float

    def __post_init__(self) -> None:
        if self.count <= 0:
            raise ValueError("a clock of hours lasts longer than none")

    @classmethod
    def days(cls, count: int) -> Self:
        return cls(24 * count)

    def after(self, start: datetime) -> datetime:
        """The moment this much later; counted in UTC, since adding to a local time skips what a clock change adds."""
        return (start.astimezone(UTC) + timedelta(hours=self.count)).astimezone(start.tzinfo)

    def __str__(self) -> str:
        if self.count % 24 == 0:
            days = int(self.count // 24)
            return f"{days} day{'s' if days > 1 else ''}"
        return f"{self.count:g} hour{'s' if self.count != 1 else ''}"


@dataclass(frozen=True, slots=True)
class Until:
    """A moment that two people agreed on: a promise's due time, a consent's expiry."""

    moment: datetime

    def __post_init__(self) -> None:
        if self.moment.tzinfo is None:
            raise ValueError("a moment needs its time zone")

    def __str__(self) -> str:
        return "until the agreed time"


Patience = BusinessDays | Hours | Until


@dataclass(frozen=True, slots=True)
class Timer:
    """A clock to start for `subject`. Void once another clock of its `kind` is live for its subject.

    Without patience it only stops the one that is live.
    """

    kind: str
    subject: UUID
    patience: Patience | None

    @classmethod
    def none(cls, kind: str, subject: UUID) -> Self:
        """Stops the live clock of this kind; starts nothing."""
        return cls(kind, subject, None)


def dump(patience: Patience) -> dict[str, Any]:
    """The rule as JSON, to be kept in the timer's row beside the moment worked out from it."""
    match patience:
        case BusinessDays(count, agency):
            return {"business_days": count, "agency": str(agency)}
        case Hours(hours):
            return {"hours": hours}
        case Until(moment):
            return {"until": moment.isoformat()}
        case _:
            assert_never(patience)


def load(rule: Mapping[str, Any]) -> Patience:
    """What `dump` wrote. ValueError when it is no rule that we know."""
    if "business_days" in rule:
        return BusinessDays(int(rule["business_days"]), UUID(rule["agency"]))
    if "hours" in rule:
        return Hours(rule["hours"])
    if "until" in rule:
        return Until(datetime.fromisoformat(rule["until"]))
    raise ValueError(f"no such patience: {sorted(rule)}")
