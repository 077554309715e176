"""What was refused to somebody who is signed in: a row of the audit, and after sixty in a minute a pause.

Nobody can tell from outside, and row-level security tells nobody inside, whether an id is another agency's or nobody's:
both are written down as they were asked for. No answer without its row: where it can't be written, there is no answer.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from uuid import UUID

from asyncpg import Pool

from shared.runtime.database import outages, transaction
from shared.runtime.errors import Refused
from shared.runtime.reach import Reach, acting
from shared.security import audit
from shared.security.counting import Counts, Limit
from shared.security.identity import NOBODY, Actor

KINDS = {"people": "person", "plans": "person", "agencies": "agency"}  # a plan is asked for by whose it is
A_MINUTE = Limit(60, 60)  # of one actor, in one process: more is going through a list of ids


class TooManyRefusals(Refused):
    status = 429
    title = "Please wait"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"You asked for too much that is not yours to see. Wait {seconds} seconds, then go on.")
        self.headers = {"Retry-After": str(seconds)}


class Refusals:
    """One per app: who was refused how often of late."""

    def __init__(self) -> None:
        self._counts = Counts()

    def check(self, actor: Actor) -> None:
        """Raises TooManyRefusals, before anything is looked at."""
        who = str(actor.id)
        if actor.id != NOBODY and self._counts.of_late(A_MINUTE, who) >= A_MINUTE.amount:
            raise TooManyRefusals(self._counts.wait(A_MINUTE, who))

    async def write_down(self, pool: Pool, actor: Actor, action: str, path: str, asked: Mapping[str, object]) -> None:
        """`path` and what it names, as the route has it. In a transaction of its own: the refused one rolls back."""
        if actor.id == NOBODY:
            return
        self._counts.hit(A_MINUTE, str(actor.id))
        ids = dict(_ids(path, asked))
        what = next((f"{kind}/{id}" for kind, id in reversed(ids.items())), "page")
        with outages(), acting(Reach(actor.agency, actor.person, actor.id)):
            async with transaction(pool) as tx:
                await audit.record(tx, actor, action, ids.get("person"), what, "refused", allowed=False)


def _ids(path: str, asked: Mapping[str, object]) -> Iterator[tuple[str, UUID]]:
    """Each id in the path and whose it would be, by the word before it: /caseplan/people/{id} names a person."""
    for before, part in pairwise(path.split("/")):
        value = asked.get(part[1:-1]) if part.startswith("{") else None
        try:
            id = UUID(str(value))
        except ValueError:
            continue
        yield KINDS.get(before, before.removesuffix("s")), id
