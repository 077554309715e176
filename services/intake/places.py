"""Where intake's answers lead: the pages around somebody that this service and others serve."""

from uuid import UUID

from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.signin import LANDING

ACCOUNTS = "/intake/accounts"
OPENINGS = "/intake/openings"
DESK = "/intake/desk"
DEMANDS = "/intake/demands"
DUPLICATES = "/intake/duplicates"
ASKING = "/intake/start"
ASKED = "welcome"  # the cookie, sent there alone, of whoever has asked for help just now
RELEASE_LISTS = "/intake/release-lists"
INVITED = "/intake/invited"
YES = "/intake/yes"  # where somebody answers an invitation, by link and PIN
MINE = LANDING[Role.PERSON]  # the person's own page


def page_of(person: UUID, actor: Actor) -> str:
    """Where somebody's page is: one's own, or the one that staff see of them."""
    return MINE if actor.person else f"/caseplan/people/{person}"


def way_in_page(person: UUID) -> str:
    return f"/intake/people/{person}/way-in"


def erasure_page(person: UUID) -> str:
    return f"/intake/people/{person}/erasure"


def told_page(person: UUID) -> str:
    return f"/intake/people/{person}/told"


def shared_page(person: UUID) -> str:
    return f"/intake/people/{person}/shared"


def opening_page(opening: UUID) -> str:
    return f"{OPENINGS}/{opening}"


def demand_page(demand: UUID) -> str:
    return f"{DEMANDS}/{demand}"


def stop_page(person: UUID) -> str:
    return f"/intake/people/{person}/stop"


def copy_page(consent: UUID) -> str:
    return f"/intake/consents/{consent}/copy"


def records_page(person: UUID) -> str:
    return f"/intake/people/{person}/records"


def pair_page(one: UUID, other: UUID) -> str:
    first, second = sorted((one, other))
    return f"{DUPLICATES}/{first}/{second}"


def incident_page(incident: UUID) -> str:
    return f"/intake/incidents/{incident}"


def never_page(person: UUID) -> str:
    return f"/intake/people/{person}/never"


def first_days_page(person: UUID) -> str:
    return f"/intake/people/{person}/first-days"


def portrait_page(person: UUID) -> str:
    return f"/intake/people/{person}/portrait"


def reach_page(person: UUID) -> str:
    return f"/intake/people/{person}/ways"
