"""What to do with a record, from its place in its subject's sequence alone. Pure: the heart of the inbox.

Sequences count from 1 without gaps per (topic, subject) and go on across epochs, so there are only these cases.
"""

from dataclasses import dataclass
from enum import StrEnum, auto
from uuid import UUID

from shared.contracts.envelope import Envelope


class Verdict(StrEnum):
    APPLY = auto()  # exactly the next
    DUPLICATE = auto()  # known: lower, or the last one again
    GAP = auto()  # something before it is missing; never skipped
    FORK = auto()  # a second record for a place that is taken, or one of an earlier life of its source
    WAIT = auto()  # the next, but an earlier record of its subject is parked


class Parked(StrEnum):
    """Why a subject waits."""

    GAP = auto()
    FORK = auto()
    POISON = auto()  # a record that can't be applied as it is
    LOST = auto()  # its owner answered that nobody has the missing record


HEALS = (Parked.GAP, Parked.LOST)  # these end by themselves when the missing record arrives


@dataclass(slots=True)
class Progress:
    """How far a consumer has come with one subject. `sequence` 0: nothing yet."""

    epoch: int = 0
    sequence: int = 0
    last_id: UUID | None = None
    parked: Parked | None = None

    def advance(self, envelope: Envelope) -> None:
        self.epoch, self.sequence, self.last_id = max(self.epoch, envelope.epoch), envelope.sequence, envelope.id


def judge(progress: Progress, envelope: Envelope) -> Verdict:
    """The verdict on the next record of a subject."""
    ahead = envelope.sequence - progress.sequence
    if ahead < 0 or (ahead == 0 and envelope.id == progress.last_id):
        return Verdict.DUPLICATE
    if ahead == 0 or (ahead == 1 and envelope.epoch < progress.epoch):
        return Verdict.FORK
    if ahead > 1:
        return Verdict.GAP
    return Verdict.APPLY if progress.parked in (None, *HEALS) else Verdict.WAIT
