"""What a service does when it hears others: one function per topic, called with facts in the order of their log."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from asyncpg import Connection

from shared.contracts.envelope import Envelope
from shared.contracts.events import Event


class Fact(NamedTuple):
    """An event and its envelope."""

    envelope: Envelope
    event: Event


Reaction = Callable[[Connection, Sequence[Fact]], Awaitable[None]]
Forgetting = Callable[[Connection, UUID], Awaitable[None]]


class Reactions:
    """The reactions of one service.

    A reaction runs inside the inbox's transaction: what it writes and that it was done are committed together. It
    gets a batch in fast times and single facts in slow ones, and must do the same either way. It may raise
    `Permanent` to park a record; whatever it raises unawares parks it too, and `Retryable` tries the batch again.
    A fact may name what this service has not heard of yet: make a stub, never wait for another subject.
    """

    def __init__(self) -> None:
        self._by_topic: dict[str, Reaction] = {}
        self.urgent: set[str] = set()
        self._forgetting: Forgetting | None = None

    def on(self, *topics: str) -> Callable[[Reaction], Reaction]:
        """Register the decorated function for these topics; one function a topic."""

        def register(reaction: Reaction) -> Reaction:
            for topic in topics:
                if topic in self._by_topic:
                    raise ValueError(f"two reactions to {topic}")
                self._by_topic[topic] = reaction
            return reaction

        return register

    def at_once(self, *types: str) -> None:
        """These types act on arrival whatever gap they jump, and act again, harmlessly, in order.

        For revocations and erasures, which must not wait for a missing record.
        """
        self.urgent |= set(types)

    def on_erased(self, forgetting: Forgetting) -> Forgetting:
        """Register what to do when facts come of somebody whose keys are gone: `person.erased` may be behind them.

        It is called with each such batch, so it must do nothing where all is forgotten.
        """
        self._forgetting = forgetting
        return forgetting

    async def forget(self, tx: Connection, people: Iterable[UUID]) -> None:
        if self._forgetting is not None:
            for person in sorted(people):
                await self._forgetting(tx, person)

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(sorted(self._by_topic))

    def to(self, topic: str) -> Reaction:
        return self._by_topic[topic]
