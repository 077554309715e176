"""Wakes who polls as soon as there may be something, within one process.

Only a hint, so that nothing depends on it: who misses it looks by themselves a few milliseconds later, and what is
written by another process is found that way.
"""

import asyncio


class Bell:
    """Rung by who has committed something; waited for by who would otherwise sleep."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._rung = 0

    @property
    def rung(self) -> int:
        """How often so far. Take it before looking, and give it to `wait`: a ring in between is not missed."""
        return self._rung

    def ring(self) -> None:
        self._rung += 1
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)

    async def wait(self, seconds: float, *, since: int) -> None:
        """Returns when it is rung, or was `since`, or after `seconds`."""
        if self._rung != since:
            return
        waiting = asyncio.get_running_loop().create_future()
        self._waiting.add(waiting)
        try:
            await asyncio.wait({waiting}, timeout=seconds)
        finally:
            self._waiting.discard(waiting)
