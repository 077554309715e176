"""The cast of the demo network: agencies and people with fixed ids, so that four services agree without asking.

Everybody here is invented.
"""

from dataclasses import dataclass
from uuid import UUID

from shared.security.identity import Actor
from shared.security.permissions import Role


def _id(kind: str, number: int) -> UUID:
    return UUID(f"01934b00-0000-7000-8{kind}00-{number:012x}")


@dataclass(frozen=True, slots=True)
class Agency:
    id: UUID
    name: str
    does: str  # in plain words
    slug: str


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in. `person` equals `id` for the person: whoever we walk beside is their own account."""

    id: UUID
    name: str
    role: Role
    agency: UUID | None
    says: str

    @property
    def person(self) -> UUID | None:
        return self.id if self.role is Role.PERSON else None

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.role, self.agency, self.person, self.name)


NETWORK = Agency(_id("0", 1), "Alder Reentry Network", "the network's office", "alder")

WELCOME_ALDER, CEDAR_HOUSE, LANTERN_CLINIC, HARBOR_STREET, SECOND_SHIFT, RIVERBEND_LEGAL, OPEN_TABLE = (
    _id("a", number) for number in range(1, 8)
)
AGENCIES = (
    Agency(WELCOME_ALDER, "Welcome Alder", "case management and mentoring", "welcome-alder"),
    Agency(CEDAR_HOUSE, "Cedar House", "rooms", "cedar-house"),
    Agency(LANTERN_CLINIC, "Lantern Clinic", "health", "lantern-clinic"),
    Agency(HARBOR_STREET, "Harbor Street Rooms", "rooms", "harbor-street"),
    Agency(SECOND_SHIFT, "Second Shift", "work and training", "second-shift"),
    Agency(RIVERBEND_LEGAL, "Riverbend Legal", "legal help", "riverbend-legal"),
    Agency(OPEN_TABLE, "Open Table", "food", "open-table"),
)

DANA, LENA, TONY, YUSUF, GRACE, IMANI, NADIA, MARCUS, ROSA, ELENA, RUTH, OPS, AUDITOR = (
    _id("b", number) for number in range(1, 14)
)
STAFF = (
    Account(DANA, "Dana Whitfield", Role.CASE_MANAGER, WELCOME_ALDER, "walks with Ray, Jo, Tasha and Sam"),
    Account(LENA, "Lena Park", Role.SUPERVISOR, WELCOME_ALDER, "answers for the team, coordinates the network"),
    Account(TONY, "Tony Baptiste", Role.MENTOR, WELCOME_ALDER, "mentor; came home in 2015"),
    Account(YUSUF, "Yusuf Karim", Role.AGENCY_ADMIN, CEDAR_HOUSE, "answers for the rooms"),
    Account(GRACE, "Grace Lindqvist", Role.CASE_MANAGER, LANTERN_CLINIC, "nurse"),
    Account(IMANI, "Imani Osei", Role.PARTNER_ENGINEER, LANTERN_CLINIC, "runs the clinic's own system"),
    Account(NADIA, "Nadia Brandt", Role.AGENCY_ADMIN, HARBOR_STREET, "answers for the rooms"),
    Account(MARCUS, "Marcus Ferro", Role.AGENCY_ADMIN, SECOND_SHIFT, "answers for the workshop"),
    Account(ROSA, "Rosa Delgado", Role.AGENCY_ADMIN, RIVERBEND_LEGAL, "lawyer"),
    Account(ELENA, "Elena Moss", Role.AGENCY_ADMIN, OPEN_TABLE, "answers for the kitchen"),
    Account(RUTH, "Ruth Adeyemi", Role.NETWORK_ADMIN, None, "the network's office: agencies, partners"),
    Account(OPS, "Pat Lindgren", Role.OPS, None, "keeps it running"),
    Account(AUDITOR, "Vera Holt", Role.AUDITOR, None, "reads who did what"),
)

RAY, JO, TASHA, SAM = (_id("c", number) for number in range(1, 5))
PEOPLE = (
    Account(RAY, "Ray Castellanos", Role.PERSON, None, "home since Friday"),
    Account(JO, "Jo Marsh", Role.PERSON, None, "something got hard this week"),
    Account(TASHA, "Tasha Bell", Role.PERSON, None, "waits for a room"),
    Account(SAM, "Sam Ortiz", Role.PERSON, None, "starts work on Monday"),
)
_BY_ID = {account.id: account for account in (*STAFF, *PEOPLE)}
NAMES = {account.id: account.name for account in _BY_ID.values()}


def accounts() -> tuple[Account, ...]:
    return STAFF + PEOPLE


def by_id(id: UUID) -> Account | None:
    return _BY_ID.get(id)


def agency_name(id: UUID | None) -> str:
    return next((agency.name for agency in AGENCIES if agency.id == id), NETWORK.name)
