"""An HTTP client that costs next to nothing: one kept connection, requests made beforehand, answers read and counted.

A real client library spends as much on a request as the app that answers it.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from shared.runtime.ids import uuid7


def request(path: str, token: str, body: Mapping[str, str]) -> bytes:
    """A POST with a key of its own, ready to be sent."""
    content = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        f"Idempotency-Key: {uuid7().hex}",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


@dataclass(slots=True)
class Line:
    """One connection, one request at a time."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        return cls(*await asyncio.open_connection(host, port))

    async def ask(self, sent: bytes) -> bytes:
        """The body of the answer; RuntimeError for anything but 200."""
        self.writer.write(sent)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        body = await self.reader.readexactly(int(length.partition(b":")[2]))
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head.partition(b' ')[2][:40]!r} {body[:300]!r}")
        return body

    def close(self) -> None:
        self.writer.close()
