"""How often somebody may try to sign in. Nothing is ever locked: whoever tries too often waits, and nobody else does.

The count is for an account from one place, and for a place over all accounts. A place is the address a request came
from; or a browser in which this account has signed in before, which is a place of its own: so no stranger's tries,
from the same office or from everywhere, keep the owner out. Counted in each process by itself: with two processes a
stranger has twelve tries a minute instead of six, of a password and six figures.

A person has six figures alone, so a link takes a hundred tries a day from strangers' places, wherever they are, and as
many from each browser that is known. Who is kept out asks their worker for a new link, and the one that is tried ends.
"""

from starlette.requests import Request

from services.intake.sessions import hash_of
from shared.runtime.errors import Refused
from shared.security.counting import Counts, Limit

TRIES = Limit(6, 60)  # for an account from a place
TRIES_OF_ALL = Limit(30, 60)  # for a place over all accounts: going through the list is trying too
COUNTED = Limit(10_000, 60)  # what is counted, to be compared; more from one place is refused as well
TRIES_OF_LINK = Limit(100, 24 * 3600)  # at that rate six figures last for years
DEVICE = "device "  # how the place of a known browser begins


class TooManyTries(Refused):
    status = 429
    title = "Too many tries"

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"Wait {seconds} seconds, then try again. Nothing is locked.")
        self.headers = {"Retry-After": str(seconds)}


class Tries:
    """One per process. Raises TooManyTries from the seventh try within a minute on."""

    def __init__(self) -> None:
        self._counts = Counts()

    def count(self, account: str, place: str) -> None:
        """Before anything is looked at, so that tries sent at once are counted too."""
        wrong = self._counts.of_late(COUNTED, "all", place) - self._counts.of_late(COUNTED, "right", place)
        if wrong >= TRIES_OF_ALL.amount:
            raise TooManyTries(self._counts.wait(COUNTED, "all", place))
        self._hit(COUNTED, "all", place)
        self._hit(TRIES, account, place)

    def count_link(self, link: str, place: str) -> None:
        """The same of somebody's link."""
        self.count(link, place)
        self._hit(TRIES_OF_LINK, link, place if place.startswith(DEVICE) else "strangers")

    def _hit(self, limit: Limit, *names: str) -> None:
        if not self._counts.hit(limit, *names):
            raise TooManyTries(self._counts.wait(limit, *names))

    def succeeded(self, account: str, place: str) -> None:
        """A try that was right was none. It makes good for itself alone over all accounts: else whoever can sign in as
        themselves again and again goes through everybody's in between."""
        self._counts.clear(TRIES, account, place)
        self._counts.hit(COUNTED, "right", place)


def place_of(device: str) -> str:
    """A browser that is known, by the cookie that it holds."""
    return f"{DEVICE}{hash_of(device).hex()}"


def address_of(request: Request) -> str:
    """Of whoever asks. The front is the only one that reaches us, and adds the address it was asked from."""
    hops = request.headers.get("x-forwarded-for", "").split(",")
    return hops[-1].strip() or (request.client.host if request.client else "")
