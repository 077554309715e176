"""What intake does when it hears others: a service has stopped, so a revocation comes nearer to being in effect."""

from collections.abc import Sequence

from asyncpg import Connection

from services.intake.consents import Patience, halt
from services.intake.store import consents as store
from shared.contracts.halted import Halted
from shared.contracts.topics import SERVICES
from shared.messaging.outbox import Cause
from shared.messaging.reactions import Fact, Reactions

PATIENCE = Patience()

reactions = Reactions()


@reactions.on(*(Halted.channel.format(service=service) for service in SERVICES))
async def hear_halted(tx: Connection, facts: Sequence[Fact]) -> None:
    """Locked in the order of their ids, as everybody does who locks several."""
    for envelope, event in sorted(facts, key=lambda fact: str(fact.envelope.subject)):
        if not isinstance(event, Halted):
            continue
        consent = await store.lock_known(tx, event.consent)
        if consent is None:
            continue  # not one of ours, or of a life that a restore has undone: nothing can be in effect by it
        decision = halt(consent, event.service, PATIENCE)
        if decision.state != consent:
            await store.save_consent(tx, decision, Cause(str(envelope.id), f"service:{event.service}"))
