"""Blind indexes: what is sealed is found again by an HMAC of it.

The key is made from one in the key store, so whoever has the database alone can't try names against it; it belongs to
an agency, or to the network, and so outlives any one person: what it made of somebody has to be deleted with them.
"""

import hmac
from hashlib import sha256
from uuid import UUID

from shared.contracts.compartments import Compartment
from shared.security.keys import Keys

NETWORK = UUID(
    "00000000-0000-8000-8000-000000000001"
)  # whose key stands for the whole network, where no agency is known yet
LENGTH = 16  # bytes: two of a million names meet once in 10**26 networks


async def blind_key(keys: Keys, owner: UUID, use: str) -> bytes:
    """The key of an agency for one use; another use has another."""
    key = await keys.create(owner, Compartment.IDENTITY)
    return hmac.digest(key, f"throughcare.blind.{use}".encode(), sha256)


def blind(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), sha256)[:LENGTH]
