"""What intake's clocks do when they run out: a consent lapses, or a revocation that is not in effect yet rings."""

import structlog
from asyncpg import Connection

from services.intake.consents import KIND, Lapse, Patience, Stage, decide
from services.intake.store import consents as store
from shared.messaging.outbox import Cause
from shared.messaging.timers import Due, claim
from shared.workflow import CLOCK

PATIENCE = Patience()

log = structlog.get_logger("intake")


async def lapse(tx: Connection, due: Due) -> None:
    """The consent first, then the clock: the same order as every command."""
    consent = await store.lock_known(tx, due.subject)
    if consent is None or not await claim(tx, due):
        return
    if consent.stage is Stage.REVOKED:
        log.error("revocation is not in effect in time", kind=KIND, id=str(consent.id))
    await store.save_consent(tx, decide(consent, Lapse(), CLOCK, PATIENCE), Cause(str(due.id), "clock:intake"))
