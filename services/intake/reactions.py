"""What intake does when it hears others: a service has stopped, or has let go of somebody, so a revocation comes nearer
to being in effect, an erasure to being done; and what became of a need, as its referral tells it.
"""

from collections.abc import Sequence

from asyncpg import Connection

from services.intake import erasures
from services.intake.consents import Patience, halt
from services.intake.hearing import hear_referral
from services.intake.store import consents as store
from services.intake.store import erasures as erasing
from shared.contracts.envelope import Envelope
from shared.contracts.halted import Forgotten, Halted
from shared.contracts.referral import ReferralEvent
from shared.contracts.topics import SERVICES
from shared.messaging.outbox import Cause
from shared.messaging.reactions import Fact, Reactions

PATIENCE = Patience()
ERASING = erasures.Patience()

reactions = Reactions()


@reactions.on(*(Halted.channel.format(service=service) for service in SERVICES))
async def hear_halted(tx: Connection, facts: Sequence[Fact]) -> None:
    """Locked in the order of their ids, as everybody does who locks several."""
    for envelope, event in sorted(facts, key=lambda fact: str(fact.envelope.subject)):
        if isinstance(event, Forgotten):
            await _hear_forgotten(tx, envelope, event)
        if not isinstance(event, Halted):
            continue
        consent = await store.lock_known(tx, event.consent)
        if consent is None:
            continue  # not one of ours, or of a life that a restore has undone: nothing can be in effect by it
        decision = halt(consent, event.service, PATIENCE)
        if decision.state != consent:
            await store.save_consent(tx, decision, Cause(str(envelope.id), f"service:{event.service}"))


@reactions.on(ReferralEvent.topic)
async def hear_referrals(tx: Connection, facts: Sequence[Fact]) -> None:
    """Of several people in the order of their ids, of one in the order in which it happened."""
    for fact in sorted(facts, key=lambda fact: str(getattr(fact.event, "person", ""))):
        await hear_referral(tx, fact)


async def _hear_forgotten(tx: Connection, envelope: Envelope, event: Forgotten) -> None:
    erasure = await erasing.lock(tx, event.person)
    if erasure is None:
        return  # asked for in a life that a restore has undone
    decision = erasures.forget(erasure, erasures.Forget(event.service, event.kept), ERASING)
    if decision.state != erasure:
        await erasing.save(tx, decision, Cause(str(envelope.id), f"service:{event.service}"))
