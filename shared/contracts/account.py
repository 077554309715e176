"""Accounts of staff, by id and role, and the ends of sessions: what every service must know to refuse in time.

Tokens live for minutes by themselves, so only what cuts one short is told: who left, who does another work, which
session ended. Whose session it was is nobody's business but intake's. A worker's name lies sealed in them, since pages
of every service say who it was.
"""

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.events import Event
from shared.contracts.kinds import AgencyId, Known, WorkerId

StaffRole = Annotated[
    str,
    Known(
        "case_manager", "mentor", "supervisor", "agency_admin", "network_admin", "partner_engineer", "ops", "auditor"
    ),
    Field(description="What they do, by the name it has in the permission table."),
]
SealedName = Annotated[
    str | None,
    Field(
        max_length=4096,
        pattern=r"^[A-Za-z0-9+/]+={0,2}$",
        description="What pages call them: sealed under their own key for staff names, in base64; none: as before.",
    ),
]
TokensBefore = Annotated[datetime, Field(description="Tokens of theirs that were signed until then are refused.")]


class AccountEvent(Event):
    """Subject and partition key: the account, or the session."""

    topic: ClassVar[str] = "throughcare.account.v1"


class StaffEvent(AccountEvent):
    account: UUID = Field(description="The account, by id only.")


class Opened(StaffEvent):
    """Somebody was invited, and can sign in once they have chosen a password."""

    type: ClassVar[str] = "throughcare.account.opened.v1"

    agency: AgencyId | None = Field(None, description="Where they work; none: the network's office.")
    role: StaffRole
    sealed_name: SealedName = None


class Changed(StaffEvent):
    """They do another work from now on."""

    type: ClassVar[str] = "throughcare.account.changed.v1"

    agency: AgencyId | None = Field(None, description="Where they work; none: the network's office.")
    role: StaffRole
    sealed_name: SealedName = None
    tokens_before: TokensBefore


class Left(StaffEvent):
    """Their access has ended."""

    type: ClassVar[str] = "throughcare.account.left.v1"

    agency: AgencyId | None = Field(None, description="Where they worked; none: the network's office.")
    tokens_before: TokensBefore


class ProofsReplaced(StaffEvent):
    """What let them in until now lets nobody in any more: for intake itself, should it be set back to a day before."""

    type: ClassVar[str] = "throughcare.account.proofs_replaced.v1"

    which: Annotated[str, Known("own", "issuer")] = Field(
        description="own: password, phone and recovery codes. issuer: by what an OpenID issuer knows them."
    )


class Covered(StaffEvent):
    """A colleague of the same agency stands in for them, from when to when; it ends by itself."""

    type: ClassVar[str] = "throughcare.account.covered.v1"

    cover: UUID = Field(description="The cover.")
    by: WorkerId = Field(description="Who covers.")
    agency: AgencyId
    starts: datetime = Field(description="From when.")
    ends: datetime = Field(description="Until when.")


class CoverEnded(StaffEvent):
    """A cover was cut short."""

    type: ClassVar[str] = "throughcare.account.cover_ended.v1"

    cover: UUID = Field(description="The cover.")
    agency: AgencyId


class SessionEnded(AccountEvent):
    """A session ended before its time."""

    type: ClassVar[str] = "throughcare.account.session_ended.v1"

    session: UUID = Field(description="The session, by id only; whose it was is not told.")
    because: Annotated[str, Known("signed_out", "replaced", "password_changed", "access_ended", "by_a_worker")] = Field(
        description="Why."
    )
