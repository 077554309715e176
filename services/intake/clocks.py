"""What intake's clocks do when they run out: a consent lapses, or tells in time that it will, a revocation that is not
in effect yet rings, somebody who asked for it is erased, what was opened in an emergency waits for a look, or somebody
is told of a legal demand because no order forbids it any more; a question whether two records are one ends without an
answer, and a desk that said nothing of an incident is late.
"""

import structlog
from asyncpg import Connection

from services.intake import arrivals, emergencies, erasures, first_days, links
from services.intake.consents import KIND, Lapse, Patience, Remind, Stage, decide, is_live
from services.intake.store import arrivals as arriving
from services.intake.store import consents as store
from services.intake.store import demands, people
from services.intake.store import emergencies as openings
from services.intake.store import erasures as erasing
from services.intake.store import first_days as days
from services.intake.store import links as linking
from shared.messaging.outbox import Cause
from shared.messaging.sealing import keys_of
from shared.messaging.timers import Due, claim, start_timers
from shared.security.keys import Erased
from shared.workflow import CLOCK, LAPSE, NETWORK

PATIENCE = Patience()
ERASING = erasures.Patience()
LINKING = links.Patience()
FIRST_DAYS = first_days.Patience()

log = structlog.get_logger("intake")


async def lapse(tx: Connection, due: Due) -> None:
    """The consent first, then the clock: the same order as every command."""
    consent = await store.lock_known(tx, due.subject)
    if consent is None or not await claim(tx, due):
        return
    if consent.stage is Stage.REVOKED:
        log.error("revocation is not in effect in time", kind=KIND, id=str(consent.id))
    await store.save_consent(tx, decide(consent, Lapse(), CLOCK, PATIENCE), Cause(str(due.id), "clock:intake"))


async def remind(tx: Connection, due: Due) -> None:
    """Once, while there is time to decide. What ended meanwhile has nothing to remind of."""
    consent = await store.lock_known(tx, due.subject)
    if consent is None or not await claim(tx, due) or not is_live(consent, await people.now(tx)):
        return
    await store.save_consent(tx, decide(consent, Remind(), NETWORK, PATIENCE), Cause(str(due.id), "clock:intake"))


async def erase(tx: Connection, due: Due) -> None:
    """The keys go before any of it commits: a kill in between is made good as the clock rings again.

    The person is held first: a hold, a session or a consent of this moment is either seen here or comes too late.
    """
    await linking.hold_with_links(tx, due.subject)
    erasure = await erasing.lock(tx, due.subject)
    if erasure is None or not await claim(tx, due):
        return
    cause = Cause(str(due.id), "clock:intake")
    if erasure.stage not in (erasures.Stage.SET, erasures.Stage.KEPT):
        log.error("an erasure waits for somebody", kind=erasures.KIND, reason=erasure.stage.value)
        await erasing.save(tx, erasures.decide(erasure, erasures.Lapse(), CLOCK, ERASING), cause)
        return
    until = await erasing.kept_until(tx, erasure.person)
    if until is None:
        decision = erasures.decide(erasure, erasures.Lapse(), CLOCK, ERASING)
    else:
        decision = erasures.decide(erasure, erasures.PutAway(until), NETWORK, ERASING)
    await keys_of(tx).erase(erasure.person, "asked", until)
    await erasing.forget(tx, erasure.person, cause, kept=until is not None)
    await erasing.save(tx, decision, cause)
    log.info("somebody was erased", kind=erasures.KIND, reason=decision.state.stage.value)


async def ask_for_review(tx: Connection, due: Due) -> None:
    """What somebody opened in an emergency is looked at by the agency that walks with the person, or it rings."""
    row = await openings.lock(tx, due.subject)
    if not await claim(tx, due) or row.opening.verdict is not None:
        return
    log.error("an opening waits for a look", kind=emergencies.KIND, id=str(due.subject))
    await start_timers(tx, [emergencies.clock_of(row.opening)])


async def tell_of_demand(tx: Connection, due: Due) -> None:
    """The order that forbade it has ended. Whoever was erased meanwhile is nobody to tell."""
    row = await demands.lock(tx, due.subject)
    if not await claim(tx, due) or row.demand.said_at is not None:
        return
    try:
        await people.find_person(tx, row.demand.person)
    except Erased:
        return
    await demands.tell(tx, row.demand, Cause(str(due.id), "clock:intake"))


async def lapse_link(tx: Connection, due: Due) -> None:
    """Nobody said yes in time. Whoever asked hears as little of it as of a no."""
    link = await linking.lock_known(tx, due.subject)
    if not await claim(tx, due) or link is None or link.stage is not links.Stage.PUT:
        return
    await linking.save(tx, links.decide(link, links.Lapse(), CLOCK, LINKING), Cause(str(due.id), "clock:intake"))


async def be_late(tx: Connection, due: Due) -> None:
    """It stands first on the desk from now on, and rings with the operators."""
    is_open = await linking.is_open_incident(tx, due.subject)
    if await claim(tx, due) and is_open and await linking.be_late(tx, due.subject):
        log.error("nobody has looked at an incident in time", kind=links.LATE, id=str(due.subject))


async def ring_for_answer(tx: Connection, due: Due) -> None:
    """Somebody asked for help, and nobody was named by the promised moment. The person first, as every command does."""
    await erasing.hold_person(tx, due.subject)
    arrival = await arriving.lock(tx, due.subject)
    if not await claim(tx, due) or arrival is None:
        return
    log.error("somebody who asked for help waits for an answer", kind=arrivals.KIND, id=str(arrival.person))
    decision = arrivals.decide(arrival, "lapse", CLOCK, arriving.PATIENCE)
    await arriving.save(tx, decision)
    id, cause = arrival.person, Cause(str(due.id), "clock:intake")
    await people.tell_of(tx, id, decision.events, cause)


async def ring_for_thing(tx: Connection, due: Due) -> None:
    """A day before somebody comes home nothing is arranged; or after 72 hours nobody has said that it was there."""
    found = await days.whose(tx, due.subject)
    if found is None:
        await claim(tx, due)
        return
    person, kind = found
    await erasing.hold_person(tx, person)
    things = await days.things_of(tx, person, await days.zone_of(tx, person))
    if not await claim(tx, due):
        return
    for thing in things:
        if thing.thing is kind:
            decision = first_days.decide(thing, LAPSE, CLOCK, FIRST_DAYS)
            log.error(
                "something of a first day is not arranged", kind=first_days.KIND, reason=decision.state.stage.value
            )
            await days.save(tx, person, [decision], Cause(str(due.id), "clock:intake"))
