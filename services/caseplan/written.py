"""What people wrote with a referral, a setback, a promise or a plan: sealed before it is stored, opened for one page.

A seal is bound to what the words belong to, so that two rows of one person can't be swapped. The words of a plan's
goal or step are bound to that goal or step, wherever they stand: in a suggestion, in the plan, in the promise it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.caseplan.concepts import Concept
from services.caseplan.store import SQL, Db
from shared.runtime.errors import Permanent
from shared.security.sealing import Erased, Keys, open_sealed, seal

SUGGESTED = "suggested/"
OF_PLANS = ("goal/", "step/")
Words = dict[str, str]  # by field


@dataclass(frozen=True, slots=True)
class Sealed:
    """One field of one aggregate, as it is stored."""

    concept: Concept
    id: UUID
    person: UUID
    field: str
    content: bytes


def bound_to(concept: Concept, id: UUID, field: str) -> str:
    """What is authenticated with the words in `field` of an aggregate."""
    plain = field.removeprefix(SUGGESTED)
    return f"plan.{plain}" if plain.startswith(OF_PLANS) else f"{concept.kind}.{field}/{id}"


async def seal_all(keys: Keys, concept: Concept, person: UUID, id: UUID, texts: Words) -> dict[str, bytes]:
    """By field. Before the transaction begins: keys come from a connection of their own."""
    where = concept.compartment
    return {
        field: await seal(keys, person, where, bound_to(concept, id, field), text) for field, text in texts.items()
    }


async def fetch(db: Db, whose: Mapping[tuple[Concept, UUID], UUID]) -> list[Sealed]:
    """What is stored with these aggregates, in one statement; `whose` says which person each is about."""
    wanted = {(concept.kind, id): (concept, person) for (concept, id), person in whose.items()}
    rows = await db.fetch(SQL["get_words"], [kind for kind, _ in wanted], [id for _, id in wanted]) if wanted else ()
    found = []
    for row in rows:
        concept, person = wanted[row["kind"], row["id"]]
        found.append(Sealed(concept, row["id"], person, row["field"], row["sealed"]))
    return found


async def open_all(keys: Keys, sealed: Iterable[Sealed]) -> dict[tuple[str, UUID], Words]:
    """By kind and id, after the transaction: keys come from a connection of their own, once for each compartment.

    Nothing of the erased. What does not open is left out: a damaged row must not take a whole page away.
    """
    sealed = tuple(sealed)
    for compartment in {one.concept.compartment for one in sealed}:
        await keys.get_many({one.person for one in sealed if one.concept.compartment is compartment}, compartment)
    opened: dict[tuple[str, UUID], Words] = {}
    for one in sealed:
        bound = bound_to(one.concept, one.id, one.field)
        try:
            text = await open_sealed(keys, one.person, one.concept.compartment, bound, one.content)
        except (Erased, Permanent):
            continue
        opened.setdefault((one.concept.kind, one.id), {})[one.field] = text
    return opened
