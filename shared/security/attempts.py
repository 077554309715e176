"""How often somebody may try to sign in: so many tries a minute for each account from each address.

Counted in this process alone, which is enough for a demo on a loopback address; the shared count comes with real
accounts. The address is part of the count, so a stranger's tries lock out nobody but the stranger.
"""

import time
from collections import deque
from collections.abc import Callable

from shared.runtime.errors import Refused

TRIES = 6  # a minute, for an account from an address
TRIES_OF_ALL = 30  # a minute, for an address over all accounts: going through the list is trying too
MINUTE = 60.0  # seconds
REMEMBERED = 10_000  # pairs; beyond it the oldest quiet ones are forgotten


class TooManyTries(Refused):
    status = 429
    title = "Too many tries"

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Wait {seconds} seconds, then try again. Nothing is locked.")
        self.headers = {"Retry-After": str(seconds)}


class Attempts:
    """Raises TooManyTries from the seventh try within a minute on; a try that succeeds clears the count."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._tries: dict[tuple[str, str], deque[float]] = {}

    def count(self, account: str, address: str) -> None:
        """Before looking at the PIN, so that tries sent at once are counted too."""
        now = self._now()
        for place, allowed in (((account, address), TRIES), (("", address), TRIES_OF_ALL)):
            tries = self._tries.setdefault(place, deque())
            while tries and tries[0] <= now - MINUTE:
                tries.popleft()
            if len(tries) >= allowed:
                raise TooManyTries(max(1, round(tries[0] + MINUTE - now)))
            tries.append(now)
        if len(self._tries) > REMEMBERED:
            self._forget_quiet(now)

    def succeeded(self, account: str, address: str) -> None:
        self._tries.pop((account, address), None)
        if of_all := self._tries.get(("", address)):
            of_all.pop()

    def _forget_quiet(self, now: float) -> None:
        self._tries = {place: tries for place, tries in self._tries.items() if tries and tries[-1] > now - MINUTE}
