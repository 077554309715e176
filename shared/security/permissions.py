"""Who may do what, and to whom: the questions that code asks of the one permission table (`table.py`).

The checks, the pages' buttons and docs/permissions.md come from the same entries. An action that is not in the table
can't be asked for: a misspelt one fails when the module that names it is imported.

Whether a refusal may admit that the row exists is decided by `behind`: who may not even read there is told that
nothing is there. So a stranger who guesses an id learns as little from "sign this plan" as from "show it".
"""

from collections.abc import Iterable
from typing import Protocol

from shared.runtime.errors import NotAllowed, NotFound
from shared.security.table import (
    ACROSS_AGENCIES,
    ANY,
    BY_SERVICE,
    HARMLESS,
    PUBLIC_PATHS,
    TABLE,
    Entry,
    Relation,
    Relations,
    Role,
)

__all__ = [
    "ANY",
    "BY_SERVICE",
    "HARMLESS",
    "PUBLIC_PATHS",
    "TABLE",
    "Acting",
    "Entry",
    "Relation",
    "Relations",
    "Role",
    "across_agencies",
    "may",
    "may_at_all",
    "refusal",
    "relation_free",
    "require",
    "require_role",
]


class Acting(Protocol):
    """Anything with a role; in practice an `Actor`."""

    @property
    def role(self) -> Role: ...


def may(actor: Acting, action: str, relation: Relation | Iterable[Relation]) -> bool:
    """Whether `actor`, who stands in `relation` to the row (one, several, or none), may do `action` to it.

    Raises KeyError for an action that is not in the table.
    """
    needed = TABLE[action].needs.get(actor.role, frozenset())
    return bool(needed & ANY) or bool(needed & _set(relation))


def may_at_all(role: Role, action: str) -> bool:
    """Whether `role` may do `action` to some row: all that can be known before the row is loaded."""
    return role in TABLE[action].needs


def relation_free(role: Role, action: str) -> bool:
    """Whether `role` may do `action` to every row, so that no row needs to be looked at."""
    return bool(TABLE[action].needs.get(role, frozenset()) & ANY)


def across_agencies(role: Role, action: str) -> bool:
    """Whether doing `action` takes `role` to the rows of every agency."""
    return action in ACROSS_AGENCIES and relation_free(role, action)


def require(actor: Acting, action: str, relation: Relation | Iterable[Relation], which: object = "here") -> None:
    """Passes, or raises NotAllowed; or NotFound, where the actor may not know either that `which` exists."""
    if may(actor, action, relation):
        return
    entry = TABLE[action]
    if entry.behind is not None and not may(actor, entry.behind, relation):
        raise NotFound(entry.noun, which)
    raise NotAllowed(refusal(entry))


def require_role(actor: Acting, action: str) -> None:
    """The part that is known before a row is loaded: whether this role does such a thing at all.

    A person on a page for staff, and staff on somebody's own page, are told that there is no such page.
    """
    if may_at_all(actor.role, action):
        return
    entry = TABLE[action]
    if entry.behind is not None or actor.role is Role.PERSON:
        raise NotFound("page", "here")
    raise NotAllowed(refusal(entry))


def refusal(entry: Entry) -> str:
    deed = entry.says.partition(";")[0]
    return f"“{deed}” is for others to do. Ask your supervisor if you think that it should be yours."


def _set(relation: Relation | Iterable[Relation]) -> Relations:
    return frozenset({relation}) if isinstance(relation, Relation) else frozenset(relation)
