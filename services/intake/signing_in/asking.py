"""How often somebody may ask for help without being signed in: whoever asks is taken in, so asking needs an end.

Counted for the place that it comes from, as tries to sign in are, in each process by itself. A crowd at one kiosk is
below it; a program that fills an agency's list with people who are none is not.
"""

from starlette.requests import Request

from services.intake.signing_in.tries import address_of
from shared.runtime.errors import Refused
from shared.security.counting import Counts, Limit

ASKS = Limit(30, 3600)


class TooManyAsk(Refused):
    status = 429
    title = "Many have asked from here"

    def __init__(self, seconds: int) -> None:
        self.minutes = -(-seconds // 60)
        super().__init__(f"Many have asked from this place just now. Wait {self.minutes} minutes, then send it again.")
        self.headers = {"Retry-After": str(seconds)}


class Asks:
    """One per process."""

    def __init__(self) -> None:
        self._counts = Counts()

    def count(self, request: Request) -> None:
        """Raises TooManyAsk, before anything is made of what they wrote."""
        place = address_of(request)
        if not self._counts.hit(ASKS, place):
            raise TooManyAsk(self._counts.wait(ASKS, place))


def asks_of(request: Request) -> Asks:
    found: Asks | None = getattr(request.app.state, "asks", None)
    if found is None:
        found = request.app.state.asks = Asks()
    return found
