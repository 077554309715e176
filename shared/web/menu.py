"""The staff bar of all four services: one menu, whichever of them draws the page.

Each role sees the places that its work is in; what it may not open is not listed.
"""

from shared.security.cast import NETWORK
from shared.security.identity import Actor
from shared.security.permissions import Role
from shared.security.signin import OWN
from shared.web.parts import Bar

SIGN_OUT = "/intake/sign-out"
PEOPLE = "/intake/people"
FIND = "/intake/people/find"

TODAY = ("Today", "/caseplan/today")
WALKING = ("People", PEOPLE)
DIRECTORY = ("Directory", "/intake/directory")
PARTNERS = ("Partners", "/notifications/partners")
COLLEAGUES = ("Colleagues", "/intake/accounts")
DESK = ("Privacy", "/intake/desk")
MIRROR = ("Mirror", "/reporting/mirror")

MENU: dict[Role, tuple[tuple[str, str], ...]] = {
    Role.CASE_MANAGER: (TODAY, WALKING, DIRECTORY, MIRROR),
    Role.MENTOR: (TODAY, WALKING, DIRECTORY, MIRROR),
    Role.SUPERVISOR: (TODAY, WALKING, DIRECTORY, DESK, MIRROR),
    Role.AGENCY_ADMIN: (TODAY, DIRECTORY, PARTNERS, COLLEAGUES, DESK, MIRROR),
    Role.PARTNER_ENGINEER: (PARTNERS, DIRECTORY, MIRROR),
    Role.NETWORK_ADMIN: (MIRROR, DIRECTORY, PARTNERS, COLLEAGUES),
    Role.OPS: (PARTNERS, DIRECTORY, MIRROR),
    Role.AUDITOR: (MIRROR, DIRECTORY, PARTNERS),
}


def bar(actor: Actor, current: str = "") -> Bar:
    """The bar for `actor` on the page under the menu entry `current`. For a person and visitors it is bare."""
    links = MENU.get(actor.role, ())
    if not links:
        return Bar(current)
    finds = FIND if WALKING in links else ""
    agency = actor.agency_for_pages or ("" if actor.agency else NETWORK.name)
    return Bar(current, actor.name_for_pages, agency, links, find=finds, own=OWN, sign_out=SIGN_OUT)
