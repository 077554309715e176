"""A refusal takes as long as any other, so that none tells by its time what was looked at."""

import asyncio
import time

SAME_TIME = 0.75  # seconds; more than any of them needs


async def takes_as_long(began: float) -> None:
    """To be awaited before the answer; `began`: as time.monotonic() said it."""
    await asyncio.sleep(began + SAME_TIME - time.monotonic())
