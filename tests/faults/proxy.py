"""A TCP proxy that can stop the bytes of some connections for a while, and never closes one.

A process of its own, so that neither the load nor the judge waits for it. Arguments are `listen:target` ports; commands
come on standard input, one a line: `stall LISTEN SECONDS SHARE`.
"""

import asyncio
import random
import sys
from dataclasses import dataclass, field
from typing import cast

import uvloop

LOOPBACK = "127.0.0.1"
AWAY = 0.3  # seconds; clients that are let in and thrown out come back at once, and burn what the server needs to start


@dataclass
class Line:
    """One listening port and the connections through it."""

    target: int
    halves: set["Half"] = field(default_factory=set)
    share: float = 0.0  # of the connections, also new ones, that are stalled now


class Half(asyncio.Protocol):
    """One side of a connection: what comes here goes to its peer."""

    def __init__(self, line: Line, peer: "Half | None" = None) -> None:
        self.line = line
        self.peer = peer
        self.transport: asyncio.Transport | None = None
        self.waiting: list[bytes] = []  # came before the other side was there

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.line.halves.add(self)
        if self.peer is None:
            asyncio.get_running_loop().create_task(self._reach())
        else:
            self.peer.peer = self
            for data in self.peer.waiting:
                self.transport.write(data)

    async def _reach(self) -> None:
        try:
            loop = asyncio.get_running_loop()
            await loop.create_connection(lambda: Half(self.line, self), LOOPBACK, self.line.target)
        except OSError:
            await asyncio.sleep(AWAY)
            self.close()
            return
        if random.random() < self.line.share:
            self.hold()

    def data_received(self, data: bytes) -> None:
        if self.peer is None or self.peer.transport is None:
            self.waiting.append(data)
        else:
            self.peer.transport.write(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.line.halves.discard(self)
        if self.peer is not None:
            self.peer.close()

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def hold(self) -> None:
        """Bytes stay where they are: in the buffers of the kernel."""
        for half in (self, self.peer):
            if half is not None and half.transport is not None and not half.transport.is_closing():
                half.transport.pause_reading()

    def let_go(self) -> None:
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()


async def stall(line: Line, seconds: float, share: float) -> None:
    line.share = share
    for half in list(line.halves):
        if random.random() < share / 2:  # each connection has two halves, and one of them holds both
            half.hold()
    await asyncio.sleep(seconds)
    line.share = 0.0
    for half in list(line.halves):
        half.let_go()


async def main(pairs: list[str]) -> None:
    loop = asyncio.get_running_loop()
    lines: dict[int, Line] = {}
    for pair in pairs:
        listen, target = map(int, pair.split(":"))
        line = lines[listen] = Line(target)
        await loop.create_server(lambda line=line: Half(line), LOOPBACK, listen)  # type: ignore[misc]
    print("ready", flush=True)
    stalls: set[asyncio.Task[None]] = set()
    while command := await loop.run_in_executor(None, sys.stdin.readline):  # nobody there any more: the end
        _, listen, seconds, share = command.split()
        task = loop.create_task(stall(lines[int(listen)], float(seconds), float(share)))
        stalls.add(task)
        task.add_done_callback(stalls.discard)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1:]))
