"""The error tree that every service hangs its own errors on.

    ThroughcareError
    ├── Retryable   something outside is not answering; the same attempt may work later
    ├── Permanent   this input can never be accepted as it is; trying again changes nothing
    └── Refused     an expected no to somebody who asked, with what to do instead
        ├── NotFound      no such thing, or none that the asker may see: the two look alike
        ├── NotAllowed    known, but not theirs to do
        ├── Conflict      not from where things stand now; `offered` says what is
        └── Invalid       the request itself needs mending; `field` says where

Whether a consumer parks a record or tries again is decided by these types alone.
"""


class ThroughcareError(Exception):
    """Base of all. Messages carry ids, never names or contacts: they reach logs."""


class Retryable(ThroughcareError):
    """Try the same thing again later."""


class Permanent(ThroughcareError):
    """Park it: trying again changes nothing."""


class Refused(ThroughcareError):
    """An expected no, answered with problem details and never logged as an alarm."""

    status = 400
    title = "This can't be done"


class NotFound(Refused):
    """Its message is for the log. Whoever asked reads the same words for everything that is not there."""

    status = 404
    title = "There is nothing here that you can see"

    def __init__(self, what: str, which: object) -> None:
        super().__init__(f"There is no {what} {which} that you can see.")


class NotAllowed(Refused):
    status = 403
    title = "This is not yours to do"


class Conflict(Refused):
    """Not possible from where things stand; `offered` names what is."""

    status = 409
    title = "Not from here"

    def __init__(self, message: str, offered: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.offered = offered


class Invalid(Refused):
    """The request needs mending at `field`; `es` says it where the form is the person's own and in Spanish."""

    status = 422
    title = "One thing to mend"

    def __init__(self, field: str, message: str, es: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.es = es or message
