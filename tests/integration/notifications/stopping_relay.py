"""A relay that stops itself at a failpoint, once, with something that discloses in its hands. Run by the tests.

`python -m tests.integration.notifications.stopping_relay partner.numbered`
"""

import asyncio
import os
import signal
import sys

from services.notifications.settings import Voice
from services.notifications.streams import relay, rows, writer
from services.notifications.streams.relay import PartnerRelay
from shared.runtime.settings import Settings


def stop_at(failpoint: str) -> None:
    """The real code, with SIGSTOP instead of SIGKILL where the failpoint stands."""
    armed = [True]
    holds = [False]
    pick_up = rows.pick_up

    async def noticed(*arguments):  # type: ignore[no-untyped-def]
        picked = await pick_up(*arguments)
        holds[0] = any(row.consent for row in picked)
        return picked

    def reach(name: str) -> None:
        if name == failpoint and armed and holds[0]:
            armed.clear()
            os.kill(os.getpid(), signal.SIGSTOP)

    rows.pick_up = noticed
    relay.reach = writer.reach = reach


if __name__ == "__main__":
    stop_at(sys.argv[1])
    asyncio.run(PartnerRelay(Settings(), Voice(heartbeat_seconds=3600)).run())
