"""Where intake's answers lead: the pages around somebody that this service and others serve."""

from uuid import UUID

from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.signin import LANDING

ACCOUNTS = "/intake/accounts"
OPENINGS = "/intake/openings"
DESK = "/intake/desk"
DEMANDS = "/intake/demands"
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


def never_page(person: UUID) -> str:
    return f"/intake/people/{person}/never"


def portrait_page(person: UUID) -> str:
    return f"/intake/people/{person}/portrait"


def reach_page(person: UUID) -> str:
    return f"/intake/people/{person}/ways"
