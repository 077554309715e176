"""A rotation in a process of its own, like `keys rotate`: wraps every key anew, back and forth, until told to stop.

Reads where and with which two secrets from its first line of input. After that each line is a turn: `go`, then `stop`,
answered by how many rows it wrapped in how many seconds.
"""

import asyncio
import itertools
import json
import sys
import time
from contextlib import suppress

import asyncpg

from shared.security.keystore.rotation import wrap_anew
from shared.security.masters import Masters


class Enough(Exception):
    """Told to stop."""


class Turn:
    def __init__(self) -> None:
        self.rows, self.over = 0, False

    async def run(self, owner: asyncpg.Connection, secrets: itertools.cycle) -> None:
        while True:
            before = self.rows
            first, second = next(secrets)

            def progress(rows: int, before: int = before) -> None:
                self.rows = before + rows
                if self.over:
                    raise Enough

            await wrap_anew(owner, Masters.of(f"{first}\n{second}"), progress=progress)


async def main() -> None:
    asked = json.loads(await asyncio.to_thread(sys.stdin.readline))
    owner = await asyncpg.connect(asked["url"])
    one, other = asked["secrets"]
    secrets = itertools.cycle([(other, one), (one, other)])
    while await asyncio.to_thread(sys.stdin.readline):
        turn, began = Turn(), time.perf_counter()
        running = asyncio.create_task(turn.run(owner, secrets))
        await asyncio.to_thread(sys.stdin.readline)
        turn.over, seconds = True, time.perf_counter() - began
        print(json.dumps({"rows": turn.rows, "seconds": seconds}), flush=True)
        with suppress(Enough):
            await running
    await owner.close()


if __name__ == "__main__":
    asyncio.run(main())
