"""Who is acting. Every check, audit row and event cause starts from an `Actor`, never from a request.

No name travels with it in a token: pages ask for the name by the id, so a stolen cookie or a log that should
not have kept one tells nobody who it was.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from shared.runtime.errors import Refused
from shared.security import permissions
from shared.security.permissions import Relation, Relations, Role

NOBODY = UUID(int=0)
PLAIN_NAMES = {Role.PERSON: "You", Role.OPS: "Operations", Role.ANYONE: "Visitor"}


class NotSignedIn(Refused):
    """No session, or one that can't be believed; which of the two is not told."""

    status = 401
    title = "Please sign in"
    headers: ClassVar = {"WWW-Authenticate": "Bearer"}


@dataclass(slots=True)
class Duty:
    """A relation that the handler of this request still has to look at before it may answer."""

    action: str | None = None
    covering: UUID | None = None  # for whom this actor stood to the row that was looked at last


@dataclass(frozen=True, slots=True)
class Actor:
    """`agency` is None for the person, the network's office and nobody; `person` is set for the person alone."""

    id: UUID
    role: Role
    agency: UUID | None = None
    person: UUID | None = None
    name_for_pages: str = field(default="", compare=False)
    agency_for_pages: str = field(default="", compare=False)
    covers: frozenset[UUID] = field(default=frozenset(), compare=False)  # colleagues for whom they stand in now
    duty: Duty = field(default_factory=Duty, compare=False, repr=False)
    harmless: bool = field(default=False, repr=False)  # came in by the second PIN: to them little of this is here

    @property
    def cause(self) -> str:
        """How events name who acted: `role:id`."""
        return f"{self.role}:{self.id}"

    def may(self, action: str, relation: Relation | Iterable[Relation]) -> bool:
        """See `permissions.may`. Asking counts as looking: the caller is trusted with the answer."""
        self._looked(action)
        return permissions.may(self, action, relation)

    def require(self, action: str, relation: Relation | Iterable[Relation], which: object = "here") -> None:
        """See `permissions.require`."""
        self._looked(action)
        permissions.require(self, action, relation, which)

    def relations(
        self,
        *,
        person: UUID | None = None,
        workers: Collection[UUID | None] = (),
        agency: UUID | None = None,
        receiving: UUID | None = None,
    ) -> Relations:
        """What ties this actor to a row about `person` that names `workers`, belongs to `agency`, asked `receiving`.

        A column that is NULL ties nobody. Who covers for a named worker stands to the row as that worker does.
        """
        if workers:
            covered = None if self.id in workers else next((one for one in workers if one in self.covers), None)
            self.duty.covering = covered
        ties = {
            Relation.SELF: self.person is not None and self.person == person,
            Relation.NAMED_WORKER: self.role is not Role.PERSON and any(map(self.stands_for, workers)),
            Relation.SAME_AGENCY: self.agency is not None and self.agency == agency,
            Relation.RECEIVING_AGENCY: self.agency is not None and self.agency == receiving,
        }
        return frozenset(relation for relation, holds in ties.items() if holds)

    def stands_for(self, worker: UUID | None) -> bool:
        """Whether they are that worker, or cover for them now."""
        return worker is not None and worker != NOBODY and (worker == self.id or worker in self.covers)

    def why(self, purpose: str) -> str:
        """For the audit: the purpose, or for whom they covered as they looked."""
        return f"covering/{self.duty.covering}" if self.duty.covering else purpose

    def excuse(self) -> None:
        """No row needs looking at any more: the answer is one that this actor was given before."""
        self.duty.action = None

    def _looked(self, action: str) -> None:
        if self.duty.action == action:
            self.duty.action = None


ANYONE = Actor(NOBODY, Role.ANYONE, name_for_pages=PLAIN_NAMES[Role.ANYONE])


OPERATOR = Actor(NOBODY, Role.OPS)  # whoever may read this machine's secrets and runs a command
