"""Staff accounts: somebody is invited, chooses a password and a second factor, works here, and one day leaves.

Accounts are never deleted: who did what stays readable. Nobody changes or ends their own; a colleague does.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum, auto
from uuid import UUID

from shared.runtime.errors import Conflict, Invalid
from shared.security.permissions import Role
from shared.security.table import WALK

INVITATION = timedelta(hours=72)  # how long the link of an invitation opens
SIGN_IN = r"^[a-z0-9][a-z0-9._@+-]{2,60}$"
OF_AGENCIES = (Role.CASE_MANAGER, Role.MENTOR, Role.SUPERVISOR, Role.AGENCY_ADMIN, Role.PARTNER_ENGINEER)
OF_THE_OFFICE = (Role.NETWORK_ADMIN, Role.OPS, Role.AUDITOR)


class Stage(StrEnum):
    INVITED = auto()
    ACTIVE = auto()
    LEFT = auto()


@dataclass(frozen=True, slots=True)
class Account:
    """`agency` is None for the network's office."""

    id: UUID
    agency: UUID | None
    role: Role
    sign_in: str
    stage: Stage = Stage.INVITED


def walks(account: Account) -> bool:
    """Whether they work here and may walk with people."""
    return account.role in WALK and account.stage is not Stage.LEFT


def invite(id: UUID, agency: UUID | None, role: Role, sign_in: str) -> Account:
    """Raises Invalid for a role that is not of there."""
    _fits(agency, role)
    return Account(id, agency, role, sign_in)


def accept(account: Account) -> Account:
    if account.stage is not Stage.INVITED:
        raise Conflict("This invitation was used already.")
    return replace(account, stage=Stage.ACTIVE)


def arrive(account: Account) -> Account:
    """They came in by an issuer that knows them; whoever was only invited works here from now on."""
    _still_here(account)
    return replace(account, stage=Stage.ACTIVE)


def invite_again(account: Account) -> Account:
    """A new link for whoever lost theirs, or phone and codes: until it is used, nobody gets in by the old ones."""
    _still_here(account)
    return replace(account, stage=Stage.INVITED)


def change(account: Account, role: Role) -> Account:
    _still_here(account)
    _fits(account.agency, role)
    return replace(account, role=role)


def stay(account: Account) -> Account:
    """What is changed of them needs that they are still here."""
    _still_here(account)
    return account


def leave(account: Account) -> Account:
    _still_here(account)
    return replace(account, stage=Stage.LEFT)


def _still_here(account: Account) -> None:
    if account.stage is Stage.LEFT:
        raise Conflict("They have left. Invite them anew if they come back.")


def _fits(agency: UUID | None, role: Role) -> None:
    if role not in (OF_AGENCIES if agency else OF_THE_OFFICE):
        raise Invalid("role", "Choose one of the roles that are listed.")
