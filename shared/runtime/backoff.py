"""Waiting before another try: longer each time, never the same for two processes."""

import asyncio
import random

FIRST, LONGEST = 0.05, 5.0  # seconds


async def pause(attempt: int) -> None:
    """Sleep before try `attempt` (from 1): doubling from 50 ms to 5 s, with full jitter below it."""
    most = min(LONGEST, FIRST * 2 ** min(attempt, 10))
    await asyncio.sleep(random.uniform(most / 2, most))  # noqa: S311  spread, not a secret
