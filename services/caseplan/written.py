"""What people wrote with a referral, a setback, a promise or a plan: sealed before it is stored, opened for one page.

A seal is bound to what the words belong to, so that two rows of one person can't be swapped. The words of a plan's
goal or step are bound to that goal or step, wherever they stand: in a suggestion, in the plan, in the promise it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from services.caseplan.concepts import CONCEPTS
from services.caseplan.store import SQL, Db
from shared.runtime.errors import Permanent
from shared.security.sealing import Compartment, Erased, Keys, open_sealed, seal

SUGGESTED = "suggested/"
OF_PLANS = ("goal/", "step/")
CONTACT = "contact"  # no aggregate: it happened once and moves no further
COMPARTMENTS = {kind: concept.compartment for kind, concept in CONCEPTS.items()} | {CONTACT: Compartment.PLAN}
Words = dict[str, str]  # by field


@dataclass(frozen=True, slots=True)
class Sealed:
    """One field of one aggregate, or of a contact, as it is stored."""

    kind: str
    id: UUID
    person: UUID
    field: str
    content: bytes


def bound_to(kind: str, id: UUID, field: str) -> str:
    """What is authenticated with the words in `field` of an aggregate."""
    plain = field.removeprefix(SUGGESTED)
    return f"plan.{plain}" if plain.startswith(OF_PLANS) else f"{kind}.{field}/{id}"


async def seal_all(keys: Keys, kind: str, person: UUID, id: UUID, texts: Words) -> dict[str, bytes]:
    """By field. Before the transaction begins: keys come from a connection of their own."""
    where = COMPARTMENTS[kind]
    return {field: await seal(keys, person, where, bound_to(kind, id, field), text) for field, text in texts.items()}


async def fetch(db: Db, whose: Mapping[tuple[str, UUID], UUID]) -> list[Sealed]:
    """What is stored with these, by kind and id, in one statement; `whose` says which person each is about."""
    kinds, ids = [kind for kind, _ in whose], [id for _, id in whose]
    rows = await db.fetch(SQL["get_words"], kinds, ids) if whose else ()
    return [
        Sealed(row["kind"], row["id"], whose[row["kind"], row["id"]], row["field"], row["sealed"]) for row in rows
    ]  # fmt: skip


async def open_all(keys: Keys, sealed: Iterable[Sealed]) -> dict[tuple[str, UUID], Words]:
    """By kind and id, after the transaction: keys come from a connection of their own, once for each compartment.

    Nothing of the erased. What does not open is left out: a damaged row must not take a whole page away.
    """
    sealed = tuple(sealed)
    for compartment in {COMPARTMENTS[one.kind] for one in sealed}:
        await keys.get_many({one.person for one in sealed if COMPARTMENTS[one.kind] is compartment}, compartment)
    opened: dict[tuple[str, UUID], Words] = {}
    for one in sealed:
        bound = bound_to(one.kind, one.id, one.field)
        try:
            text = await open_sealed(keys, one.person, COMPARTMENTS[one.kind], bound, one.content)
        except (Erased, Permanent):
            continue
        opened.setdefault((one.kind, one.id), {})[one.field] = text
    return opened
