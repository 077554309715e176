"""What reporting does when it hears the others: it counts, idempotently, in the transaction that notes the progress.

Not heard, because nothing in the mirror counts it: plans (a person's own steps are never counted), deliveries, answers
and partners (the referral says what came of them). Whom a fact is about is none of its business: no row keeps a person.
"""

from collections.abc import Sequence

from asyncpg import Connection

from services.reporting import store
from services.reporting.folding import fold_messages, fold_promises, fold_referrals, fold_setbacks
from services.reporting.folding_door import fold_arrivals, fold_revocations, fold_tellings
from shared.contracts.agency import AgencyEvent, AgencyFacts
from shared.contracts.consent import ConsentEvent
from shared.contracts.halted import Halted
from shared.contracts.message import MessageEvent
from shared.contracts.need import NeedEvent
from shared.contracts.person import PersonEvent
from shared.contracts.portrait import PortraitEvent
from shared.contracts.program import ProgramEvent
from shared.contracts.promise import PromiseEvent
from shared.contracts.referral import ReferralEvent
from shared.contracts.setback import SetbackEvent
from shared.messaging.reactions import Fact, Reactions
from shared.security import workers
from shared.security.accounts import hear_accounts

DISCLOSING = ("caseplan", "notifications")  # a revocation is in effect when both have said that nothing more goes out

reactions = Reactions()
hear_accounts(reactions)


@reactions.on(AgencyEvent.topic)
async def hear_agencies(tx: Connection, facts: Sequence[Fact]) -> None:
    latest = {event.agency: event for _, event in facts if isinstance(event, AgencyFacts)}
    await store.put_agencies(tx, latest.values())
    await workers.know_agencies(tx, latest.values())


@reactions.on(ProgramEvent.topic)
async def hear_programs(tx: Connection, facts: Sequence[Fact]) -> None:
    events = [event for _, event in facts if isinstance(event, ProgramEvent)]
    await store.put_programs(tx, store.latest_programs(events))


@reactions.on(ReferralEvent.topic)
async def hear_referrals(tx: Connection, facts: Sequence[Fact]) -> None:
    await store.put(tx, fold_referrals(facts))


@reactions.on(PromiseEvent.topic)
async def hear_promises(tx: Connection, facts: Sequence[Fact]) -> None:
    await store.put(tx, fold_promises(facts))


@reactions.on(SetbackEvent.topic)
async def hear_setbacks(tx: Connection, facts: Sequence[Fact]) -> None:
    await store.put(tx, fold_setbacks(facts))


@reactions.on(MessageEvent.topic)
async def hear_messages(tx: Connection, facts: Sequence[Fact]) -> None:
    await store.put(tx, fold_messages(facts))


@reactions.on(PersonEvent.topic)
async def hear_people(tx: Connection, facts: Sequence[Fact]) -> None:
    await store.put(tx, fold_arrivals(facts))


@reactions.on(PortraitEvent.topic, NeedEvent.topic)
async def hear_tellings(tx: Connection, facts: Sequence[Fact]) -> None:
    await store.put(tx, fold_tellings(facts))


@reactions.on(ConsentEvent.topic, *(Halted.channel.format(service=service) for service in DISCLOSING))
async def hear_revocations(tx: Connection, facts: Sequence[Fact]) -> None:
    await store.put(tx, fold_revocations(facts))
