"""Who acts in the workflows, and how their word reached us."""

from shared.contracts.codes import Coded


class Party(Coded):
    """Who may act, and who may hold something that waits."""

    PERSON = "person", "The person", "Whoever the network walks beside; nobody else speaks for them."
    WORKER = "worker", "The worker", "The staff member named for the person."
    SUPERVISOR = "supervisor", "The supervisor", "Whoever leads the worker's team."
    AGENCY = "agency", "The agency", "Staff of the agency that was asked, or its system."
    LEAD = "lead", "The agency's lead", "Whoever answers for the asked agency when its staff are silent."
    NETWORK = "network", "The network", "This system, acting on a fact that it has seen itself."
    CLOCK = "clock", "The clock", "Silence that lasted as long as it was allowed to."


class Way(Coded):
    """How a word reached us."""

    PAGE = "page", "On a page", "Said on a page by somebody signed in."
    STREAM = "stream", "Through their system", "Written by the agency's own system to its inbound topic."
    EMAIL = "email", "By answer link", "Answered with a one-time link and its code."
    SMS = "sms", "By text", "Texted from a number, which proves nobody."
    PHONE = "phone", "By phone", "Said on the phone and written down by a worker."
    IN_PERSON = "in_person", "In person", "Said face to face and written down by a worker."
    NONE = "none", "Nobody spoke", "The network or the clock moved it; no one had to say anything."

    @property
    def needs_a_recorder(self) -> bool:
        return self in (Way.PHONE, Way.IN_PERSON)
