"""What reporting does when it hears the others: it counts, idempotently, in the transaction that notes the progress.

Not heard, because nothing in the mirror counts it: people and consents (whom it is about is none of its business),
plans (a person's own steps are never counted), deliveries, answers and partners (the referral says what came of them).
"""

from collections.abc import Sequence

from asyncpg import Connection

from services.reporting import store
from services.reporting.folding import fold_messages, fold_promises, fold_referrals, fold_setbacks
from shared.contracts.agency import AgencyEvent, AgencyFacts
from shared.contracts.message import MessageEvent
from shared.contracts.program import ProgramEvent
from shared.contracts.promise import PromiseEvent
from shared.contracts.referral import ReferralEvent
from shared.contracts.setback import SetbackEvent
from shared.messaging.reactions import Fact, Reactions
from shared.security import workers
from shared.security.accounts import hear_accounts

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
