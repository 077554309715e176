"""A no is done: what somebody allowed of any of their records to whom they keep out is over, and so is each question.

Run when they keep somebody out, and when two records turn out to be theirs: a no travels over a link (decision 28).
"""

from uuid import UUID

from asyncpg import Connection

from services.intake.consents import NotNow, Patience, Revoke, Stage, decide
from services.intake.store import consents, links
from shared.messaging.outbox import Cause
from shared.runtime.database import reaching
from shared.runtime.reach import SERVICE
from shared.workflow import By, Party, Way

PATIENCE = Patience()


async def hold(tx: Connection, person: UUID) -> None:
    """All their records, before anything of them is changed. They are not all in reach of whoever asks."""
    async with reaching(tx, SERVICE):
        await links.hold_with_links(tx, person)


async def shut(tx: Connection, person: UUID, way: Way, cause: Cause, worker: UUID | None = None) -> None:
    """By the person's own word, in `way`, and written down by `worker`. Their records are held."""
    async with reaching(tx, SERVICE):
        for consent in await consents.lock_kept_out(tx, person):
            move = NotNow() if consent.stage is Stage.ASKED else Revoke()
            by = By(Party.PERSON, consent.person, way, worker)
            await consents.save_consent(tx, decide(consent, move, by, PATIENCE), cause)
