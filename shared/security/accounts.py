"""What every service does when it hears of accounts: refuse in time who is out, and know who works where."""

from collections.abc import Sequence

from asyncpg import Connection

from shared.contracts.account import AccountEvent, Changed, Left, SessionEnded
from shared.messaging.reactions import Fact, Reactions
from shared.security import fences, workers


def hear_accounts(reactions: Reactions) -> None:
    """Let a service know who left and which sessions ended, at once and whatever else is missing."""
    reactions.on(AccountEvent.topic)(_hear)
    reactions.at_once(Changed.type, Left.type, SessionEnded.type)


async def _hear(tx: Connection, facts: Sequence[Fact]) -> None:
    await fences.hear(tx, facts)
    await workers.know(tx, [fact.event for fact in facts if isinstance(fact.event, AccountEvent)])
