"""Free ports of 127.0.0.1, below the range that the kernel hands to outgoing connections."""

import errno
import random
import socket
from collections.abc import Collection

from shared.local.trouble import Trouble

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 15_000, 32_000  # Linux takes the ports of outgoing connections from 32,768 on


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` now. Waiting ends of old connections don't count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def answers(port: int, patience: float = 0.5) -> bool:
    """Whether something accepts connections on `port`."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=patience):
            return True
    except OSError:
        return False


def near(wanted: int, taken: Collection[int] = ()) -> int:
    """`wanted`, or the first free port after it."""
    for port in range(wanted, wanted + 100):
        if port not in taken and is_free(port):
            return port
    return anywhere(taken)


def anywhere(taken: Collection[int] = ()) -> int:
    """A free port by chance: two runs that choose at the same moment rarely meet."""
    for _ in range(200):
        port = random.randrange(LOWEST, HIGHEST)  # noqa: S311 - nothing secret about a port
        if port not in taken and is_free(port):
            return port
    raise Trouble(f"No free port on {LOOPBACK} between {LOWEST} and {HIGHEST}: stop some servers, then try again.")
