"""A door with TLS before Postgres: the binaries that we bring were built without it.

It asks for TLS as Postgres does (`SSLRequest`, answered with S), refuses whoever speaks in clear, and passes the rest
on.
"""

import asyncio
import ssl
from contextlib import suppress
from typing import Self

from shared.local.ports import LOOPBACK
from tests.integration.local.certificates import Certificates

SSL_REQUEST = bytes.fromhex("0000000804d2162f")


class TlsDoor:
    """Open while entered; `clear` counts those who tried without TLS, `opened` the others."""

    def __init__(self, behind: int, files: Certificates) -> None:
        self._behind = behind
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(files.server, files.key)
        self.clear = self.opened = self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._enter, LOOPBACK)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            if await reader.readexactly(8) != SSL_REQUEST:
                self.clear += 1
                writer.close()
                return
            writer.write(b"S")
            await writer.start_tls(self._context)
            self.opened += 1
            inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, self._behind)
            await asyncio.gather(_pass_on(reader, inner_writer), _pass_on(inner_reader, writer))


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
