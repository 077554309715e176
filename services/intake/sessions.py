"""Sessions: who is signed in on which browser, and until when. The browser holds a secret; we hold its hash.

A token is a session's word for five minutes. So a step is noticed when a token runs out, and a person's phone signs
itself out ten to fifteen minutes after their last one.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal
from uuid import UUID

from shared.runtime.errors import Conflict
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.tokens import actor_of

QUIET = timedelta(minutes=15)  # of a person, on what may be a borrowed phone: HIPAA's automatic logoff
LONGEST = timedelta(hours=12)  # one long shift, and no session of a person goes on past it
KEPT = timedelta(days=30)  # how long it is known when somebody was signed in
LONGEST_SECRET = 64  # characters

Ending = Literal["signed_out", "replaced", "password_changed", "access_ended", "by_a_worker"]


class AccessChanged(Conflict):
    def __init__(self) -> None:
        super().__init__("Your access has changed meanwhile. Sign in again.")


@dataclass(frozen=True, slots=True)
class Session:
    """`left` and `quiet_for` are in seconds, by the clock of the database: until it ends, and since the last step."""

    id: UUID
    account: UUID
    role: Role
    agency: UUID | None
    left: float
    quiet_for: float = 0.0
    harmless: bool = False  # opened by the second PIN

    @property
    def actor(self) -> Actor:
        person = self.account if self.role is Role.PERSON else None
        return actor_of(self.account, self.role, self.agency, person, harmless=self.harmless)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def hash_of(secret: str) -> bytes:
    """256 random bits need no slow hash; nobody guesses them, and a stolen table opens no session."""
    return hashlib.sha256(secret[:LONGEST_SECRET].encode()).digest()


def quiet_of(role: Role) -> timedelta | None:
    return QUIET if role is Role.PERSON else None
