"""How often something was done of late: windows that move, in the memory of one process.

A count is forgotten when its window is over, and costs the same however many others there are: whoever tries a hundred
thousand names makes nobody else's try slower.
"""

import math
import time
from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    amount: int
    seconds: int


class Counts:
    def __init__(self) -> None:
        # When, the oldest first, by limit and by what is counted: what was counted longest ago is its limit's first.
        self._hits: dict[Limit, dict[tuple[str, ...], deque[float]]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._hits.values()))

    def hit(self, limit: Limit, *names: str) -> bool:
        """Count it. False: it is one too many, and is not counted."""
        if self.of_late(limit, *names) >= limit.amount:
            return False
        counted, now = self._hits.setdefault(limit, {}), time.monotonic()
        times = counted.pop(names, deque())
        times.append(now)
        counted[names] = times
        while counted[oldest := next(iter(counted))][-1] <= now - limit.seconds:
            del counted[oldest]
        return True

    def of_late(self, limit: Limit, *names: str) -> int:
        counted, since = self._hits.get(limit, {}), time.monotonic() - limit.seconds
        times = counted.get(names)
        if times is None:
            return 0
        while times and times[0] <= since:
            times.popleft()
        if not times:
            del counted[names]
        return len(times)

    def wait(self, limit: Limit, *names: str) -> int:
        """Whole seconds until the first that counts still does no more; at least one."""
        times = self._hits.get(limit, {}).get(names)
        return max(1, math.ceil(times[0] + limit.seconds - time.monotonic())) if times else 1

    def clear(self, limit: Limit, *names: str) -> None:
        self._hits.get(limit, {}).pop(names, None)
