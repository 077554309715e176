"""What every service does when it hears of accounts: refuse in time who is out, know who works where, who covers."""

from collections.abc import Sequence

from asyncpg import Connection

from shared.contracts.account import AccountEvent, Changed, CoverEnded, Left, SessionEnded
from shared.messaging.reactions import Fact, Reactions
from shared.security import covers, fences, workers


def hear_accounts(reactions: Reactions) -> None:
    """Let a service know who left and which sessions ended, at once and whatever else is missing."""
    reactions.on(AccountEvent.topic)(_hear)
    reactions.at_once(Changed.type, Left.type, SessionEnded.type, CoverEnded.type)


async def _hear(tx: Connection, facts: Sequence[Fact]) -> None:
    await fences.hear(tx, facts)
    events = [fact.event for fact in facts if isinstance(fact.event, AccountEvent)]
    await workers.know(tx, events)
    await covers.know(tx, events)
